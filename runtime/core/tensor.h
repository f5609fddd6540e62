// What a kernel sees of a tensor: type, shape, memory. Owns nothing.

#ifndef SOTTO_RUNTIME_CORE_TENSOR_H_
#define SOTTO_RUNTIME_CORE_TENSOR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace sotto::runtime {

// Numbers are those of the .tflite format.
enum class ElementType : std::uint8_t {
  kFloat32 = 0,
  kFloat16 = 1,
  kInt32 = 2,
  kUint8 = 3,
  kInt64 = 4,
  kString = 5,  // no kernel reads it
  kBool = 6,
  kInt16 = 7,
  kComplex64 = 8,
  kInt8 = 9,
  kFloat64 = 10,
  kUint64 = 12,
  kResource = 13,  // an int32: the number of a resource variable
  kUint32 = 15,
  kUint16 = 16,
  kInt4 = 17,  // constants only; the loader widens them to int8
};

// 0 for types without elements of whole bytes (strings, int4).
inline constexpr std::size_t ElementBytes(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
    case ElementType::kInt32:
    case ElementType::kUint32:
    case ElementType::kResource:
      return 4;
    case ElementType::kInt64:
    case ElementType::kUint64:
    case ElementType::kFloat64:
    case ElementType::kComplex64:
      return 8;
    case ElementType::kFloat16:
    case ElementType::kInt16:
    case ElementType::kUint16:
      return 2;
    case ElementType::kUint8:
    case ElementType::kBool:
    case ElementType::kInt8:
      return 1;
    case ElementType::kString:
    case ElementType::kInt4:
      return 0;
  }
  return 0;
}

// Up to six dimensions, outermost first, none negative. A dimension of 0 is an
// empty tensor.
struct Shape {
  static constexpr std::size_t kMaxRank = 6;

  std::size_t rank = 0;
  std::array<std::int32_t, kMaxRank> dims = {};

  std::int32_t operator[](std::size_t i) const { return dims[i]; }
  // Loader and interpreter bound it below 2^31.
  std::size_t Elements() const { return ElementsFrom(0); }
  // Product of the dimensions from `first` on; 1 for first == rank.
  std::size_t ElementsFrom(std::size_t first) const {
    std::size_t count = 1;
    for (std::size_t i = first; i < rank; ++i) {
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

// real = scale[c] * (stored - zero_point). count 0: not quantised; 1: the whole
// tensor; otherwise one scale per slice of `dimension`, where the format asks
// for a zero point of 0. Borrowed from the model.
struct TensorQuantization {
  const float* scale = nullptr;
  std::int32_t count = 0;
  std::int32_t zero_point = 0;
  std::int32_t dimension = 0;
};

struct Tensor {
  ElementType type = ElementType::kFloat32;
  Shape shape;
  void* data = nullptr;  // null until the plan is made; constants never null
  bool is_constant = false;  // its value can be read in Prepare
  bool is_variable = false;  // keeps its value from one Invoke to the next
  // Set by Prepare on an output whose shape only Eval knows; Eval then calls
  // EvalContext::Resize before it writes.
  bool is_dynamic = false;
  TensorQuantization quantization = {};

  template <typename T>
  T* as() const {
    return static_cast<T*>(data);
  }
  float* floats() const { return static_cast<float*>(data); }
  const std::int32_t* int32s() const {
    return static_cast<const std::int32_t*>(data);
  }
  std::size_t bytes() const { return shape.Elements() * ElementBytes(type); }
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_CORE_TENSOR_H_
