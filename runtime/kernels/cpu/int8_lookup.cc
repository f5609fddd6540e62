// QUANTIZE from 8 bits to 8 bits by a table of 256 bytes, which the kernel of
// elementwise/quantize.cc fills: 64 values in five instructions where a
// permutation takes its indices from bytes.

#include "runtime/kernels/cpu/int8_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/int8_lookup.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_ops-inl.h"
#include "runtime/kernels/elementwise/lookup_table.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {

void LookUpImpl(const std::uint8_t* table, const std::uint8_t* x,
                std::size_t size, std::uint8_t* y) {
  std::size_t i = 0;
#if HWY_TARGET == HWY_AVX3_DL
  const __m512i t0 = _mm512_loadu_si512(table);
  const __m512i t1 = _mm512_loadu_si512(table + 64);
  const __m512i t2 = _mm512_loadu_si512(table + 128);
  const __m512i t3 = _mm512_loadu_si512(table + 192);
  for (; i + 64 <= size; i += 64) {
    const __m512i at = _mm512_loadu_si512(x + i);
    const __m512i low = _mm512_permutex2var_epi8(t0, at, t1);
    const __m512i high = _mm512_permutex2var_epi8(t2, at, t3);
    _mm512_storeu_si512(
        y + i, _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), low, high));
  }
#endif
  for (; i < size; ++i) y[i] = table[x[i]];
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

extern const Kernel kRequantize;

namespace {

HWY_EXPORT(LookUpImpl);

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = kRequantize.Prepare(context, op);
  if (code != StatusCode::kOk) return code;
  if (!Contains(kEightBit, op.inputs[0]->type) ||
      !Contains(kEightBit, op.outputs[0]->type)) {
    return context.Fail(StatusCode::kUnimplemented, "not from 8 bits to 8");
  }
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const auto* const table = static_cast<const ByteTable*>(op.state)->data();
  const auto* const x = op.inputs[0]->as<const std::uint8_t>();
  auto* const y = op.outputs[0]->as<std::uint8_t>();
  const std::size_t size = op.inputs[0]->shape.Elements();
  context.ParallelFor(size, 4096, size / 16,
                      [&](std::size_t begin, std::size_t end, int) {
                        HWY_DYNAMIC_DISPATCH(LookUpImpl)
                        (table, x + begin, end - begin, y + begin);
                      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kRequantizeInt8 = {Prepare, Eval};

}  // namespace sotto::runtime
#endif  // HWY_ONCE
