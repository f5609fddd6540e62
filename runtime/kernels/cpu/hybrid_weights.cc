#include "runtime/kernels/cpu/hybrid_weights.h"

#include <algorithm>

#include "runtime/kernels/cpu/int8_pack.h"

namespace sotto::runtime {

StatusCode CheckHybridWeights(PrepareContext& context, const Op& op,
                              const Operands& operands, std::size_t max_terms) {
  const StatusCode code = CheckHybrid(context, op, operands);
  if (code != StatusCode::kOk) return code;
  const Tensor &w = *operands.w, *const bias = operands.bias;
  if (!w.is_constant || (bias != nullptr && !bias->is_constant)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "weights or bias are no constants");
  }
  const std::size_t terms = w.shape.Elements() / operands.channels();
  if (terms == 0 || terms > max_terms) {
    return context.Fail(StatusCode::kUnimplemented,
                        "no weights, or too many to a sum");
  }
  return StatusCode::kOk;
}

void PackHybrid(const HybridShape& shape, std::size_t segment_size,
                const Operands& operands, std::uint8_t* packed) {
  const auto* data = operands.w->as<const std::uint8_t>();
  const std::size_t size = shape.segments * segment_size;
  const std::size_t segment_bytes = shape.segment_quads * 4 * kInt8Panel;
  constexpr Int8Stored kSigned = {.flip = 0x80, .zero = 0x80};
  for (std::size_t p = 0; p < shape.panels(); ++p) {
    const std::size_t first = std::min(p * kInt8Panel, shape.channels);
    const std::size_t count = std::min(kInt8Panel, shape.channels - first);
    auto* const channels = reinterpret_cast<HybridChannels*>(packed);
    *channels = {};
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t c = first + i;
      const Int8WeightSums sums =
          SumInt8Weights(data + c * size, size, kSigned);
      channels->scale[i] = ScaleOf(*operands.w, c);
      channels->bias[i] =
          operands.bias == nullptr ? 0.0f : operands.bias->floats()[c];
      channels->weight_sum[i] =
          static_cast<std::int32_t>(sums.positive + sums.negative);
    }
    std::uint8_t* quads = packed + sizeof(HybridChannels);
    for (std::size_t s = 0; s < shape.segments; ++s, quads += segment_bytes) {
      PackInt8Quads(data + first * size + s * segment_size, size, count,
                    segment_size, 0, quads);
    }
    packed += shape.panel_bytes();
  }
}

}  // namespace sotto::runtime
