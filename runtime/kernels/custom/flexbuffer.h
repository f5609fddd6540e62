// Reads the numbers of a FlexBuffer map, which is how files store the options
// of custom operators. Total: any bytes are legal, what does not parse is not
// found.
//
// The format, from its end: the root's width in bytes, the root's type, the
// root. A type byte is type * 4 + log2(width of what it refers to). An offset
// counts backwards from its own place. A map is, from `at` on, its values, then
// a type byte for each; before `at` come, each of the values' width, the offset
// of the vector of keys, the width of its elements, and the number of values. A
// vector has its size before it; keys end with a zero byte.

#ifndef SOTTO_RUNTIME_KERNELS_CUSTOM_FLEXBUFFER_H_
#define SOTTO_RUNTIME_KERNELS_CUSTOM_FLEXBUFFER_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sotto::runtime {

class FlexMap {
 public:
  // Finds nothing where `bytes` is no map.
  explicit FlexMap(std::span<const std::uint8_t> bytes) : bytes_(bytes) {
    if (bytes.size() < 3) return;
    const std::size_t width = bytes[bytes.size() - 1];
    const std::uint8_t type = bytes[bytes.size() - 2];
    if (!IsWidth(width) || bytes.size() < width + 2 || type >> 2 != kMap) {
      return;
    }
    const std::size_t root = bytes.size() - 2 - width;
    width_ = std::size_t{1} << (type & 3);
    if (!Follow(root, width, &values_) || values_ < 3 * width_) return;
    const std::size_t header = values_ - 3 * width_;
    std::uint64_t keys_width = 0, size = 0;
    if (!Follow(header, width_, &keys_) ||
        !Read(header + width_, width_, &keys_width) ||
        !Read(header + 2 * width_, width_, &size) || !IsWidth(keys_width)) {
      return;
    }
    keys_width_ = static_cast<std::size_t>(keys_width);
    // Each value takes its width and a byte; each key its width.
    if (size > bytes.size() / (width_ + 1) ||
        values_ + size * (width_ + 1) > bytes.size() ||
        keys_ + size * keys_width_ > bytes.size()) {
      return;
    }
    size_ = static_cast<std::size_t>(size);
  }

  // False, and `*value` as it was, where there is no number of this name or it
  // does not fit. Booleans are 0 and 1; fractions are cut off.
  bool Get(const char* key, std::int32_t* value) const {
    double number = 0.0;
    if (!Find(key, &number) || !(number > -0x1p31 - 1) || !(number < 0x1p31)) {
      return false;
    }
    *value = static_cast<std::int32_t>(number);
    return true;
  }
  bool Get(const char* key, float* value) const {
    double number = 0.0;
    if (!Find(key, &number) || !(std::abs(number) < 0x1p127)) return false;
    *value = static_cast<float>(number);
    return true;
  }
  bool Get(const char* key, bool* value) const {
    double number = 0.0;
    if (!Find(key, &number)) return false;
    *value = number != 0.0;
    return true;
  }
  std::size_t size() const { return size_; }

 private:
  enum Type : std::uint8_t {
    kInt = 1,
    kUint = 2,
    kFloat = 3,
    kIndirectInt = 6,
    kIndirectUint = 7,
    kIndirectFloat = 8,
    kMap = 9,
    kBool = 26,
  };

  static bool IsWidth(std::uint64_t width) {
    return width == 1 || width == 2 || width == 4 || width == 8;
  }
  // A little-endian number of `width` bytes.
  bool Read(std::size_t at, std::size_t width, std::uint64_t* value) const {
    if (at > bytes_.size() || bytes_.size() - at < width) return false;
    *value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      *value |= std::uint64_t{bytes_[at + i]} << (8 * i);
    }
    return true;
  }
  bool Follow(std::size_t at, std::size_t width, std::size_t* target) const {
    std::uint64_t offset = 0;
    if (!Read(at, width, &offset) || offset > at) return false;
    *target = at - static_cast<std::size_t>(offset);
    return true;
  }
  bool KeyIs(std::size_t i, const char* key) const {
    std::size_t at = 0;
    if (!Follow(keys_ + i * keys_width_, keys_width_, &at)) return false;
    const std::size_t length = std::strlen(key) + 1;
    return bytes_.size() - at >= length &&
           std::memcmp(bytes_.data() + at, key, length) == 0;
  }
  bool Number(std::size_t at, std::size_t width, std::uint8_t type,
              double* number) const {
    std::uint64_t bits = 0;
    if (!Read(at, width, &bits)) return false;
    if (type == kFloat) {
      if (width == 8) {
        std::memcpy(number, &bits, 8);
        return true;
      }
      const auto low = static_cast<std::uint32_t>(bits);
      float single = 0.0f;
      std::memcpy(&single, &low, 4);
      *number = single;
      return width == 4;
    }
    if (type == kInt) {
      const auto unused = static_cast<unsigned>(64 - 8 * width);
      *number = static_cast<double>(static_cast<std::int64_t>(bits << unused) >>
                                    unused);
    } else {
      *number = static_cast<double>(bits);
    }
    return true;
  }
  bool Find(const char* key, double* number) const {
    for (std::size_t i = 0; i < size_; ++i) {
      if (!KeyIs(i, key)) continue;
      const std::uint8_t packed = bytes_[values_ + size_ * width_ + i];
      const auto type = static_cast<std::uint8_t>(packed >> 2);
      const std::size_t at = values_ + i * width_;
      if (type == kInt || type == kUint || type == kFloat || type == kBool) {
        return Number(at, width_, type, number);
      }
      if (type < kIndirectInt || type > kIndirectFloat) return false;
      std::size_t target = 0;
      return Follow(at, width_, &target) &&
             Number(target, std::size_t{1} << (packed & 3),
                    static_cast<std::uint8_t>(type - kIndirectInt + kInt),
                    number);
    }
    return false;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t width_ = 1, values_ = 0, keys_ = 0, keys_width_ = 1, size_ = 0;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CUSTOM_FLEXBUFFER_H_
