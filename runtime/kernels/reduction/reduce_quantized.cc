// MEAN, SUM and REDUCE_PROD over quantised integers.
//
//   in 0   x     int8, uint8, int16 (zero point 0); one scale
//   in 1   axes  int32 [n]; a constant, or known when the op runs
//   out 0  y     type of x, a quantisation of its own
//
//   SUM   y = y_zero + requantize(sum(x - x_zero), x_scale / y_scale)
//   MEAN  the same with the multiplier divided by the number of elements, in
//         64 bits and rounded down, as the format's own kernels do
//   PROD  (int8, int16) every step rescaled by x_scale / y_scale^(1/n), n the
//         number of elements: p = requantize(p * (x - x_zero)), and once more
//         at the end, so that the product is in y's scale
//
// Overflow: sums are of 64 bits (fewer than 2^31 elements of 17 bits) and
// saturate to 32; the steps of a product are those of Requantize(int64), which
// saturates. Of no elements y is 0 as stored. Reads keep_dims.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "runtime/kernels/nn/requantize.h"
#include "runtime/kernels/reduction/axes.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareReduction(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  if (x.type != ElementType::kInt8 && x.type != ElementType::kUint8 &&
      x.type != ElementType::kInt16) {
    return context.Fail(StatusCode::kUnimplemented, "type of x");
  }
  if (!IsQuantizedPerTensor(x) || !IsQuantizedPerTensor(y)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x or y is not quantised as a whole");
  }
  if (x.type == ElementType::kInt16 &&
      (x.quantization.zero_point != 0 || y.quantization.zero_point != 0)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "int16 with a zero point");
  }
  return StatusCode::kOk;
}

StatusCode PrepareProduct(PrepareContext& context, Op& op) {
  const StatusCode code = Prepare(context, op);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->type == ElementType::kUint8) {
    return context.Fail(StatusCode::kUnimplemented, "uint8 products");
  }
  return StatusCode::kOk;
}

FixedPoint DivideBy(FixedPoint factor, std::size_t count) {
  const std::int32_t magnitude =
      static_cast<std::int32_t>(std::bit_width(count)) - 1;
  // Neither the multiplier nor the final right shift may leave its range.
  const std::int32_t shift = std::min({magnitude, 32, 31 + factor.shift});
  return {static_cast<std::int32_t>((std::int64_t{factor.multiplier} << shift) /
                                    static_cast<std::int64_t>(count)),
          factor.shift - shift};
}

template <typename T>
void RunSum(const Op& op, const Axes& axes, bool mean) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const std::size_t count = FoldCount(x.shape, axes);
  if (count == 0) {
    std::fill_n(y.as<T>(), y.shape.Elements(), T{0});
    return;
  }
  FixedPoint factor = ToFixedPoint(double{x.quantization.scale[0]} /
                                   double{y.quantization.scale[0]});
  if (mean) factor = DivideBy(factor, count);
  const QuantizedRange range = RangeOf(x.type);
  const std::int64_t offset = std::int64_t{x.quantization.zero_point} *
                              static_cast<std::int64_t>(count);
  const std::int32_t y_zero = y.quantization.zero_point;
  Reduce(
      x.shape, axes, x.as<const T>(), y.as<T>(), std::int64_t{0},
      [](std::int64_t a, T b) { return a + b; },
      [&](std::int64_t a) {
        return static_cast<T>(Offset(
            Requantize(SaturateToInt32(a - offset), factor), y_zero, range));
      });
}

template <typename T>
void RunProduct(const Op& op, const Axes& axes) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const std::size_t count = FoldCount(x.shape, axes);
  if (count == 0) {
    std::fill_n(y.as<T>(), y.shape.Elements(), T{0});
    return;
  }
  const FixedPoint factor =
      ToFixedPoint(double{x.quantization.scale[0]} /
                   std::pow(double{y.quantization.scale[0]},
                            1.0 / static_cast<double>(count)));
  const QuantizedRange range = RangeOf(x.type);
  const std::int32_t x_zero = x.quantization.zero_point;
  const std::int32_t y_zero = y.quantization.zero_point;
  struct Running {
    std::int32_t value;
    bool begun;
  };
  Reduce(
      x.shape, axes, x.as<const T>(), y.as<T>(), Running{0, false},
      [&](Running a, T b) {
        const std::int32_t value = b - x_zero;
        if (!a.begun) return Running{value, true};
        return Running{Requantize(std::int64_t{a.value} * value, factor), true};
      },
      [&](Running a) {
        return static_cast<T>(
            Offset(Requantize(std::int64_t{a.value}, factor), y_zero, range));
      });
}

template <bool kMean>
StatusCode EvalSum(EvalContext& context, const Op& op) {
  Axes axes;
  const StatusCode code = BeginReduction(context, op, &axes);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->type == ElementType::kInt8) {
    RunSum<std::int8_t>(op, axes, kMean);
  } else if (op.inputs[0]->type == ElementType::kUint8) {
    RunSum<std::uint8_t>(op, axes, kMean);
  } else {
    RunSum<std::int16_t>(op, axes, kMean);
  }
  return StatusCode::kOk;
}

StatusCode EvalProduct(EvalContext& context, const Op& op) {
  Axes axes;
  const StatusCode code = BeginReduction(context, op, &axes);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->type == ElementType::kInt8) {
    RunProduct<std::int8_t>(op, axes);
  } else {
    RunProduct<std::int16_t>(op, axes);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSumQuantizedReference = {Prepare, EvalSum<false>};
extern const Kernel kMeanQuantizedReference = {Prepare, EvalSum<true>};
extern const Kernel kReduceProdQuantizedReference = {PrepareProduct,
                                                     EvalProduct};

}  // namespace sotto::runtime
