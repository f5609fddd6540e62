// MEAN over height and width of int8 and uint8 images, bit for bit as in
// reduction/reduce_quantized.cc: the sum, exact in 32 bits, is requantised with
// the factor divided by the number of elements in 64 bits, rounded down.
//
//   in 0   x     [batch, height, width, channels]
//   in 1   axes  {1, 2} in any order, constant
//   out 0  y     [batch, channels] or [batch, 1, 1, channels]
//
// Reads keep_dims.

#include <algorithm>
#include <bit>

#include "runtime/core/kernel.h"
#include "runtime/kernels/cpu/int8_pool.h"
#include "runtime/kernels/nn/requantize.h"
#include "runtime/kernels/reduction/axes.h"

namespace sotto::runtime {

extern const Kernel kMeanQuantizedReference;

namespace {

std::size_t Count(const Tensor& x) {
  return static_cast<std::size_t>(x.shape[1]) *
         static_cast<std::size_t>(x.shape[2]);
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = kMeanQuantizedReference.Prepare(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &axes = *op.inputs[1];
  Axes folded;
  if ((x.type != ElementType::kInt8 && x.type != ElementType::kUint8) ||
      x.shape.rank != 4 || !axes.is_constant ||
      !ReadAxes(axes, x.shape, &folded) || folded.folded[0] ||
      !folded.folded[1] || !folded.folded[2] || folded.folded[3]) {
    return context.Fail(StatusCode::kUnimplemented,
                        "not over height and width of 8-bit images");
  }
  if (Count(x) == 0 || Count(x) >= kMaxInt8Window) {
    return context.Fail(StatusCode::kUnimplemented, "too few or many elements");
  }
  context.RequestScratch(sizeof(std::int32_t) *
                         static_cast<std::size_t>(x.shape[3]));
  return StatusCode::kOk;
}

FixedPoint DividedBy(FixedPoint factor, std::size_t count) {
  const std::int32_t magnitude =
      static_cast<std::int32_t>(std::bit_width(count)) - 1;
  // Neither the multiplier nor the final right shift may leave its range.
  const std::int32_t shift = std::min({magnitude, 32, 31 + factor.shift});
  return {static_cast<std::int32_t>((std::int64_t{factor.multiplier} << shift) /
                                    static_cast<std::int64_t>(count)),
          factor.shift - shift};
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const std::size_t count = Count(x);
  const auto channels = static_cast<std::size_t>(x.shape[3]);
  const FixedPoint factor = DividedBy(
      ToFixedPoint(double{ScaleOf(x, 0)} / double{ScaleOf(y, 0)}), count);
  const std::int32_t excess = x.type == ElementType::kInt8 ? 128 : 0;
  // At most 255 * 2^23.
  const auto offset = static_cast<std::int32_t>(
      (x.quantization.zero_point + excess) * static_cast<std::int64_t>(count));
  const QuantizedRange range = RangeOf(x.type);
  auto* const sums = static_cast<std::int32_t*>(op.scratch);
  const auto* image = x.as<const std::uint8_t>();
  auto* out = y.as<std::uint8_t>();
  for (std::int32_t n = 0; n < x.shape[0]; ++n) {
    SumInt8Window({.first = image,
                   .rows = 1,
                   .columns = count,
                   .row_step = 0,
                   .channels = channels},
                  static_cast<std::uint8_t>(excess), sums);
    for (std::size_t c = 0; c < channels; ++c) {
      *out++ =
          static_cast<std::uint8_t>(Offset(Requantize(sums[c] - offset, factor),
                                           y.quantization.zero_point, range));
    }
    image += count * channels;
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kMeanInt8 = {Prepare, Eval};

}  // namespace sotto::runtime
