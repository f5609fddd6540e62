// SOFTMAX of int8 and uint8 (softmax.h) in fixed point: the differences to the
// largest element in Q5.26, their exponentials in Q0.31, the sum of these in
// Q12.19, its reciprocal by Newton's method.
//
// Elements so far below the largest that Q5.26 cannot hold their difference
// count as 0. Sums of up to 4095 elements fit 31 bits; longer rows sum in 64
// bits and drop low bits.

#include <algorithm>
#include <bit>

#include "runtime/kernels/nn/fixed_point_math.h"
#include "runtime/kernels/nn/softmax.h"

namespace sotto::runtime {
namespace {

constexpr int kFraction = 26;

template <ElementType kX, ElementType kY>
StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareSoftmax(context, op, kX, kY);
  if (code == StatusCode::kOk && kX == kY) context.AllowInPlace(0, 0);
  return code;
}

struct Difference {
  FixedPoint factor;
  std::int32_t smallest;

  explicit Difference(const Op& op)
      : factor(ToFixedPoint(std::min(double{op.options.beta} *
                                         op.inputs[0]->quantization.scale[0] *
                                         (1 << kFraction),
                                     0x1p31 - 1.0))) {
    const std::int64_t radius = std::int64_t{31} << kFraction;
    smallest = -static_cast<std::int32_t>(radius >> std::max(factor.shift, 0));
  }
  // exp(beta * scale * difference), Q0.31.
  std::int32_t Exp(std::int32_t difference) const {
    return difference < smallest
               ? 0
               : FixedPointExp(Requantize(difference, factor));
  }
};

template <typename X, typename Y>
void Row(const Difference& difference, const X* x, Y* y, std::size_t size) {
  const std::int32_t largest = *std::max_element(x, x + size);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    sum += RoundingDivideByPowerOfTwo(difference.Exp(x[i] - largest), 12);
  }
  // The largest element alone adds 2^19. bits: those above 1.0.
  int bits = 12;
  for (; sum >= std::int64_t{1} << 31; sum >>= 1) ++bits;
  const int headroom = std::countl_zero(static_cast<std::uint32_t>(sum));
  bits -= headroom;
  const auto fraction = static_cast<std::int32_t>(
      (static_cast<std::uint32_t>(sum) << headroom) - (std::uint32_t{1} << 31));
  const std::int32_t reciprocal = FixedPointOneOverOnePlus(fraction);
  const std::int32_t exponent =
      bits + 31 - static_cast<std::int32_t>(8 * sizeof(Y));
  constexpr std::int32_t kLow = std::numeric_limits<Y>::min();
  constexpr std::int32_t kHigh = std::numeric_limits<Y>::max();
  for (std::size_t i = 0; i < size; ++i) {
    const std::int32_t product = SaturatingRoundingDoublingHighMul(
        reciprocal, difference.Exp(x[i] - largest));
    const std::int32_t value =
        exponent > 31 ? 0 : RoundingDivideByPowerOfTwo(product, exponent);
    y[i] = static_cast<Y>(std::clamp(value + kLow, kLow, kHigh));
  }
}

template <typename X, typename Y>
StatusCode Eval(EvalContext&, const Op& op) {
  const Difference difference(op);
  ForEachRow<X, Y>(op, [&](const X* x, Y* y, std::size_t size) {
    Row(difference, x, y, size);
  });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSoftmaxS8Reference = {
    Prepare<ElementType::kInt8, ElementType::kInt8>,
    Eval<std::int8_t, std::int8_t>};
extern const Kernel kSoftmaxS8S16Reference = {
    Prepare<ElementType::kInt8, ElementType::kInt16>,
    Eval<std::int8_t, std::int16_t>};
extern const Kernel kSoftmaxU8Reference = {
    Prepare<ElementType::kUint8, ElementType::kUint8>,
    Eval<std::uint8_t, std::uint8_t>};

}  // namespace sotto::runtime
