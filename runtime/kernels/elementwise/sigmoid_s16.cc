// Logistic and Tanh on int16, y's scale 2^-15 and both zero points 0: a table
// of logistic(i / 24) in 16 fractional bits, i in [0, 256), between which Eval
// interpolates; tanh(x) = 2 logistic(2 x) - 1.
//
// x is first brought to steps of 2^-12 / 3: times 3 for a scale of 2^-12 (Tanh:
// of 2^-11 too, shifted), otherwise times a rounded multiplier of up to 15
// bits. One table step is 512 of those (Tanh: 256), and beyond the table's
// end, 10.6 (5.3), the result is that of the end.

#include <cmath>

#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

struct SigmoidState {
  std::int32_t multiplier, shift;
  std::array<std::uint16_t, 256> table;

  // |x| in table units, and whether x is negative. Scales far beyond the
  // format's saturate.
  std::int32_t Scaled(std::int16_t x) const {
    const std::int64_t half = shift > 0 ? std::int64_t{1} << (shift - 1) : 0;
    return SaturateToInt32((std::int64_t{x} * multiplier + half) >> shift);
  }
};

constexpr std::int32_t kMaxShift = 31;

void SetScale(SigmoidState& state, float scale, std::int32_t max_doublings) {
  const double log2 = std::log2(double{scale});
  const double rounded = std::round(log2);
  if (std::fabs(log2 - rounded) < 1e-3 && rounded >= -12.0 &&
      rounded <= -12.0 + max_doublings) {
    state.multiplier = 3 << static_cast<std::int32_t>(rounded + 12.0);
    state.shift = 0;
    return;
  }
  double multiplier = double{scale} * 4096.0 * 3.0;
  state.shift = 0;
  while (multiplier <= 32767.0 / 2.0 && state.shift < kMaxShift) {
    multiplier *= 2.0;
    ++state.shift;
  }
  // 2^30: every input but 0 is then beyond the table.
  state.multiplier = static_cast<std::int32_t>(std::min(multiplier, 0x1p30));
}

// logistic(i / 24), raised by half of what a straight line to the next entry
// lacks at its middle (f'' / 16 of a step), so that the error has both signs.
// The last entry is the end, 1 - 2^-16.
void FillTable(SigmoidState& state) {
  for (std::size_t i = 0; i < state.table.size(); ++i) {
    const double f = 1.0 / (1.0 + std::exp(static_cast<double>(i) / -24.0));
    const double bend = f * (1.0 - f) * (2.0 * f - 1.0) / (24.0 * 24.0);
    state.table[i] =
        static_cast<std::uint16_t>(std::round(65536.0 * (f + bend / 16.0)));
  }
  state.table.back() = 65535;
}

template <std::int32_t max_doublings>
StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = PrepareUnary(context, op, TypesOf(ElementType::kInt16));
  if (code == StatusCode::kOk) code = CheckQuantized(context, op);
  if (code != StatusCode::kOk) return code;
  const TensorQuantization &x = op.inputs[0]->quantization,
                           &y = op.outputs[0]->quantization;
  // Converters write 1/32767 as well as 1/32768.
  if (x.zero_point != 0 || y.zero_point != 0 ||
      std::fabs(double{*y.scale} * 32768.0 - 1.0) > 7e-4) {
    return context.Fail(StatusCode::kUnimplemented,
                        "zero points are not 0, or y's scale is not 2^-15");
  }
  auto* state = context.AllocateState<SigmoidState>();
  if (state == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena");
  }
  SetScale(*state, *x.scale, max_doublings);
  FillTable(*state);
  op.state = state;
  return StatusCode::kOk;
}

// The table at `magnitude` / 2^bits steps, with 16 + bits fractional bits; at
// least half of that, at most `limit`.
std::int32_t Interpolate(const SigmoidState& state, std::uint32_t magnitude,
                         std::int32_t bits, std::int32_t limit) {
  const std::uint32_t step = magnitude >> bits;
  if (step >= 255) return limit;
  const std::uint32_t rest = magnitude & ((1u << bits) - 1);
  const std::uint32_t low = state.table[step], high = state.table[step + 1];
  return static_cast<std::int32_t>((low << bits) + rest * (high - low));
}

std::uint32_t Magnitude(std::int32_t x) {
  return x < 0 ? 0u - static_cast<std::uint32_t>(x)
               : static_cast<std::uint32_t>(x);
}

StatusCode EvalLogistic(EvalContext&, const Op& op) {
  const SigmoidState& state = *static_cast<const SigmoidState*>(op.state);
  ApplyUnary<std::int16_t, std::int16_t>(op, [&state](std::int16_t x) {
    const std::int32_t scaled = state.Scaled(x);
    const std::int32_t value =
        Interpolate(state, Magnitude(scaled), 9, 0x7FFF << 10);
    const std::int32_t rounded =
        scaled >= 0 ? value + (1 << 9) : (1 << 25) - value + (1 << 9) - 1;
    return static_cast<std::int16_t>(rounded >> 10);
  });
  return StatusCode::kOk;
}

StatusCode EvalTanh(EvalContext&, const Op& op) {
  const SigmoidState& state = *static_cast<const SigmoidState*>(op.state);
  ApplyUnary<std::int16_t, std::int16_t>(op, [&state](std::int16_t x) {
    const std::int32_t scaled = state.Scaled(x);
    const std::int32_t value =
        Interpolate(state, Magnitude(scaled), 8, 0xFFFF << 8) - (1 << 23);
    const std::int32_t rounded =
        scaled >= 0 ? value + (1 << 7) : -value + (1 << 7) - 1;
    return static_cast<std::int16_t>(rounded >> 8);
  });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kLogisticS16 = {Prepare<0>, EvalLogistic};
extern const Kernel kTanhS16 = {Prepare<1>, EvalTanh};

}  // namespace sotto::runtime
