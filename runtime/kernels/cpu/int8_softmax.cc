// SOFTMAX of int8 to int8 and uint8 to uint8, bit for bit as in
// nn/softmax_8_bit.cc. An element's exponential depends on one of 256
// differences to the largest, so Prepare tabulates them; an element's result
// depends on its difference too, and each row's are made once, for rows of
// fewer elements one by one: ten take 0.06 us where 256 results took 0.65.
//
//   state: exponentials of the differences 0, -1, ..., -255, Q0.31

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "runtime/core/kernel.h"
#include "runtime/kernels/nn/fixed_point_math.h"
#include "runtime/kernels/nn/requantize.h"
#include "runtime/kernels/nn/softmax.h"

namespace sotto::runtime {

extern const Kernel kSoftmaxS8Reference, kSoftmaxU8Reference;

namespace {

using ExpTable = std::array<std::int32_t, 256>;

template <typename T>
StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = (sizeof(T) == 1 && std::numeric_limits<T>::is_signed
                               ? kSoftmaxS8Reference
                               : kSoftmaxU8Reference)
                              .Prepare(context, op);
  if (code != StatusCode::kOk) return code;
  auto* table = context.AllocateState<ExpTable>();
  if (table == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "no room for a table");
  }
  constexpr int kFraction = 26;
  const FixedPoint factor = ToFixedPoint(
      std::min(double{op.options.beta} * op.inputs[0]->quantization.scale[0] *
                   (1 << kFraction),
               0x1p31 - 1.0));
  const std::int64_t radius = std::int64_t{31} << kFraction;
  const auto smallest =
      -static_cast<std::int32_t>(radius >> std::max(factor.shift, 0));
  for (std::int32_t d = 0; d < 256; ++d) {
    (*table)[static_cast<std::size_t>(d)] =
        -d < smallest ? 0 : FixedPointExp(Requantize(-d, factor));
  }
  op.state = table;
  return StatusCode::kOk;
}

template <typename T>
void Row(const ExpTable& table, const T* x, T* y, std::size_t size) {
  const std::int32_t largest = *std::max_element(x, x + size);
  const auto difference = [largest](T value) {
    return static_cast<std::size_t>(largest - value);
  };
  const auto term = [&table](std::size_t d) {
    return RoundingDivideByPowerOfTwo(table[d], 12);
  };
  const bool by_table = size > 256;
  std::int64_t sum = 0;
  if (by_table) {
    std::array<std::int32_t, 256> terms;
    for (std::size_t d = 0; d < 256; ++d) terms[d] = term(d);
    for (std::size_t i = 0; i < size; ++i) sum += terms[difference(x[i])];
  } else {
    for (std::size_t i = 0; i < size; ++i) sum += term(difference(x[i]));
  }
  // The largest element alone adds 2^19. bits: those above 1.0.
  int bits = 12;
  for (; sum >= std::int64_t{1} << 31; sum >>= 1) ++bits;
  const int headroom = std::countl_zero(static_cast<std::uint32_t>(sum));
  bits -= headroom;
  const auto fraction = static_cast<std::int32_t>(
      (static_cast<std::uint32_t>(sum) << headroom) - (std::uint32_t{1} << 31));
  const std::int32_t reciprocal = FixedPointOneOverOnePlus(fraction);
  const std::int32_t exponent = bits + 23;
  constexpr std::int32_t kLow = std::numeric_limits<T>::min();
  constexpr std::int32_t kHigh = std::numeric_limits<T>::max();
  const auto result = [&](std::size_t d) {
    const std::int32_t product =
        SaturatingRoundingDoublingHighMul(reciprocal, table[d]);
    const std::int32_t value =
        exponent > 31 ? 0 : RoundingDivideByPowerOfTwo(product, exponent);
    return static_cast<T>(std::clamp(value + kLow, kLow, kHigh));
  };
  if (by_table) {
    std::array<T, 256> results;
    for (std::size_t d = 0; d < 256; ++d) results[d] = result(d);
    for (std::size_t i = 0; i < size; ++i) y[i] = results[difference(x[i])];
  } else {
    for (std::size_t i = 0; i < size; ++i) y[i] = result(difference(x[i]));
  }
}

template <typename T>
StatusCode Eval(EvalContext&, const Op& op) {
  const auto& table = *static_cast<const ExpTable*>(op.state);
  ForEachRow<T, T>(
      op, [&](const T* x, T* y, std::size_t size) { Row(table, x, y, size); });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSoftmaxInt8 = {Prepare<std::int8_t>, Eval<std::int8_t>};
extern const Kernel kSoftmaxUint8 = {Prepare<std::uint8_t>, Eval<std::uint8_t>};

}  // namespace sotto::runtime
