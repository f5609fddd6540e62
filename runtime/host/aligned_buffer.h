// 64-aligned bytes that grow and never shrink, so that a size that was reached
// once costs no allocation again. Large ones are pages of their own, which the
// system makes huge where it can and gives all at once where it cannot: one by
// one, MobileNet v2 int8's first inference had 900 faults more, a millisecond.

#ifndef SOTTO_RUNTIME_HOST_ALIGNED_BUFFER_H_
#define SOTTO_RUNTIME_HOST_ALIGNED_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sotto::runtime {

struct AlignedFree {
  std::size_t mapped = 0;  // bytes; 0: from the heap
  void operator()(std::uint8_t* bytes) const;
};

class AlignedBuffer {
 public:
  static constexpr std::size_t kAlignment = 64;

  // Uninitialised; what was there is lost when the buffer grows. Vectors may be
  // loaded up to 64 bytes past the end.
  std::uint8_t* Reserve(std::size_t bytes);
  // New memory of zeros; large ones are not written to.
  std::uint8_t* ReserveZeros(std::size_t bytes);
  std::uint8_t* data() const { return bytes_.get(); }
  std::size_t capacity() const { return capacity_; }

 private:
  void Allocate(std::size_t bytes);

  std::unique_ptr<std::uint8_t, AlignedFree> bytes_;
  std::size_t capacity_ = 0;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_ALIGNED_BUFFER_H_
