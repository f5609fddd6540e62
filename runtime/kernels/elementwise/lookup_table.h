// Unary functions of quantised integers as tables, which Prepare fills into
// AllocateState.
//
// 8 bits: one entry per stored value; Eval is exact by construction.
// 16 bits: 512 steps of 128 stored values and their end. Between two entries
// Eval interpolates, y = y0 + round((y1 - y0) * (x mod 128) / 128), halves
// upwards. Each entry is lowered by half the error of that line at the middle
// of its step, which halves the largest error of a curved function. Scales have
// zero points of 0.

#ifndef SOTTO_RUNTIME_KERNELS_ELEMENTWISE_LOOKUP_TABLE_H_
#define SOTTO_RUNTIME_KERNELS_ELEMENTWISE_LOOKUP_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {

using ByteTable = std::array<std::uint8_t, 256>;

// Puts `stored` for the stored input `x` (int8 or uint8) into the table.
inline void SetEntry(ByteTable& table, std::int32_t x, std::int32_t stored) {
  table[static_cast<std::uint8_t>(x)] = static_cast<std::uint8_t>(stored);
}

// y[i] = table[x[i]] with op.state a ByteTable.
inline StatusCode EvalByteTable(EvalContext&, const Op& op) {
  const ByteTable& table = *static_cast<const ByteTable*>(op.state);
  ApplyUnary<std::uint8_t, std::uint8_t>(
      op, [&table](std::uint8_t x) { return table[x]; });
  return StatusCode::kOk;
}

// Fills op.state with stored(x) for every stored x of the input's type. The
// input is int8 or uint8. RESOURCE_EXHAUSTED: no memory.
template <typename F>
StatusCode MakeByteTable(PrepareContext& context, Op& op, const F& stored) {
  auto* table = context.AllocateState<ByteTable>();
  if (table == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena");
  }
  const QuantizedRange in = RangeOf(op.inputs[0]->type);
  for (std::int32_t x = in.low; x <= in.high; ++x) {
    SetEntry(*table, x, stored(x));
  }
  op.state = table;
  return StatusCode::kOk;
}

using RealFunction = float (*)(float);

// The table of y = round(f(x_scale * (x - x_zero)) / y_scale) + y_zero,
// computed in single precision like the format's own tables. NaN gives y_zero,
// infinities the ends of the range.
StatusCode TabulateBytes(PrepareContext& context, Op& op, RealFunction f);

struct ShortTable {
  static constexpr std::size_t kSteps = 512;
  std::array<std::int16_t, kSteps + 1> entries;

  std::int16_t At(std::int16_t x) const {
    const auto step = static_cast<std::size_t>(256 + (x >> 7));
    const std::int32_t rest = x & 127;
    const std::int32_t slope = entries[step + 1] - entries[step];
    return static_cast<std::int16_t>(entries[step] +
                                     ((slope * rest + 64) >> 7));
  }
};

// Fills op.state with the table of f between int16 tensors of zero points 0.
StatusCode TabulateShorts(PrepareContext& context, Op& op, RealFunction f);

StatusCode EvalShortTable(EvalContext& context, const Op& op);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_ELEMENTWISE_LOOKUP_TABLE_H_
