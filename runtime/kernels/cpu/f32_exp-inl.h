// e^x on vectors, included once per instruction set.
//
// x = n ln 2 + r with |r| <= ln(2) / 2; e^r - 1 by its series to r^7, whose
// next term is below 1.5e-8; then a scaling by 2^n. Within 2e-7, relative.
// NaN stays NaN.

#if defined(SOTTO_RUNTIME_KERNELS_CPU_F32_EXP_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOTTO_RUNTIME_KERNELS_CPU_F32_EXP_INL_H_
#undef SOTTO_RUNTIME_KERNELS_CPU_F32_EXP_INL_H_
#else
#define SOTTO_RUNTIME_KERNELS_CPU_F32_EXP_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {

// e^x = scale * (1 + rest). Below -87 the scale is 0, above 88 it is that of
// 88.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
struct F32Exp {
  V scale, rest;

  HWY_INLINE F32Exp(D d, V x) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::RebindToSigned<D> integers;
    const V low = hn::Set(d, -87.0f);
    const V clamped = hn::Min(hn::Max(x, low), hn::Set(d, 88.0f));
    const V n = hn::Round(hn::Mul(clamped, hn::Set(d, 1.44269504f)));
    // ln 2 in two parts; n times the first is exact.
    V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), clamped);
    r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
    V p = hn::Set(d, 1.0f / 5040);
    p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 720));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 120));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 24));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 6));
    p = hn::MulAdd(p, r, hn::Set(d, 0.5f));
    rest = hn::MulAdd(hn::Mul(r, r), p, r);
    const auto exponent =
        hn::Add(hn::ConvertTo(integers, n), hn::Set(integers, 127));
    scale = hn::BitCast(d, hn::ShiftLeft<23>(exponent));
    scale = hn::IfThenElse(hn::Lt(x, low), hn::Zero(d), scale);
    scale = hn::IfThenElse(hn::IsNaN(x), x, scale);
  }

  HWY_INLINE V Exp() const {
    return hwy::HWY_NAMESPACE::MulAdd(scale, rest, scale);
  }
  // e^x - 1, exact to the last bits near x = 0 too.
  HWY_INLINE V MinusOne(D d) const {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::MulAdd(scale, rest, hn::Sub(scale, hn::Set(d, 1.0f)));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
