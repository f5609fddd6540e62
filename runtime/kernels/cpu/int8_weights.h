// Constant 8-bit weights with bias: what the convolutions and FULLY_CONNECTED
// check in Prepare and pack.
//
//   acc[c] = bias[c] + sum_i (x[i] - x.zero_point) * (w[c][i] - w.zero_point)
//   y[c]   = clamp(Requantize(acc[c], factor[c]) + y.zero_point)
//
// int8: x, y per tensor, w symmetric, one scale or one per channel; uint8: all
// per tensor. factor = x.scale * w.scale / y.scale in double precision; where
// the format has one factor for the tensor, the product is rounded to f32.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_WEIGHTS_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_WEIGHTS_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/cpu/int8_channels.h"
#include "runtime/kernels/cpu/int8_gemm.h"
#include "runtime/kernels/cpu/int8_pack.h"

namespace sotto::runtime {

struct Int8Weights {
  const Tensor *x, *w, *bias, *y;  // bias may be null
  std::size_t axis;                // of w's channels
  // w[c][i] lies at c * channel_step + i * step, i < size.
  std::size_t channels, channel_step, step, size;
  // One scale for all of w: the product of scales is a float.
  bool float_product;

  bool is_signed() const { return x->type == ElementType::kInt8; }
  // Turns a stored x into the u8 that kernels multiply, and such a y back.
  std::uint8_t flip() const { return is_signed() ? 0x80 : 0; }
  std::int32_t x_zero() const {
    return x->quantization.zero_point + (is_signed() ? 128 : 0);
  }
  std::int32_t y_zero() const {
    return y->quantization.zero_point - (is_signed() ? 0 : 128);
  }
  const std::uint8_t* Row(std::size_t c) const {
    return w->as<const std::uint8_t>() + c * channel_step;
  }
  Int8Stored stored() const {
    return is_signed()
               ? Int8Stored{0x80, 128}
               : Int8Stored{
                     0, static_cast<std::uint8_t>(w->quantization.zero_point)};
  }
  // What the true integer is more than a weight packed as s8: 0 for int8.
  std::int32_t excess() const {
    return is_signed() ? 0 : 128 - w->quantization.zero_point;
  }
  // Fills in `lane`; false where channel `c`, of these sums, is out of range.
  bool SetChannel(std::size_t c, const Int8WeightSums& sums, std::size_t lane,
                  Int8Channels* channels) const;
};

// Types, quantisation, bias, every channel's range. UNIMPLEMENTED: other types,
// weights that are no constant, factors of 1 and more.
StatusCode CheckInt8Weights(PrepareContext& context,
                            const Int8Weights& weights);

// Clamp of y as s8, for the fused activation.
struct Int8Clamp {
  std::int8_t low, high;
};
Int8Clamp ClampOf(const Tensor& y, Activation activation);

// Panels for RunInt8Gemm, then the ones of SumInt8Rows where excess() != 0.
std::size_t PackedInt8Bytes(const Int8GemmShape& shape,
                            const Int8Weights& weights);
// A segment has segment_size weights.
void PackInt8(const Int8GemmShape& shape, const Int8Weights& weights,
              std::size_t segment_size, std::uint8_t* packed);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_WEIGHTS_H_
