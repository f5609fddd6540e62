// SOFTMAX over the last dimension: y[i] = e(x[i]) / sum over j of e(x[j]),
// e(v) = exp(beta * scale * (v - max x)).
//
//   x      y                                        file
//   f32    f32                                      softmax_f32.cc
//   int8   int8,  scale 1/256,   zero point -128    softmax_8_bit.cc
//   int8   int16, scale 1/65536, zero point -32768  softmax_8_bit.cc
//   uint8  uint8, scale 1/256,   zero point 0       softmax_8_bit.cc
//   int16  int16, scale 1/32768, zero point 0       softmax_s16.cc
//
// Reads beta, which must be positive.

#ifndef SOTTO_RUNTIME_KERNELS_NN_SOFTMAX_H_
#define SOTTO_RUNTIME_KERNELS_NN_SOFTMAX_H_

#include <cmath>
#include <cstdint>
#include <limits>

#include "runtime/kernels/nn/row_operator.h"

namespace sotto::runtime {

// Besides PrepareRows: a usable beta, and the scale and zero point of y above.
inline StatusCode PrepareSoftmax(PrepareContext& context, Op& op,
                                 ElementType x_type, ElementType y_type) {
  const StatusCode code = PrepareRows(context, op, x_type, y_type);
  if (code != StatusCode::kOk) return code;
  const float beta = op.options.beta;
  if (!(beta > 0.0f && beta <= std::numeric_limits<float>::max())) {
    return context.Fail(StatusCode::kInvalidArgument, "beta is not positive");
  }
  if (y_type == ElementType::kFloat32) return StatusCode::kOk;
  const TensorQuantization& q = op.outputs[0]->quantization;
  const bool s16 = x_type == ElementType::kInt16;
  const QuantizedRange range = RangeOf(y_type);
  const float scale =
      s16 ? 0x1p-15f : (y_type == ElementType::kInt16 ? 0x1p-16f : 0x1p-8f);
  if (std::abs(q.scale[0] - scale) > 1e-3f * scale ||
      q.zero_point != (s16 ? 0 : range.low)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "y's scale or zero point is not softmax's");
  }
  return StatusCode::kOk;
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_SOFTMAX_H_
