// HardSwish on int8 and uint8: y = x * clamp(x + 3, 0, 6) / 6 in 16-bit fixed
// point, as the format defines it, for all 256 inputs in Prepare.
//
//   fine   = (x - x_zero) * 2^7                       scale x_scale / 128
//   scaled = fine, at y's scale but for a shift right
//   gate   = clamp(fine's real value / 3, -1, 1), mapped to [0, 1) with 15 bits
//   y      = clamp(y_zero + round(trunc(gate * scaled) / 2^shift))
//
// |fine| <= 255 * 128 < 2^15; everything after saturates at 16 bits. The
// truncation cancels the bias of the roundings before it.

#include <cmath>

#include "runtime/kernels/elementwise/lookup_table.h"

namespace sotto::runtime {
namespace {

struct ShortFactor {
  std::int32_t multiplier;  // 15 bits, in [2^14, 2^15)
  std::int32_t shift;
};

ShortFactor ToShortFactor(float factor) {
  const FixedPoint wide = ToFixedPoint(factor);
  const std::int64_t rounded =
      (std::int64_t{wide.multiplier} + (1 << 15)) >> 16;
  return {std::min(static_cast<std::int32_t>(rounded), 32767), wide.shift};
}

std::int32_t SaturateToShort(std::int64_t value) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(value, -32768, 32767));
}

// round(a * b / 2^15), halves upwards, of 16-bit values, b >= 0.
std::int32_t MultiplyHigh(std::int32_t a, std::int32_t b) {
  return (a * b + (1 << 14)) >> 15;
}

// The gate of a fine value: 3.0 is brought to 2^15.
std::int32_t GateOf(std::int32_t fine, ShortFactor factor) {
  std::int32_t gate = fine;
  // The last doubling comes after the product, so that only it saturates the
  // result.
  if (factor.shift > 0) {
    gate = SaturateToShort(std::int64_t{gate} << (factor.shift - 1));
  }
  gate = MultiplyHigh(gate, factor.multiplier);
  if (factor.shift > 0) gate = SaturateToShort(2 * std::int64_t{gate});
  if (factor.shift < 0) {
    gate = RoundingDivideByPowerOfTwo(gate, -factor.shift);
  }
  return (gate + (1 << 15)) >> 1;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = PrepareUnary(context, op, kEightBit);
  if (code == StatusCode::kOk) code = CheckQuantized(context, op);
  if (code != StatusCode::kOk) return code;
  const TensorQuantization &in = op.inputs[0]->quantization,
                           &out = op.outputs[0]->quantization;
  const float fine_scale = *in.scale * (1.0f / 128.0f);
  const ShortFactor to_y = ToShortFactor(fine_scale / *out.scale);
  const ShortFactor to_gate = ToShortFactor(fine_scale / (3.0f / 32768.0f));
  if (to_y.shift > 0) {
    return context.Fail(StatusCode::kUnimplemented,
                        "output scale is far below the input scale");
  }
  const QuantizedRange range = RangeOf(op.outputs[0]->type);
  return MakeByteTable(context, op, [&](std::int32_t x) {
    const std::int32_t fine = (x - in.zero_point) * 128;
    const std::int32_t scaled = MultiplyHigh(fine, to_y.multiplier);
    const std::int32_t product = GateOf(fine, to_gate) * scaled / (1 << 15);
    return Offset(RoundingDivideByPowerOfTwo(product, -to_y.shift),
                  out.zero_point, range);
  });
}

}  // namespace

extern const Kernel kHardSwishByte = {Prepare, EvalByteTable};

}  // namespace sotto::runtime
