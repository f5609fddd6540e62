// What convolutions and matrix products share: y = f(sum of x * w, bias).
//
//            x      w                        bias            y
//   f32      f32    f32                      f32             f32
//   hybrid   f32    int8, scale a channel    f32             f32
//   s8       int8   int8, scale a channel    int32           int8
//   u8       uint8  uint8, one scale         int32           uint8
//   s16      int16  int8, scale a channel    int32 or int64  int16
//
// "A channel": one scale for all is as good. Zero points: x and y any (s16: 0),
// w 0 (u8: any). The bias may be absent; it has one element a channel, of scale
// x.scale * w.scale[channel].

#ifndef SOTTO_RUNTIME_KERNELS_NN_OPERANDS_H_
#define SOTTO_RUNTIME_KERNELS_NN_OPERANDS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {

struct Operands {
  const Tensor* x;
  const Tensor* w;
  const Tensor* bias;  // or null
  const Tensor* y;
  std::size_t dimension;  // of w: the channels of y
  // A matrix product's rules: with one scale for w, the product of the two
  // scales is rounded to single precision; without a bias, int16 rescales in 32
  // bits; int8 weights of one scale may have a zero point.
  bool is_matrix_product = false;

  std::size_t channels() const {
    return static_cast<std::size_t>(w->shape[dimension]);
  }
};

// INVALID_ARGUMENT: the bias has a wrong size. UNIMPLEMENTED: another line of
// the table, or an activation that is no clamp.
StatusCode CheckF32(PrepareContext& context, const Op& op,
                    const Operands& operands);
// The same, and INVALID_ARGUMENT for unusable scales.
StatusCode CheckHybrid(PrepareContext& context, const Op& op,
                       const Operands& operands);
// The lines s8, u8 and s16, by the type that x must have. On success op.state
// holds the factors that Rescaler reads. RESOURCE_EXHAUSTED: no room for them.
StatusCode PrepareQuantized(PrepareContext& context, Op& op,
                            const Operands& operands, ElementType type);

// From an exact sum to the stored value of T:
//   clamp(y_zero + Requantize(sum + bias[c], factor[c]))
// in 32 bits, where a sum that does not fit them saturates; in 64 bits for
// int16 with a 64-bit bias or, of convolutions, none. Biases saturate to 2^60.
template <typename T>
class Rescaler {
 public:
  Rescaler(const Op& op, const Operands& operands)
      : factors_(static_cast<const FixedPoint*>(op.state)),
        per_channel_(operands.w->quantization.count > 1),
        wide_(sizeof(T) == 2 &&
              (operands.bias == nullptr
                   ? !operands.is_matrix_product
                   : operands.bias->type == ElementType::kInt64)),
        bias_(operands.bias == nullptr ? nullptr : operands.bias->data),
        zero_(operands.y->quantization.zero_point),
        range_(ActivationRange(op.options.activation, operands.y->type,
                               operands.y->quantization.scale[0], zero_)) {}

  T operator()(std::int64_t sum, std::size_t channel) const {
    const FixedPoint factor = factors_[per_channel_ ? channel : 0];
    std::int32_t value = 0;
    if (wide_) {
      constexpr std::int64_t kLimit = std::int64_t{1} << 60;
      if (bias_ != nullptr) {
        sum += std::clamp(static_cast<const std::int64_t*>(bias_)[channel],
                          -kLimit, kLimit);
      }
      value = Requantize(sum, factor);
    } else {
      if (bias_ != nullptr) {
        sum += static_cast<const std::int32_t*>(bias_)[channel];
      }
      value = Requantize(SaturateToInt32(sum), factor);
    }
    return static_cast<T>(Offset(value, zero_, range_));
  }

 private:
  const FixedPoint* factors_;
  bool per_channel_, wide_;
  const void* bias_;
  std::int32_t zero_;
  QuantizedRange range_;
};

// From a sum in double precision: clamp(sum + bias[c]).
class FloatFinish {
 public:
  FloatFinish(const Op& op, const Tensor* bias)
      : bias_(bias == nullptr ? nullptr : bias->floats()),
        range_(RangeOf(op.options.activation)) {}

  float operator()(double sum, std::size_t channel) const {
    if (bias_ != nullptr) sum += bias_[channel];
    return std::min(std::max(static_cast<float>(sum), range_.low), range_.high);
  }

 private:
  const float* bias_;
  ClampRange range_;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_OPERANDS_H_
