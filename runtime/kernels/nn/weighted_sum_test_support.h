// What the tests of convolutions and matrix products share: random operands of
// each line of operands.h's table, and the element of y that an exact sum of
// products must give.

#ifndef SOTTO_RUNTIME_KERNELS_NN_WEIGHTED_SUM_TEST_SUPPORT_H_
#define SOTTO_RUNTIME_KERNELS_NN_WEIGHTED_SUM_TEST_SUPPORT_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/nn/requantize.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

enum class Line {
  kF32,
  kHybrid,
  kHybridPerChannel,
  kS8,
  kS8PerChannel,
  kU8,
  kS16,
  kS16PerChannel,
  kS16Bias32
};
inline constexpr Line kAllLines[] = {
    Line::kF32, Line::kHybrid,        Line::kHybridPerChannel,
    Line::kS8,  Line::kS8PerChannel,  Line::kU8,
    Line::kS16, Line::kS16PerChannel, Line::kS16Bias32};

inline bool IsHybrid(Line line) {
  return line == Line::kHybrid || line == Line::kHybridPerChannel;
}
inline bool IsFloat(Line line) { return line == Line::kF32 || IsHybrid(line); }
inline bool IsPerChannel(Line line) {
  return line == Line::kHybridPerChannel || line == Line::kS8PerChannel ||
         line == Line::kS16PerChannel;
}
inline ElementType DataType(Line line) {
  if (IsFloat(line)) return ElementType::kFloat32;
  if (line == Line::kS8 || line == Line::kS8PerChannel) {
    return ElementType::kInt8;
  }
  return line == Line::kU8 ? ElementType::kUint8 : ElementType::kInt16;
}
inline ElementType WeightType(Line line) {
  if (line == Line::kF32) return ElementType::kFloat32;
  return line == Line::kU8 ? ElementType::kUint8 : ElementType::kInt8;
}
inline ElementType BiasType(Line line) {
  if (IsFloat(line)) return ElementType::kFloat32;
  return line == Line::kS16 || line == Line::kS16PerChannel
             ? ElementType::kInt64
             : ElementType::kInt32;
}

// Element `i` of a tensor of any type, without its zero point.
inline double Raw(const Tensor& t, std::size_t i) {
  const std::int32_t zero = t.quantization.zero_point;
  switch (t.type) {
    case ElementType::kFloat32:
      return double{t.as<const float>()[i]};
    case ElementType::kInt8:
      return t.as<const std::int8_t>()[i] - zero;
    case ElementType::kUint8:
      return t.as<const std::uint8_t>()[i] - zero;
    case ElementType::kInt16:
      return t.as<const std::int16_t>()[i] - zero;
    case ElementType::kInt32:
      return t.as<const std::int32_t>()[i];
    case ElementType::kInt64:
      return static_cast<double>(t.as<const std::int64_t>()[i]);
    default:
      ADD_FAILURE() << "no such type here";
      return 0;
  }
}

// Uniform over the whole type, floats over [-1, 1].
inline TestTensor RandomTensor(ElementType type, const Shape& shape,
                               std::mt19937& random, double limit = 1e9) {
  const std::size_t size = shape.Elements();
  const auto fill = [&](auto example, double low, double high) {
    using T = decltype(example);
    std::uniform_real_distribution<double> any(std::max(low, -limit),
                                               std::min(high, limit));
    std::vector<T> values(size);
    for (T& v : values) v = static_cast<T>(any(random));
    return TestTensor::Of(type, shape, values);
  };
  switch (type) {
    case ElementType::kFloat32:
      return fill(float{}, -1, 1);
    case ElementType::kInt8:
      return fill(std::int8_t{}, -128.99, 127.99);
    case ElementType::kUint8:
      return fill(std::uint8_t{}, 0, 255.99);
    case ElementType::kInt16:
      return fill(std::int16_t{}, -32768.99, 32767.99);
    case ElementType::kInt32:
      return fill(std::int32_t{}, -2e9, 2e9);
    default:
      return fill(std::int64_t{}, -9e18, 9e18);
  }
}

struct WeightedSum {
  TestTensor x, w, bias, y;
  std::vector<TestTensor*> inputs;
  bool is_matrix_product = false;  // FULLY_CONNECTED
};

struct SumShapes {
  Shape x, w;
  std::size_t dimension = 0;  // of w: the channels
  std::size_t depth = 1;      // products in a sum
};

inline WeightedSum MakeOperands(Line line, const SumShapes& shapes,
                                bool with_bias, std::mt19937& random) {
  WeightedSum made;
  const auto channels = static_cast<std::size_t>(shapes.w[shapes.dimension]);
  made.x = RandomTensor(DataType(line), shapes.x, random);
  made.w = RandomTensor(WeightType(line), shapes.w, random);
  made.y.tensor.type = DataType(line);
  const double spread = std::sqrt(static_cast<double>(shapes.depth));
  made.bias =
      RandomTensor(BiasType(line), {1, {static_cast<std::int32_t>(channels)}},
                   random, IsFloat(line) ? 1.0 : 5000.0 * spread);
  std::uniform_real_distribution<float> scale(0.01f, 0.1f);
  std::vector<float> w_scales(IsPerChannel(line) ? channels : 1);
  for (float& s : w_scales) s = scale(random);
  const bool u8 = line == Line::kU8;
  if (line != Line::kF32) {
    made.w.Quantize(w_scales, u8 ? 119 : 0,
                    static_cast<std::int32_t>(shapes.dimension));
  }
  if (!IsFloat(line)) {
    const bool s16 = DataType(line) == ElementType::kInt16;
    const std::int32_t offset = s16 ? 0 : (u8 ? 128 : 0);
    made.x.Quantize({scale(random)}, s16 ? 0 : offset - 7);
    // Sums of random products then fill about half of y's range.
    made.y.Quantize(
        {static_cast<float>(spread * (s16 ? 0.6 : 30.0) * scale(random))},
        s16 ? 0 : offset + 5);
  }
  made.inputs = {&made.x, &made.w};
  if (with_bias) made.inputs.push_back(&made.bias);
  return made;
}

// Whether element `index` of y, of `channel`, is what `sum`, the exact sum of
// Raw products, gives. `magnitude`: the sum of |x| |w|, for floats.
inline void ExpectElement(Line line, const WeightedSum& op,
                          const Options& options, std::size_t index,
                          std::size_t channel, double sum, double magnitude) {
  const Tensor &x = op.x.tensor, &w = op.w.tensor, &y = op.y.tensor;
  const bool with_bias = op.inputs.size() > 2;
  const double bias = with_bias ? Raw(op.bias.tensor, channel) : 0.0;
  const ClampRange clamp = RangeOf(options.activation);
  const float w_scale = line == Line::kF32 ? 1.0f : ScaleOf(w, channel);
  if (IsFloat(line)) {
    double value = sum * w_scale + bias;
    value = std::clamp<double>(value, clamp.low, clamp.high);
    // A quantised x of [-1, 1] is off by at most half of 2 / 254.
    const double bound = IsHybrid(line) ? magnitude * w_scale / 200 + 1e-5
                                        : 1e-6 * (magnitude + std::abs(bias));
    ASSERT_NEAR(Raw(y, index), value, bound);
    return;
  }
  const float x_scale = x.quantization.scale[0];
  const double y_scale = y.quantization.scale[0];
  const bool single =
      line == Line::kU8 || (op.is_matrix_product && !IsPerChannel(line));
  const double product =
      single ? double{x_scale * w_scale} : double{x_scale} * w_scale;
  const FixedPoint factor = ToFixedPoint(product / y_scale);
  const auto total = static_cast<std::int64_t>(sum + bias);
  const bool wide = DataType(line) == ElementType::kInt16 &&
                    (with_bias ? op.bias.tensor.type == ElementType::kInt64
                               : !op.is_matrix_product);
  const std::int32_t scaled =
      wide ? Requantize(total, factor)
           : Requantize(static_cast<std::int32_t>(total), factor);
  const std::int32_t zero = y.quantization.zero_point;
  const QuantizedRange range = ActivationRange(options.activation, y.type,
                                               y.quantization.scale[0], zero);
  const double stored = Raw(y, index) + zero;
  ASSERT_EQ(stored, std::clamp(scaled + zero, range.low, range.high));
  // And it is near the real value, whatever the fixed-point form of the factor.
  const double real = std::clamp<double>((sum + bias) * x_scale * w_scale,
                                         clamp.low, clamp.high);
  ASSERT_NEAR(stored,
              std::clamp<double>(real / y_scale + zero, range.low, range.high),
              1.0 + std::abs(real / y_scale) * 0x1p-15);
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_WEIGHTED_SUM_TEST_SUPPORT_H_
