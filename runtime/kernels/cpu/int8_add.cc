// ADD of two int8 or two uint8 tensors of one shape, bit for bit as in
// elementwise/quantized_sum.cc. Each of its three steps is a rescaling by a
// factor below 1, of numbers that are not negative once a constant is added:
//
//   a' = Rescale(a_u8 << 20),  b' likewise,  y = Rescale(a' + b' + 2^29)
//
// Overflow: |a'|, |b'| <= 255 * 2^20 / 2 < 2^27. Reads activation.

#include "runtime/kernels/cpu/int8_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/int8_add.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_ops-inl.h"
#include "runtime/kernels/cpu/int8_weights.h"
#include "runtime/kernels/elementwise/operands.h"

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_ADD_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_ADD_
namespace sotto::runtime {

constexpr int kInt8AddShift = 20;
constexpr std::int32_t kInt8AddStart = std::int32_t{1} << 29;

struct Int8Add {
  Int8Channels a, b, y;
  std::uint8_t flip;  // stored byte to u8
  Int8Clamp clamp;
  // The factor is exactly 1/2, as one of a's and b's always is: rescaling is a
  // shift less.
  bool a_halves, b_halves;
  std::int32_t a_zero, b_zero;
};

}  // namespace sotto::runtime
#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_ADD_

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {

// 16 bytes a row, in vectors, brought to twice the larger scale.
template <bool kHalves, std::size_t kRows>
HWY_INLINE void Scale(const std::uint8_t* from, std::uint8_t flip,
                      std::int32_t zero, const Int8Channels& channels,
                      Int8Vec (&rows)[kRows][kInt8Vectors]) {
  const Int8Tag d;
  const hn::Rebind<std::uint8_t, Int8Tag> d8;
  SOTTO_INT8_UNROLL
  for (std::size_t v = 0; v < kInt8Vectors; ++v) {
    SOTTO_INT8_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      const Int8Vec wide = hn::PromoteTo(
          d, hn::Xor(hn::LoadU(d8, from + r * kInt8Panel + v * kInt8Lanes),
                     hn::Set(d8, flip)));
      rows[r][v] = kHalves ? hn::ShiftLeft<kInt8AddShift - 1>(
                                 hn::Sub(wide, hn::Set(d, zero)))
                           : hn::ShiftLeft<kInt8AddShift>(wide);
    }
    if constexpr (!kHalves) RescaleRows(rows, v, channels, v);
  }
}

// The first `count` of 16 * kRows elements.
template <std::size_t kRows, bool kAHalves, bool kBHalves>
HWY_INLINE void AddRows(const Int8Add& add, const std::uint8_t* a,
                        const std::uint8_t* b, std::size_t count,
                        std::uint8_t* y) {
  const Int8Tag d;
  Int8Vec left[kRows][kInt8Vectors], right[kRows][kInt8Vectors];
  Scale<kAHalves>(a, add.flip, add.a_zero, add.a, left);
  Scale<kBHalves>(b, add.flip, add.b_zero, add.b, right);
  SOTTO_INT8_UNROLL
  for (std::size_t v = 0; v < kInt8Vectors; ++v) {
    SOTTO_INT8_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      left[r][v] =
          hn::Add(hn::Add(left[r][v], right[r][v]), hn::Set(d, kInt8AddStart));
    }
    RescaleRows(left, v, add.y, v);
  }
  SOTTO_INT8_UNROLL
  for (std::size_t r = 0; r < kRows; ++r) {
    Store16(left[r],
            {add.clamp.low, add.clamp.high,
             static_cast<std::uint8_t>(add.flip ^ 0x80)},
            std::min(count - r * kInt8Panel, kInt8Panel), y + r * kInt8Panel);
  }
}

template <bool kAHalves, bool kBHalves>
void AddAll(const Int8Add& add, const std::uint8_t* a, const std::uint8_t* b,
            std::size_t size, std::uint8_t* y) {
  std::size_t i = 0;
  for (; i + 64 <= size; i += 64) {
    AddRows<4, kAHalves, kBHalves>(add, a + i, b + i, 64, y + i);
  }
  for (; i + 16 <= size; i += 16) {
    AddRows<1, kAHalves, kBHalves>(add, a + i, b + i, 16, y + i);
  }
  if (i == size) return;
  std::uint8_t left[16] = {}, right[16] = {};
  std::copy(a + i, a + size, left);
  std::copy(b + i, b + size, right);
  AddRows<1, kAHalves, kBHalves>(add, left, right, size - i, y + i);
}

void AddImpl(const Int8Add& add, const std::uint8_t* a, const std::uint8_t* b,
             std::size_t size, std::uint8_t* y) {
  if (add.a_halves && add.b_halves) {
    AddAll<true, true>(add, a, b, size, y);
  } else if (add.a_halves) {
    AddAll<true, false>(add, a, b, size, y);
  } else {
    AddAll<false, true>(add, a, b, size, y);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {
namespace {

HWY_EXPORT(AddImpl);

StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = PrepareBinary(context, op, kEightBit);
  if (code == StatusCode::kOk) code = CheckQuantized(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor &a = *op.inputs[0], &b = *op.inputs[1], &y = *op.outputs[0];
  if (!(a.shape == b.shape) || !IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "broadcast, or an activation that is no clamp");
  }
  auto* memory = static_cast<std::uint8_t*>(
      context.AllocateState(sizeof(Int8Add) + alignof(Int8Add)));
  if (memory == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "no room for factors");
  }
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  auto* add = reinterpret_cast<Int8Add*>(
      memory + (alignof(Int8Add) - address % alignof(Int8Add)));
  const bool is_signed = a.type == ElementType::kInt8;
  add->flip = is_signed ? 0x80 : 0;
  add->clamp = ClampOf(y, op.options.activation);
  const double twice_larger = 2.0 * std::max(ScaleOf(a, 0), ScaleOf(b, 0));
  // Rescale from u = value << 20 in [0, 255 << 20]: "weights" of 2^20.
  const auto input = [&](const Tensor& t, Int8Channels* channels,
                         std::int32_t* zero_of, bool* halves) {
    const std::int32_t zero = t.quantization.zero_point + (is_signed ? 128 : 0);
    const FixedPoint factor = ToFixedPoint(ScaleOf(t, 0) / twice_larger);
    *zero_of = zero;
    *halves = factor.multiplier == 1 << 30 && factor.shift == 0;
    for (std::size_t c = 0; c < kInt8Panel; ++c) {
      if (!SetInt8Channel({.input_zero = zero, .output_zero = 0},
                          {.positive = 1 << kInt8AddShift, .negative = 0}, 0,
                          factor, c, channels)) {
        return false;
      }
    }
    return true;
  };
  const FixedPoint y_factor = ToFixedPoint(
      twice_larger / ((1 << kInt8AddShift) * double{ScaleOf(y, 0)}));
  bool fits = input(a, &add->a, &add->a_zero, &add->a_halves) &&
              input(b, &add->b, &add->b_zero, &add->b_halves) &&
              (add->a_halves || add->b_halves);
  for (std::size_t c = 0; c < kInt8Panel; ++c) {
    // u = a' + b' + 2^29 < 2^30: "weights" of 2^22 and a bias.
    fits = fits && SetInt8Channel({.input_zero = 0,
                                   .output_zero = y.quantization.zero_point -
                                                  (is_signed ? 0 : 128)},
                                  {.positive = 1 << 22, .negative = 0},
                                  -kInt8AddStart, y_factor, c, &add->y);
  }
  if (!fits) {
    return context.Fail(StatusCode::kUnimplemented,
                        "the scales are too far apart");
  }
  op.state = add;
  context.AllowInPlace(0, 0);
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const auto& add = *static_cast<const Int8Add*>(op.state);
  const auto* const a = op.inputs[0]->as<const std::uint8_t>();
  const auto* const b = op.inputs[1]->as<const std::uint8_t>();
  auto* const y = op.outputs[0]->as<std::uint8_t>();
  const std::size_t size = op.outputs[0]->shape.Elements();
  // Half a nanosecond an element.
  context.ParallelFor(size, 4096, size / 2,
                      [&](std::size_t begin, std::size_t end, int) {
                        HWY_DYNAMIC_DISPATCH(AddImpl)
                        (add, a + begin, b + begin, end - begin, y + begin);
                      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kAddInt8 = {Prepare, Eval};

}  // namespace sotto::runtime
#endif  // HWY_ONCE
