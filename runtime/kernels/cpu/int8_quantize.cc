// QUANTIZE of f32 to int8, uint8 and int16, and DEQUANTIZE of them with one
// scale, bit for bit as in elementwise/quantize.cc and
// elementwise/dequantize.cc:
//
//   QUANTIZE     y = clamp(trunc(r + copysign(h, r)) + zero), r = x / scale
//                limited both ways, 0 for NaN; h is the float below 0.5
//   DEQUANTIZE   y = scale * (x - zero)
//
// The clamp is that narrowing saturates. Highway 1.0.3 narrows 32 bits to u8 by
// way of 16 bits, so r is limited to 2^14 for 8 bits, to 2^20 for 16: further
// out results are at an end of the range all the same. 784 values take 0.1 us
// where the plain loop takes 1.6.

#include "runtime/kernels/cpu/int8_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/int8_quantize.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>

#include "hwy/highway.h"
#include "runtime/kernels/elementwise/operands.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;

template <typename T>
HWY_INLINE void QuantizeVector(const float* HWY_RESTRICT x, float scale,
                               std::int32_t zero, T* HWY_RESTRICT y) {
  const FloatTag d;
  const hn::Rebind<std::int32_t, FloatTag> di;
  const hn::Rebind<T, FloatTag> dt;
  constexpr float kLimit = sizeof(T) == 1 ? 0x1p14f : 0x1p20f;
  const auto ratio = hn::Div(hn::LoadU(d, x), hn::Set(d, scale));
  const auto known = hn::IfThenElseZero(hn::Eq(ratio, ratio), ratio);
  const auto limited =
      hn::Clamp(known, hn::Set(d, -kLimit), hn::Set(d, kLimit));
  const auto rounded = hn::ConvertTo(
      di,
      hn::Add(limited, hn::CopySignToAbs(hn::Set(d, 0x1.fffffep-2f), limited)));
  hn::StoreU(hn::DemoteTo(dt, hn::Add(rounded, hn::Set(di, zero))), dt, y);
}

template <typename T>
HWY_INLINE void DequantizeVector(const T* HWY_RESTRICT x, float scale,
                                 std::int32_t zero, float* HWY_RESTRICT y) {
  const FloatTag d;
  const hn::Rebind<std::int32_t, FloatTag> di;
  const hn::Rebind<T, FloatTag> dt;
  const auto value =
      hn::Sub(hn::PromoteTo(di, hn::LoadU(dt, x)), hn::Set(di, zero));
  hn::StoreU(hn::Mul(hn::Set(d, scale), hn::ConvertTo(d, value)), d, y);
}

// vector(from, to) on whole vectors; the last one overlaps that before it. x
// and y do not overlap.
template <typename In, typename Out, typename Vector>
HWY_INLINE void ForEachVector(const In* x, std::size_t size, Out* y,
                              const Vector& vector) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  if (size < lanes) {
    In in[hn::MaxLanes(FloatTag())] = {};
    Out out[hn::MaxLanes(FloatTag())];
    std::copy(x, x + size, in);
    vector(in, out);
    std::copy(out, out + size, y);
    return;
  }
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) vector(x + i, y + i);
  if (i < size) vector(x + size - lanes, y + size - lanes);
}

template <typename T>
HWY_INLINE void QuantizeTo(const float* x, std::size_t size, float scale,
                           std::int32_t zero, void* y, std::size_t first) {
  ForEachVector(x + first, size, static_cast<T*>(y) + first,
                [scale, zero](const float* from, T* to)
                    HWY_ATTR { QuantizeVector(from, scale, zero, to); });
}

template <typename T>
HWY_INLINE void DequantizeFrom(const void* x, std::size_t size, float scale,
                               std::int32_t zero, float* y, std::size_t first) {
  ForEachVector(static_cast<const T*>(x) + first, size, y + first,
                [scale, zero](const T* from, float* to)
                    HWY_ATTR { DequantizeVector(from, scale, zero, to); });
}

// Elements [first, first + size).
void QuantizeImpl(const Tensor& x, const Tensor& y, std::size_t first,
                  std::size_t size) {
  const float scale = y.quantization.scale[0];
  const std::int32_t zero = y.quantization.zero_point;
  if (y.type == ElementType::kInt8) {
    QuantizeTo<std::int8_t>(x.floats(), size, scale, zero, y.data, first);
  } else if (y.type == ElementType::kUint8) {
    QuantizeTo<std::uint8_t>(x.floats(), size, scale, zero, y.data, first);
  } else {
    QuantizeTo<std::int16_t>(x.floats(), size, scale, zero, y.data, first);
  }
}

void DequantizeImpl(const Tensor& x, const Tensor& y, std::size_t first,
                    std::size_t size) {
  const float scale = x.quantization.scale[0];
  const std::int32_t zero = x.quantization.zero_point;
  if (x.type == ElementType::kInt8) {
    DequantizeFrom<std::int8_t>(x.data, size, scale, zero, y.floats(), first);
  } else if (x.type == ElementType::kUint8) {
    DequantizeFrom<std::uint8_t>(x.data, size, scale, zero, y.floats(), first);
  } else {
    DequantizeFrom<std::int16_t>(x.data, size, scale, zero, y.floats(), first);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

extern const Kernel kDequantize, kQuantize;

namespace {

HWY_EXPORT(QuantizeImpl);
HWY_EXPORT(DequantizeImpl);

StatusCode PrepareQuantize(PrepareContext& context, Op& op) {
  const StatusCode code = kQuantize.Prepare(context, op);
  if (code != StatusCode::kOk) return code;
  return Contains(kQuantizedTypes, op.outputs[0]->type)
             ? StatusCode::kOk
             : context.Fail(StatusCode::kUnimplemented, "not to 8 or 16 bits");
}

StatusCode PrepareDequantize(PrepareContext& context, Op& op) {
  const StatusCode code = kDequantize.Prepare(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor& x = *op.inputs[0];
  return Contains(kQuantizedTypes, x.type) && IsQuantizedPerTensor(x)
             ? StatusCode::kOk
             : context.Fail(StatusCode::kUnimplemented,
                            "not from 8 or 16 bits with one scale");
}

StatusCode EvalQuantize(EvalContext& context, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const std::size_t size = x.shape.Elements();
  // Eight elements a nanosecond.
  context.ParallelFor(size, 4096, size / 8,
                      [&](std::size_t begin, std::size_t end, int) {
                        HWY_DYNAMIC_DISPATCH(QuantizeImpl)
                        (x, y, begin, end - begin);
                      });
  return StatusCode::kOk;
}

StatusCode EvalDequantize(EvalContext& context, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const std::size_t size = x.shape.Elements();
  context.ParallelFor(size, 4096, size / 16,
                      [&](std::size_t begin, std::size_t end, int) {
                        HWY_DYNAMIC_DISPATCH(DequantizeImpl)
                        (x, y, begin, end - begin);
                      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kQuantizeInt8 = {PrepareQuantize, EvalQuantize};
extern const Kernel kDequantizeInt8 = {PrepareDequantize, EvalDequantize};

}  // namespace sotto::runtime
#endif  // HWY_ONCE
