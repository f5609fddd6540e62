// ADD of two int8 or two uint8 tensors of one shape, bit for bit as in
// elementwise/quantized_sum.cc. Each of its three steps is a rescaling by a
// factor below 1, of numbers that are not negative once a constant is added:
//
//   a' = Rescale(a_u8 << 20),  b' likewise,  y = Rescale(a' + b' + 2^29)
//
// Overflow: |a'|, |b'| <= 255 * 2^20 / 2 < 2^27. Reads activation.
//
// Larger tensors go by the linear form of int8_sum_form.h where there is one
// and vpdpwssd: 16384 elements take 1.4 us in place of 6.1.

#include "runtime/kernels/cpu/int8_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/int8_add.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_ops-inl.h"
#include "runtime/kernels/cpu/int8_sum_form.h"
#include "runtime/kernels/cpu/int8_weights.h"
#include "runtime/kernels/elementwise/operands.h"

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_ADD_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_ADD_
namespace sotto::runtime {

constexpr int kInt8AddShift = 20;
constexpr std::int32_t kInt8AddStart = std::int32_t{1} << 29;
// Looking for a form takes 5 us, which it saves in five calls of this size.
constexpr std::size_t kMinInt8SumForm = 4096;

struct Int8Add {
  Int8Channels a, b, y;
  std::uint8_t flip;  // stored byte to u8
  Int8Clamp clamp;
  // The factor is exactly 1/2, as one of a's and b's always is: rescaling is a
  // shift less.
  bool a_halves, b_halves;
  std::int32_t a_zero, b_zero;
  bool has_form;
  Int8SumForm form;
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

#if HWY_TARGET == HWY_AVX3_DL
// 64 sums of u8 numbers, as s8, in order.
HWY_INLINE __m512i SumForm(const Int8SumForm& form, __m512i a, __m512i b) {
  const auto pair = [](std::int16_t low, std::int16_t high) HWY_ATTR {
    return _mm512_set1_epi32(static_cast<std::int32_t>(
        static_cast<std::uint32_t>(static_cast<std::uint16_t>(low)) |
        static_cast<std::uint32_t>(static_cast<std::uint16_t>(high)) << 16));
  };
  const __m512i zero = _mm512_setzero_si512();
  const auto sum = [&](__m512i words) HWY_ATTR {
    const __m512i high =
        _mm512_dpwssd_epi32(_mm512_set1_epi32(form.start_high), words,
                            pair(form.a_high, form.b_high));
    const __m512i low = _mm512_dpwssd_epi32(
        _mm512_set1_epi32(form.start_low), words, pair(form.a_low, form.b_low));
    return _mm512_srai_epi32(_mm512_add_epi32(high, _mm512_srai_epi32(low, 15)),
                             13);
  };
  const __m512i first = _mm512_unpacklo_epi8(a, b);
  const __m512i second = _mm512_unpackhi_epi8(a, b);
  return _mm512_packs_epi16(
      _mm512_packs_epi32(sum(_mm512_unpacklo_epi8(first, zero)),
                         sum(_mm512_unpackhi_epi8(first, zero))),
      _mm512_packs_epi32(sum(_mm512_unpacklo_epi8(second, zero)),
                         sum(_mm512_unpackhi_epi8(second, zero))));
}

void AddByForm(const Int8Add& add, const std::uint8_t* a, const std::uint8_t* b,
               std::size_t size, std::uint8_t* y) {
  const __m512i in_flip = _mm512_set1_epi8(static_cast<char>(add.flip));
  const __m512i out_flip = _mm512_set1_epi8(static_cast<char>(add.flip ^ 0x80));
  const __m512i low = _mm512_set1_epi8(add.clamp.low);
  const __m512i high = _mm512_set1_epi8(add.clamp.high);
  for (std::size_t i = 0; i < size; i += 64) {
    const __mmask64 mask =
        size - i >= 64 ? ~__mmask64{0} : (__mmask64{1} << (size - i)) - 1;
    const __m512i sums = SumForm(
        add.form,
        _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, a + i), in_flip),
        _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, b + i), in_flip));
    _mm512_mask_storeu_epi8(
        y + i, mask,
        _mm512_xor_si512(_mm512_min_epi8(_mm512_max_epi8(sums, low), high),
                         out_flip));
  }
}
#endif

void AddImpl(const Int8Add& add, const std::uint8_t* a, const std::uint8_t* b,
             std::size_t size, std::uint8_t* y) {
#if HWY_TARGET == HWY_AVX3_DL
  if (add.has_form) return AddByForm(add, a, b, size, y);
#endif
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
  add->has_form =
      y.shape.Elements() >= kMinInt8SumForm &&
      FindInt8SumForm(
          {add->a_zero, ToFixedPoint(ScaleOf(a, 0) / twice_larger)},
          {add->b_zero, ToFixedPoint(ScaleOf(b, 0) / twice_larger)}, y_factor,
          y.quantization.zero_point - (is_signed ? 0 : 128), &add->form);
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
  // A third of a nanosecond an element, or less.
  context.ParallelFor(size, 4096, size / (add.has_form ? 16 : 3),
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
