#include "runtime/kernels/cpu/int8_weights.h"

#include <cstring>

namespace sotto::runtime {
namespace {

Int8WeightSums SumsOf(const Int8Weights& weights, std::size_t c) {
  Int8WeightSums sums;
  for (std::size_t i = 0; i < weights.size; ++i) {
    const std::int32_t value = weights.At(c, i);
    (value < 0 ? sums.negative : sums.positive) += value;
  }
  return sums;
}

std::int32_t BiasOf(const Int8Weights& weights, std::size_t c) {
  return weights.bias == nullptr ? 0 : weights.bias->int32s()[c];
}

}  // namespace

FixedPoint Int8Weights::Factor(std::size_t c) const {
  const float x_scale = ScaleOf(*x, 0), w_scale = ScaleOf(*w, c);
  const double product = float_product ? static_cast<double>(x_scale * w_scale)
                                       : static_cast<double>(x_scale) * w_scale;
  return ToFixedPoint(product / static_cast<double>(ScaleOf(*y, 0)));
}

bool Int8Weights::SetChannel(std::size_t c, std::size_t lane,
                             Int8Channels* made) const {
  return SetInt8Channel({.input_zero = x_zero(), .output_zero = y_zero()},
                        SumsOf(*this, c), BiasOf(*this, c), Factor(c), lane,
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
  Int8Channels unused = {};
  for (std::size_t c = 0; c < v.channels; ++c) {
    if (!IsInt8ChannelSafe(static_cast<std::int64_t>(v.size), BiasOf(v, c),
                           v.Factor(c)) &&
        !v.SetChannel(c, 0, &unused)) {
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
  std::memset(packed, 0, PackedInt8Bytes(shape, weights));
  const std::size_t segment_bytes = shape.segment_quads * 4 * kInt8Panel;
  const auto* const data = weights.w->as<const std::uint8_t>();
  const std::uint8_t flip = weights.is_signed() ? 0 : 0x80;
  const auto pack = [&](std::size_t lane, std::uint8_t* quads,
                        const auto& value) {
    for (std::size_t s = 0; s < shape.segments; ++s) {
      std::uint8_t* to = quads + s * segment_bytes + lane * 4;
      for (std::size_t i = 0; i < segment_size; ++i) {
        to[i / 4 * (4 * kInt8Panel) + i % 4] = value(s * segment_size + i);
      }
    }
  };
  for (std::size_t c = 0; c < weights.channels; ++c) {
    std::uint8_t* panel = packed + c / kInt8Panel * shape.panel_bytes();
    // Prepare saw that the channel fits.
    weights.SetChannel(c, c % kInt8Panel,
                       reinterpret_cast<Int8Channels*>(panel));
    pack(c % kInt8Panel, panel + sizeof(Int8Channels), [&](std::size_t i) {
      return static_cast<std::uint8_t>(
          data[c * weights.channel_step + i * weights.step] ^ flip);
    });
  }
  if (weights.excess() != 0) {
    for (std::size_t lane = 0; lane < kInt8Panel; ++lane) {
      pack(lane, packed + shape.panels() * shape.panel_bytes(),
           [](std::size_t) { return std::uint8_t{1}; });
    }
  }
}

}  // namespace sotto::runtime
