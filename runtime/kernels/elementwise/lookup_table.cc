#include "runtime/kernels/elementwise/lookup_table.h"

#include <algorithm>
#include <cmath>

namespace sotto::runtime {

StatusCode TabulateBytes(PrepareContext& context, Op& op, RealFunction f) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const float scale = *x.quantization.scale;
  const float inverse = 1.0f / *y.quantization.scale;
  const std::int32_t x_zero = x.quantization.zero_point;
  const std::int32_t y_zero = y.quantization.zero_point;
  const QuantizedRange all = RangeOf(ElementType::kInt32);
  const QuantizedRange range = RangeOf(y.type);
  return MakeByteTable(context, op, [&](std::int32_t stored) {
    const float value = f(scale * static_cast<float>(stored - x_zero));
    return Offset(RoundInto(value * inverse, all), y_zero, range);
  });
}

StatusCode TabulateShorts(PrepareContext& context, Op& op, RealFunction f) {
  auto* table = context.AllocateState<ShortTable>();
  if (table == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena");
  }
  const float in = *op.inputs[0]->quantization.scale;
  const float out = *op.outputs[0]->quantization.scale;
  const float low = in * -32768.0f;
  const float high = in * 32767.0f;
  const float step = (high - low) / 512.0f;
  const float inverse = 65536.0f / (out * 32767.0f - out * -32768.0f);
  const auto limit = [](float value) {
    if (!(value == value)) return 0.0f;
    return std::clamp(value, -32768.0f, 32767.0f);
  };
  // Infinities stand for the ends of the output's range. What is finite but far
  // outside counts as twice those ends: otherwise the correction of the entry
  // before it would leave the range on the other side.
  const auto scaled = [&](float at) {
    const float value = f(at);
    if (std::isinf(value)) {
      return inverse * out * (value < 0.0f ? -32768.0f : 32767.0f);
    }
    return std::clamp(value * inverse, -65536.0f, 65536.0f);
  };
  for (std::size_t i = 0; i < ShortTable::kSteps; ++i) {
    const float at = low + static_cast<float>(i) * step;
    const float here = std::round(scaled(at));
    const float next = scaled(low + static_cast<float>(i + 1) * step);
    const float middle = std::round(scaled(at + step / 2.0f));
    const float error = std::round((next + here) / 2.0f) - middle;
    table->entries[i] =
        static_cast<std::int16_t>(limit(here - std::round(error / 2.0f)));
  }
  table->entries[ShortTable::kSteps] =
      static_cast<std::int16_t>(limit(std::round(scaled(high))));
  op.state = table;
  return StatusCode::kOk;
}

StatusCode EvalShortTable(EvalContext&, const Op& op) {
  const ShortTable& table = *static_cast<const ShortTable*>(op.state);
  ApplyUnary<std::int16_t, std::int16_t>(
      op, [&table](std::int16_t x) { return table.At(x); });
  return StatusCode::kOk;
}

}  // namespace sotto::runtime
