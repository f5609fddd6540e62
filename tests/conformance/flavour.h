// The number formats that weighted operators come in.

#ifndef SOTTO_TESTS_CONFORMANCE_FLAVOUR_H_
#define SOTTO_TESTS_CONFORMANCE_FLAVOUR_H_

#include <cmath>
#include <string>
#include <vector>

#include "tests/conformance/case.h"

namespace sotto::conformance {

struct Flavour {
  std::string name;
  ElementType activations, weights, bias;
  bool per_channel = false;
};

inline const Flavour kFloat = {"f32", kF32, kF32, kF32};
inline const Flavour kInt8PerChannel = {"i8_channels", kI8, kI8, kI32, true};
inline const Flavour kInt8PerTensor = {"i8", kI8, kI8, kI32};
inline const Flavour kUint8Legacy = {"u8", kU8, kU8, kI32};
inline const Flavour kInt16By8 = {"i16", kI16, kI8, kI64, true};
inline const Flavour kHybrid = {"hybrid", kF32, kI8, kF32, true};
inline const Flavour kHybridPerTensor = {"hybrid_tensor", kF32, kI8, kF32};

// Operands of a weighted operator: activations x, weights with `channels`
// outputs along `dimension`, each of `length` products, a bias, the output. The
// output's scale spreads the accumulators over its type: few values saturate.
struct Weighted {
  Operand x, weights, bias, y;
};

inline Weighted Operands(const Flavour& f, Dims x, Dims weights,
                         std::int32_t channels, std::int32_t dimension,
                         std::int32_t length) {
  const float root = std::sqrt(static_cast<float>(length));
  if (f.activations == kF32) {
    Quantization q;
    if (f.weights == kI8) {
      q = f.per_channel ? Scales(0.01f, channels, dimension) : Scale(0.01f);
    }
    const Range range = f.weights == kF32 ? Range{-1, 1} : Range{-127, 127};
    return {Input(kF32, std::move(x)),
            Drawn(f.weights, std::move(weights), range, q),
            Drawn(kF32, {channels}, {-1, 1}), Output(kF32)};
  }
  const bool wide = f.activations == kI16;
  const bool legacy = f.activations == kU8;
  const float x_scale = wide ? 0.0005f : 0.05f;
  const float y_scale = (wide ? 0.00058f : 0.055f) * root;
  const Quantization wq = f.per_channel ? Scales(0.01f, channels, dimension)
                                        : Scale(0.01f, legacy ? 131 : 0);
  Quantization bq = wq;
  for (float& scale : bq.scale) scale *= x_scale;
  for (std::int64_t& zero : bq.zero_point) zero = 0;
  bq.dimension = 0;
  const double bias = wide ? 500000 : 5000;
  return {
      Input(f.activations, std::move(x),
            Scale(x_scale, wide ? 0 : (legacy ? 120 : 3))),
      Drawn(f.weights, std::move(weights),
            legacy ? Range{0, 255} : Range{-127, 127}, wq),
      Drawn(f.bias, {channels}, {-bias, bias}, bq),
      Output(f.activations, Scale(y_scale, wide ? 0 : (legacy ? 128 : -5)))};
}

}  // namespace sotto::conformance

#endif  // SOTTO_TESTS_CONFORMANCE_FLAVOUR_H_
