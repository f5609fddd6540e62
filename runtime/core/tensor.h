// What a kernel sees of a tensor: type, shape, memory. Owns nothing.

#ifndef SOTTO_RUNTIME_CORE_TENSOR_H_
#define SOTTO_RUNTIME_CORE_TENSOR_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace sotto::runtime {

// Numbers are those of the .tflite format.
enum class ElementType : std::uint8_t {
  kFloat32 = 0,
  kFloat16 = 1,
  kInt32 = 2,
  kUint8 = 3,
  kInt64 = 4,
  kBool = 6,
  kInt16 = 7,
  kInt8 = 9,
};

inline constexpr std::size_t ElementBytes(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
    case ElementType::kInt32:
      return 4;
    case ElementType::kInt64:
      return 8;
    case ElementType::kFloat16:
    case ElementType::kInt16:
      return 2;
    case ElementType::kUint8:
    case ElementType::kBool:
    case ElementType::kInt8:
      return 1;
  }
  return 0;
}

// Up to six dimensions, each at least 1; outermost first.
struct Shape {
  static constexpr std::size_t kMaxRank = 6;

  std::size_t rank = 0;
  std::array<std::int32_t, kMaxRank> dims = {};

  std::int32_t operator[](std::size_t i) const { return dims[i]; }
  // The loader bounds it below 2^31.
  std::size_t Elements() const {
    std::size_t count = 1;
    for (std::size_t i = 0; i < rank; ++i) {
      count *= static_cast<std::size_t>(dims[i]);
    }
    return count;
  }
  bool operator==(const Shape& other) const {
    if (rank != other.rank) return false;
    for (std::size_t i = 0; i < rank; ++i) {
      if (dims[i] != other.dims[i]) return false;
    }
    return true;
  }
};

struct Tensor {
  ElementType type = ElementType::kFloat32;
  Shape shape;
  void* data = nullptr;  // null until the plan is made; constants never null
  bool is_constant = false;

  float* floats() const { return static_cast<float*>(data); }
  const std::int32_t* int32s() const {
    return static_cast<const std::int32_t*>(data);
  }
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_CORE_TENSOR_H_
