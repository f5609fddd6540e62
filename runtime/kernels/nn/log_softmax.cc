// LOG_SOFTMAX over the last dimension, in double precision for every type:
//
//   y[i] = scale * (x[i] - max x) - log(sum over j of exp(scale * (x[j] -
//   max)))
//
//   in 0   x  [..., depth]  f32, int8 or uint8 (one scale)
//   out 0  y  [..., depth]  of the same type, any scale of its own
//
// In place: each element is read before it is written, the sum before all.

#include <algorithm>
#include <cmath>

#include "runtime/kernels/nn/row_operator.h"

namespace sotto::runtime {
namespace {

template <ElementType kType>
StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareRows(context, op, kType, kType);
  if (code == StatusCode::kOk) context.AllowInPlace(0, 0);
  return code;
}

// store(value) makes an element of y.
template <typename T, typename Store>
void Rows(const Op& op, double scale, const Store& store) {
  ForEachRow<T, T>(op, [&](const T* x, T* y, std::size_t size) {
    const double largest = *std::max_element(x, x + size);
    double sum = 0.0;
    for (std::size_t i = 0; i < size; ++i) {
      sum += std::exp(scale * (x[i] - largest));
    }
    const double log_sum = std::log(sum);
    for (std::size_t i = 0; i < size; ++i) {
      y[i] = store(static_cast<float>(scale * (x[i] - largest) - log_sum));
    }
  });
}

StatusCode EvalF32(EvalContext&, const Op& op) {
  Rows<float>(op, 1.0, [](float value) { return value; });
  return StatusCode::kOk;
}

template <typename T>
StatusCode EvalInteger(EvalContext&, const Op& op) {
  const Tensor& y = *op.outputs[0];
  const QuantizedRange range = RangeOf(y.type);
  const TensorQuantization& q = y.quantization;
  Rows<T>(op, op.inputs[0]->quantization.scale[0], [&](float value) {
    return static_cast<T>(Quantize(value, q.scale[0], q.zero_point, range));
  });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kLogSoftmaxF32Reference = {Prepare<ElementType::kFloat32>,
                                               EvalF32};
extern const Kernel kLogSoftmaxS8Reference = {Prepare<ElementType::kInt8>,
                                              EvalInteger<std::int8_t>};
extern const Kernel kLogSoftmaxU8Reference = {Prepare<ElementType::kUint8>,
                                              EvalInteger<std::uint8_t>};

}  // namespace sotto::runtime
