#include "runtime/kernels/cpu/int8_weights.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace sotto::runtime {
namespace {

std::int32_t BiasOf(const Int8Weights& weights, std::size_t c) {
  return weights.bias == nullptr ? 0 : weights.bias->int32s()[c];
}

FixedPoint FactorOf(const Int8Weights& v, float w_scale) {
  const float x_scale = ScaleOf(*v.x, 0);
  const double product = v.float_product
                             ? static_cast<double>(x_scale * w_scale)
                             : static_cast<double>(x_scale) * w_scale;
  return ToFixedPoint(product / static_cast<double>(ScaleOf(*v.y, 0)));
}

struct Extremes {
  std::int32_t low, high;
};

Extremes ExtremesOf(const std::int32_t* values, std::size_t count) {
  Extremes found = {values[0], values[0]};
  for (std::size_t i = 0; i < count; ++i) {
    found.low = std::min(found.low, values[i]);
    found.high = std::max(found.high, values[i]);
  }
  return found;
}

// The same, of positive numbers: their bits are in their order, and integers'
// extremes are found by vectors.
Extremes ExtremesOf(const float* values, std::size_t count) {
  Extremes found = {std::numeric_limits<std::int32_t>::max(), 0};
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<std::int32_t>(values[i]);
    found.low = std::min(found.low, bits);
    found.high = std::max(found.high, bits);
  }
  return found;
}

// Whether IsInt8ChannelSafe holds for all channels: factors grow with their
// scales, so that the extremes tell.
bool AreAllSafe(const Int8Weights& v) {
  const TensorQuantization& q = v.w->quantization;
  const Extremes scales =
      ExtremesOf(q.scale, static_cast<std::size_t>(q.count));
  const Extremes bias = v.bias == nullptr
                            ? Extremes{0, 0}
                            : ExtremesOf(v.bias->int32s(), v.channels);
  const auto size = static_cast<std::int64_t>(v.size);
  return IsInt8ChannelSafe(size, bias.low,
                           FactorOf(v, std::bit_cast<float>(scales.low))) &&
         IsInt8ChannelSafe(size, bias.high,
                           FactorOf(v, std::bit_cast<float>(scales.high)));
}

// Of weights that do not lie one after the other: few, in practice.
Int8WeightSums SumsOf(const Int8Weights& weights, std::size_t c) {
  const std::uint8_t* bytes = weights.Row(c);
  const Int8Stored stored = weights.stored();
  if (weights.step == 1) return SumInt8Weights(bytes, weights.size, stored);
  Int8WeightSums sums;
  for (std::size_t i = 0; i < weights.size; ++i, bytes += weights.step) {
    const std::int32_t value = (*bytes ^ stored.flip) - stored.zero;
    (value < 0 ? sums.negative : sums.positive) += value;
  }
  return sums;
}

}  // namespace

bool Int8Weights::SetChannel(std::size_t c, const Int8WeightSums& sums,
                             std::size_t lane, Int8Channels* made) const {
  return SetInt8Channel({.input_zero = x_zero(), .output_zero = y_zero()}, sums,
                        BiasOf(*this, c), FactorOf(*this, ScaleOf(*w, c)), lane,
                        made);
}

StatusCode CheckInt8Weights(PrepareContext& context, const Int8Weights& v) {
  const bool is_signed = v.x->type == ElementType::kInt8;
  if ((!is_signed && v.x->type != ElementType::kUint8) ||
      v.w->type != v.x->type || v.y->type != v.x->type ||
      (v.bias != nullptr && v.bias->type != ElementType::kInt32)) {
    return context.Fail(StatusCode::kUnimplemented, "only int8 or only uint8");
  }
  if (!v.w->is_constant || (v.bias != nullptr && !v.bias->is_constant)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "weights or bias are no constants");
  }
  if (v.bias != nullptr && v.bias->shape.Elements() != v.channels) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "bias is not one value per output channel");
  }
  if (!IsQuantizedPerTensor(*v.x) || !IsQuantizedPerTensor(*v.y) ||
      !(is_signed ? IsQuantizedSymmetric(*v.w, v.axis)
                  : IsQuantizedPerTensor(*v.w))) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x, weights or y are not quantised as their type asks");
  }
  if (v.size == 0 || v.channels == 0) {
    return context.Fail(StatusCode::kUnimplemented, "no weights");
  }
  if (AreAllSafe(v)) return StatusCode::kOk;
  Int8Channels unused = {};
  for (std::size_t c = 0; c < v.channels; ++c) {
    if (!IsInt8ChannelSafe(static_cast<std::int64_t>(v.size), BiasOf(v, c),
                           FactorOf(v, ScaleOf(*v.w, c))) &&
        !v.SetChannel(c, SumsOf(v, c), 0, &unused)) {
      return context.Fail(StatusCode::kUnimplemented,
                          "a channel's factor or bias is out of range");
    }
  }
  return StatusCode::kOk;
}

Int8Clamp ClampOf(const Tensor& y, Activation activation) {
  const QuantizedRange range = ActivationRange(
      activation, y.type, ScaleOf(y, 0), y.quantization.zero_point);
  const std::int32_t less = y.type == ElementType::kInt8 ? 0 : 128;
  return {static_cast<std::int8_t>(range.low - less),
          static_cast<std::int8_t>(range.high - less)};
}

std::size_t PackedInt8Bytes(const Int8GemmShape& shape,
                            const Int8Weights& weights) {
  const std::size_t panels = shape.panels() * shape.panel_bytes();
  return weights.excess() == 0
             ? panels
             : panels + shape.panel_bytes() - sizeof(Int8Channels);
}

void PackInt8(const Int8GemmShape& shape, const Int8Weights& weights,
              std::size_t segment_size, std::uint8_t* packed) {
  const std::size_t segment_bytes = shape.segment_quads * 4 * kInt8Panel;
  const std::uint8_t flip = weights.is_signed() ? 0 : 0x80;
  for (std::size_t first = 0; first < weights.channels; first += kInt8Panel) {
    std::uint8_t* panel = packed + first / kInt8Panel * shape.panel_bytes();
    const std::size_t count = std::min(kInt8Panel, weights.channels - first);
    auto* const channels = reinterpret_cast<Int8Channels*>(panel);
    *channels = {};
    for (std::size_t lane = 0; lane < count; ++lane) {
      // Prepare saw that the channel fits.
      weights.SetChannel(first + lane, SumsOf(weights, first + lane), lane,
                         channels);
    }
    std::uint8_t* quads = panel + sizeof(Int8Channels);
    for (std::size_t s = 0; s < shape.segments; ++s, quads += segment_bytes) {
      const std::uint8_t* from =
          weights.Row(first) + s * segment_size * weights.step;
      if (weights.step == 1) {
        PackInt8Quads(from, weights.channel_step, count, segment_size, flip,
                      quads);
        continue;
      }
      std::memset(quads, 0, segment_bytes);
      for (std::size_t i = 0; i < segment_size; ++i, from += weights.step) {
        std::uint8_t* to = quads + i / 4 * (4 * kInt8Panel) + i % 4;
        for (std::size_t lane = 0; lane < count; ++lane) {
          to[lane * 4] = static_cast<std::uint8_t>(
              from[lane * weights.channel_step] ^ flip);
        }
      }
    }
  }
  if (weights.excess() == 0) return;
  std::uint8_t* ones = packed + shape.panels() * shape.panel_bytes();
  for (std::size_t s = 0; s < shape.segments; ++s, ones += segment_bytes) {
    const std::size_t whole = segment_size / 4 * (4 * kInt8Panel);
    std::memset(ones, 1, whole);
    for (std::size_t at = whole; at < segment_bytes; ++at) {
      ones[at] = at % 4 < segment_size % 4 ? 1 : 0;
    }
  }
}

}  // namespace sotto::runtime
