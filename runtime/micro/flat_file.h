// A reader of FlatBuffer bytes, in place and total: every access is checked
// against the length that was given. What is out of bounds reads as absent and
// marks the file bad, which the caller asks once at the end of a step.
//
//   table   position -> i32 distance back to its vtable
//   vtable  u16 own bytes, u16 table bytes, u16 offset of each field (0:
//   absent) vector  u32 count, elements; strings, vectors and tables in a table
//   are
//           u32 distances forward
//
// Files are below 2^31 bytes, so that a position plus a checked distance cannot
// wrap. Little-endian machines only.

#ifndef SOTTO_RUNTIME_MICRO_FLAT_FILE_H_
#define SOTTO_RUNTIME_MICRO_FLAT_FILE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sotto::runtime {

static_assert(std::endian::native == std::endian::little);

// `count` elements at `data`, all inside the file; count 0: absent or empty.
struct FlatVector {
  const std::uint8_t* data = nullptr;
  std::uint32_t count = 0;

  // Elements need not be aligned; `i` is below count.
  template <typename T>
  T At(std::uint32_t i) const {
    T value;
    std::memcpy(&value, data + std::size_t{i} * sizeof(T), sizeof(T));
    return value;
  }
};

class FlatFile {
 public:
  explicit FlatFile(std::span<const std::uint8_t> bytes)
      : data_(bytes.data()),
        size_(bytes.size() < (std::size_t{1} << 31)
                  ? static_cast<std::uint32_t>(bytes.size())
                  : 0) {}

  bool bad() const { return bad_; }
  std::uint32_t size() const { return size_; }
  // `bytes` bytes at `at`; null, and bad, outside the file.
  const std::uint8_t* Bytes(std::uint32_t at, std::uint32_t bytes) const {
    if (at <= size_ && bytes <= size_ - at) return data_ + at;
    bad_ = true;
    return nullptr;
  }
  template <typename T>
  T Load(std::uint32_t at) const {
    T value = {};
    if (const std::uint8_t* from = Bytes(at, sizeof(T))) {
      std::memcpy(&value, from, sizeof(T));
    }
    return value;
  }
  // Where the distance at `at` leads; 0, and bad, outside the file.
  std::uint32_t Follow(std::uint32_t at) const {
    const auto distance = Load<std::uint32_t>(at);
    if (!bad_ && distance < size_ - at) return at + distance;
    bad_ = true;
    return 0;
  }
  std::uint32_t PositionOf(const std::uint8_t* p) const {
    return static_cast<std::uint32_t>(p - data_);
  }

 private:
  const std::uint8_t* data_;
  std::uint32_t size_;
  mutable bool bad_ = false;
};

// A table, or none: then every field has its default.
class FlatTable {
 public:
  FlatTable() = default;
  FlatTable(const FlatFile& file, std::uint32_t at);

  bool present() const { return file_ != nullptr; }
  bool Has(std::uint32_t field) const { return Position(field) != 0; }
  template <typename T>
  T Get(std::uint32_t field, T otherwise = T()) const {
    const std::uint32_t at = Position(field);
    return at == 0 ? otherwise : file_->Load<T>(at);
  }
  FlatTable Table(std::uint32_t field) const;
  FlatVector Vector(std::uint32_t field, std::uint32_t element_bytes) const;
  // Element `i` of a vector of tables of the same file.
  FlatTable Element(const FlatVector& tables, std::uint32_t i) const;

 private:
  // In the file; 0: the field is absent.
  std::uint32_t Position(std::uint32_t field) const;

  const FlatFile* file_ = nullptr;
  std::uint32_t at_ = 0, vtable_ = 0, vtable_bytes_ = 0;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_MICRO_FLAT_FILE_H_
