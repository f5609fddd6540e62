#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

bool IsQuantizedType(ElementType type) {
  return type == ElementType::kInt8 || type == ElementType::kUint8 ||
         type == ElementType::kInt16;
}

}  // namespace

bool SameMeaning(const Tensor& x, const Tensor& y) {
  const TensorQuantization &a = x.quantization, &b = y.quantization;
  if (!IsQuantizedType(x.type) || a.count == 0 || b.count == 0) return true;
  if (a.count != b.count || a.zero_point != b.zero_point ||
      a.scale == nullptr || b.scale == nullptr) {
    return false;
  }
  for (std::int32_t i = 0; i < a.count; ++i) {
    if (a.scale[i] != b.scale[i]) return false;
  }
  return true;
}

Finding CheckMoved(const Tensor& x, const Tensor& y) {
  if (x.type != y.type) return Invalid("types of x and y differ");
  if (ElementBytes(x.type) == 0) {
    return Unsupported("elements that are not whole bytes");
  }
  if (!SameMeaning(x, y)) return Unsupported("y is quantised unlike x");
  return {};
}

}  // namespace sotto::runtime
