// 64-aligned bytes that grow and never shrink, so that a size that was reached
// once costs no allocation again.

#ifndef SOTTO_RUNTIME_HOST_ALIGNED_BUFFER_H_
#define SOTTO_RUNTIME_HOST_ALIGNED_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace sotto::runtime {

class AlignedBuffer {
 public:
  static constexpr std::size_t kAlignment = 64;

  // Uninitialised; what was there is lost when the buffer grows.
  std::uint8_t* Reserve(std::size_t bytes) {
    if (bytes > capacity_ || bytes_ == nullptr) {
      bytes_.reset();
      // Kernels may load whole vectors at the end of a tensor.
      const std::size_t want = bytes + kAlignment;
      bytes_.reset(static_cast<std::uint8_t*>(
          ::operator new (want, std::align_val_t{kAlignment})));
      capacity_ = bytes;
    }
    return bytes_.get();
  }
  std::uint8_t* data() const { return bytes_.get(); }
  std::size_t capacity() const { return capacity_; }

 private:
  struct Delete {
    void operator()(std::uint8_t* p) const {
      ::operator delete (p, std::align_val_t{kAlignment});
    }
  };
  std::unique_ptr<std::uint8_t, Delete> bytes_;
  std::size_t capacity_ = 0;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_ALIGNED_BUFFER_H_
