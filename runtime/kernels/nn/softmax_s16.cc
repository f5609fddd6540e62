// SOFTMAX of int16 (softmax.h) through two tables of 512 intervals, made in
// Prepare: exp over [-10, 0] and 1 / (1 + x) over [0, 1], values in Q0.15,
// interpolated linearly. exp(-10) and less count as exp(-10).
//
// The sum of a row's exponentials is Q16.15; rows of more than 65536 elements
// saturate it, with results of 0 or 1 either way.

#include <algorithm>
#include <bit>
#include <cmath>

#include "runtime/kernels/nn/softmax.h"

namespace sotto::runtime {
namespace {

constexpr int kIntervals = 512;
constexpr std::int32_t kLow = -32768, kHigh = 32767;

// Value of a function at an int16 that stands for its whole domain.
struct Table {
  std::int16_t values[kIntervals + 1];

  std::int32_t At(std::int32_t x) const {
    const std::int32_t index = (x - kLow) >> 7, offset = (x - kLow) & 127;
    const std::int32_t base = values[index];
    return base + (((values[index + 1] - base) * offset + 64) >> 7);
  }
};

// The table holds f / `unit` at each step, moved by half the error that linear
// interpolation makes in the middle of the interval after it.
template <typename Function>
void Fill(Table& table, float low, float high, const Function& f) {
  constexpr float kUnit =
      65536.0f / (2.0f / 65535.0f * kHigh - 2.0f / 65535.0f * kLow);
  const float step = (high - low) / kIntervals, half_step = step / 2.0f;
  const auto stored = [](float value) {
    return static_cast<std::int16_t>(
        std::clamp(value, float{kLow}, float{kHigh}));
  };
  for (int i = 0; i < kIntervals; ++i) {
    const float at = low + static_cast<float>(i) * step;
    const float next = low + static_cast<float>(i + 1) * step;
    const float here = std::round(f(at) * kUnit);
    const float interpolated = std::round((f(next) * kUnit + here) / 2.0f);
    const float middle = std::round(f(at + half_step) * kUnit);
    table.values[i] = stored(here - std::round((interpolated - middle) / 2.0f));
  }
  table.values[kIntervals] = stored(std::round(f(high) * kUnit));
}

struct State {
  Table exp, one_over_one_plus;
  FixedPoint factor;  // from a difference to 65535 for 10
};

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code =
      PrepareSoftmax(context, op, ElementType::kInt16, ElementType::kInt16);
  if (code != StatusCode::kOk) return code;
  auto* state = context.AllocateState<State>();
  if (state == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "the arena is full");
  }
  constexpr float kRange = 65535.0f;
  Fill(state->exp, 10.0f / kRange * -kRange, 0.0f,
       [](float x) { return std::exp(x); });
  Fill(state->one_over_one_plus, 0.0f, 1.0f / kRange * kRange,
       [](float x) { return 1.0f / (1.0f + x); });
  state->factor = ToFixedPoint(double{op.inputs[0]->quantization.scale[0]} *
                               op.options.beta / (10.0 / 65535.0));
  op.state = state;
  context.AllowInPlace(0, 0);
  return StatusCode::kOk;
}

void Row(const State& state, const std::int16_t* x, std::int16_t* y,
         std::size_t size) {
  const std::int32_t largest = *std::max_element(x, x + size);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::int32_t difference = Requantize(x[i] - largest, state.factor);
    const std::int32_t exp =
        state.exp.At(Offset(difference, kHigh, {kLow, kHigh}));
    y[i] = static_cast<std::int16_t>(exp);
    sum += exp;
  }
  // The largest element alone adds almost 1.0, 2^15.
  const std::int32_t total = SaturateToInt32(sum);
  const int headroom = std::countl_zero(static_cast<std::uint32_t>(total));
  // In [1, 2) with 16 fractional bits; the table takes it less 1.5.
  const auto normal = static_cast<std::int32_t>(
      ((std::int64_t{total} << (headroom - 1)) + (1 << 13)) >> 14);
  const std::int64_t reciprocal = state.one_over_one_plus.At(
      std::clamp(normal - (1 << 16) - (1 << 15), kLow, kHigh));
  const int shift = 31 - headroom;
  for (std::size_t i = 0; i < size; ++i) {
    const std::int64_t value =
        (y[i] * reciprocal + (std::int64_t{1} << (shift - 1))) >> shift;
    y[i] = static_cast<std::int16_t>(std::clamp<std::int64_t>(value, 0, kHigh));
  }
}

StatusCode Eval(EvalContext&, const Op& op) {
  const State& state = *static_cast<const State*>(op.state);
  ForEachRow<std::int16_t, std::int16_t>(
      op, [&state](const std::int16_t* x, std::int16_t* y, std::size_t size) {
        Row(state, x, y, size);
      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSoftmaxS16Reference = {Prepare, Eval};

}  // namespace sotto::runtime
