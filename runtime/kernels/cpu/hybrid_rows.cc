#include "runtime/kernels/cpu/hybrid_rows.h"

#include "runtime/kernels/cpu/int8_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/hybrid_rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <cstring>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {

using FloatTag = hn::Rebind<float, Int8Tag>;
using FloatVec = hn::Vec<FloatTag>;

// The lesser and the greater, `known` where x is NaN.
HWY_INLINE FloatVec Less(FloatVec x, FloatVec known) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  return hn::Min(x, known);  // the second where they do not compare
#else
  return hn::IfThenElse(hn::Lt(x, known), x, known);
#endif
}
HWY_INLINE FloatVec Greater(FloatVec x, FloatVec known) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  return hn::Max(x, known);
#else
  return hn::IfThenElse(hn::Gt(x, known), x, known);
#endif
}

HWY_INLINE FloatRange RangeOf(const float* HWY_RESTRICT x, std::size_t size) {
  const FloatTag d;
  FloatRange range;
  std::size_t i = 0;
  if (size >= kInt8Lanes) {
    // Four of each: one takes its next step four cycles after the last.
    FloatVec low[4], high[4];
    SOTTO_INT8_UNROLL
    for (std::size_t v = 0; v < 4; ++v) low[v] = high[v] = hn::Zero(d);
    for (; i + 4 * kInt8Lanes <= size; i += 4 * kInt8Lanes) {
      SOTTO_INT8_UNROLL
      for (std::size_t v = 0; v < 4; ++v) {
        const FloatVec values = hn::LoadU(d, x + i + v * kInt8Lanes);
        low[v] = Less(values, low[v]);
        high[v] = Greater(values, high[v]);
      }
    }
    const auto add = [&](std::size_t at) HWY_ATTR {
      const FloatVec values = hn::LoadU(d, x + at);
      low[0] = Less(values, low[0]);
      high[0] = Greater(values, high[0]);
    };
    for (; i + kInt8Lanes <= size; i += kInt8Lanes) add(i);
    if (i < size) add(size - kInt8Lanes);
    i = size;
    // No NaN from here on.
    const FloatVec least =
        hn::Min(hn::Min(low[0], low[1]), hn::Min(low[2], low[3]));
    const FloatVec greatest =
        hn::Max(hn::Max(high[0], high[1]), hn::Max(high[2], high[3]));
    range.low = hn::GetLane(hn::MinOfLanes(d, least));
    range.high = hn::GetLane(hn::MaxOfLanes(d, greatest));
  }
  for (; i < size; ++i) {
    range.low = std::min(range.low, x[i]);
    range.high = std::max(range.high, x[i]);
  }
  return range;
}

struct Quantizer {
  FloatVec zero, inverse, low, high;

  HWY_INLINE Quantizer(const RowQuantization& row, bool asymmetric) {
    const FloatTag d;
    const QuantizedRange range = RowRange(asymmetric);
    zero = hn::Set(d, static_cast<float>(row.zero));
    inverse = hn::Set(d, row.inverse);
    low = hn::Set(d, static_cast<float>(range.low));
    high = hn::Set(d, static_cast<float>(range.high));
  }
  // q of a vector.
  HWY_INLINE Int8Vec operator()(const float* x) const {
    const FloatTag d;
    FloatVec value = hn::Add(zero, hn::Mul(hn::LoadU(d, x), inverse));
    value = hn::IfThenElseZero(hn::Eq(value, value), value);
    value = hn::Min(hn::Max(value, low), high);
    // Halves away from zero: what is added to a magnitude is the float before
    // one half, so that only fractions from one half on reach the next integer.
    constexpr float kHalf = 0.49999997f;
    value = hn::Add(value, hn::CopySignToAbs(hn::Set(d, kHalf), value));
#if HWY_TARGET == HWY_AVX3_DL
    return Int8Vec{_mm512_cvttps_epi32(value.raw)};
#else
    return hn::ConvertTo(Int8Tag(), value);
#endif
  }
};

// Calls block(at) for each vector of [begin, size); the last one overlaps the
// one before.
template <class Block>
HWY_INLINE void ForEachVector(std::size_t begin, std::size_t size,
                              const Block& block) {
  std::size_t i = begin;
  for (; i + kInt8Lanes <= size; i += kInt8Lanes) block(i);
  if (i < size) block(size - kInt8Lanes);
}

HWY_INLINE void ToBytes(const float* HWY_RESTRICT x, std::size_t size,
                        const RowQuantization& row, bool asymmetric,
                        std::uint8_t* HWY_RESTRICT out) {
  const Quantizer quantize(row, asymmetric);
  if (size < kInt8Lanes) {
    alignas(64) float all[kInt8Lanes] = {};
    alignas(64) std::int32_t values[kInt8Lanes];
    std::memcpy(all, x, size * sizeof(float));
    hn::Store(quantize(all), Int8Tag(), values);
    for (std::size_t i = 0; i < size; ++i) {
      out[i] = static_cast<std::uint8_t>(values[i] + 128);
    }
    return;
  }
  std::size_t i = 0;
#if HWY_TARGET == HWY_AVX3_DL
  // Each 128 bits of the packed bytes hold four of each vector.
  const __m512i order =
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  for (; i + 4 * kInt8Lanes <= size; i += 4 * kInt8Lanes) {
    __m512i bytes = _mm512_packs_epi16(
        _mm512_packs_epi32(quantize(x + i).raw, quantize(x + i + 16).raw),
        _mm512_packs_epi32(quantize(x + i + 32).raw, quantize(x + i + 48).raw));
    bytes = _mm512_xor_si512(bytes, _mm512_set1_epi8(-128));
    _mm512_storeu_si512(out + i, _mm512_permutexvar_epi32(order, bytes));
  }
#endif
  ForEachVector(i, size, [&](std::size_t at) HWY_ATTR {
    const hn::Rebind<std::int8_t, Int8Tag> d8;
    const auto bytes = hn::DemoteTo(d8, quantize(x + at));
    hn::StoreU(hn::Xor(bytes, hn::Set(d8, std::int8_t{-128})), d8,
               reinterpret_cast<std::int8_t*>(out) + at);
  });
}

FloatRange RangeImpl(const float* x, std::size_t size) {
  return RangeOf(x, size);
}

void ToBytesImpl(const float* x, std::size_t size, const RowQuantization& row,
                 bool asymmetric, std::uint8_t* out) {
  ToBytes(x, size, row, asymmetric, out);
}

RowQuantization WholeRowImpl(const float* x, std::size_t size, bool asymmetric,
                             std::uint8_t* out) {
  const FloatRange range = RangeOf(x, size);
  const RowQuantization row = QuantizationOf(range.low, range.high, asymmetric);
  ToBytes(x, size, row, asymmetric, out);
  return row;
}

void ToFloatsImpl(const float* HWY_RESTRICT x, std::size_t size,
                  const RowQuantization& row, bool asymmetric,
                  float* HWY_RESTRICT out) {
  const FloatTag d;
  const Quantizer quantize(row, asymmetric);
  const Int8Vec zero = hn::Set(Int8Tag(), row.zero);
  const auto block = [&](const float* from, float* to) HWY_ATTR {
    hn::StoreU(hn::ConvertTo(d, hn::Sub(quantize(from), zero)), d, to);
  };
  if (size < kInt8Lanes) {
    alignas(64) float all[kInt8Lanes] = {}, values[kInt8Lanes];
    std::memcpy(all, x, size * sizeof(float));
    block(all, values);
    std::memcpy(out, values, size * sizeof(float));
    return;
  }
  ForEachVector(0, size,
                [&](std::size_t at) HWY_ATTR { block(x + at, out + at); });
}

void FinishImpl(const HybridFinish& f, std::size_t pixels, float* y) {
  const FloatTag d;
  const FloatVec low = hn::Set(d, f.clamp.low), high = hn::Set(d, f.clamp.high);
  const FloatVec x_scale = hn::Set(d, f.x_scale);
  for (; pixels > 0; --pixels, y += f.channels) {
    std::size_t c = 0;
    for (; c + kInt8Lanes <= f.channels; c += kInt8Lanes) {
      const FloatVec sum =
          hn::Mul(hn::LoadU(d, y + c), hn::LoadU(d, f.scale + c));
      const FloatVec value = hn::MulAdd(sum, x_scale, hn::LoadU(d, f.bias + c));
      // The value comes second: what x86 returns where it is NaN.
      hn::StoreU(hn::Min(high, hn::Max(low, value)), d, y + c);
    }
    for (; c < f.channels; ++c) {
      const float value = y[c] * f.scale[c] * f.x_scale + f.bias[c];
      y[c] = std::min(std::max(value, f.clamp.low), f.clamp.high);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(RangeImpl);
HWY_EXPORT(ToBytesImpl);
HWY_EXPORT(ToFloatsImpl);
HWY_EXPORT(WholeRowImpl);
HWY_EXPORT(FinishImpl);

FloatRange RangeOfFloats(const float* x, std::size_t size) {
  return HWY_DYNAMIC_DISPATCH(RangeImpl)(x, size);
}

void QuantizeFloats(const float* x, std::size_t size,
                    const RowQuantization& row, bool asymmetric,
                    std::uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(ToBytesImpl)(x, size, row, asymmetric, out);
}

void QuantizeFloats(const float* x, std::size_t size,
                    const RowQuantization& row, bool asymmetric, float* out) {
  HWY_DYNAMIC_DISPATCH(ToFloatsImpl)(x, size, row, asymmetric, out);
}

RowQuantization QuantizeWholeRow(const float* x, std::size_t size,
                                 bool asymmetric, std::uint8_t* out) {
  return HWY_DYNAMIC_DISPATCH(WholeRowImpl)(x, size, asymmetric, out);
}

void FinishFloats(const HybridFinish& finish, std::size_t pixels, float* y) {
  HWY_DYNAMIC_DISPATCH(FinishImpl)(finish, pixels, y);
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
