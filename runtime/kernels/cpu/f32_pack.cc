#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/f32_pack.cc"
#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "runtime/kernels/cpu/f32_gemm.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// k of a block: a line of each row of w, so that rows whose distance is a power
// of two do not evict each other, and 2 kB of whole lines of the panel.
constexpr std::size_t kBlock = 16;
// Elements ahead in a row that are fetched: the panel's rows are more streams
// than a processor follows by itself.
constexpr std::size_t kAhead = 4 * kBlock;

// Element k of row r to to[k * width + r]: `rows` rows, kBlock elements.
void PackPlain(const float* from, std::size_t row_step, std::size_t rows,
               std::size_t depth, std::size_t width, float* to) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t k = 0; k < depth; ++k) {
      to[k * width + r] = from[r * row_step + k];
    }
  }
}

#if HWY_TARGET != HWY_SCALAR
// The same of four rows and four elements.
HWY_INLINE void PackFour(const float* from, std::size_t row_step,
                         std::size_t width, float* to) {
  const hn::Full128<float> d;
  const hn::Full128<double> d64;
  const auto r0 = hn::LoadU(d, from), r1 = hn::LoadU(d, from + row_step);
  const auto r2 = hn::LoadU(d, from + 2 * row_step);
  const auto r3 = hn::LoadU(d, from + 3 * row_step);
  const auto lower01 = hn::BitCast(d64, hn::InterleaveLower(d, r0, r1));
  const auto upper01 = hn::BitCast(d64, hn::InterleaveUpper(d, r0, r1));
  const auto lower23 = hn::BitCast(d64, hn::InterleaveLower(d, r2, r3));
  const auto upper23 = hn::BitCast(d64, hn::InterleaveUpper(d, r2, r3));
  const auto store = [&](auto column, std::size_t k) HWY_ATTR {
    hn::StoreU(hn::BitCast(d, column), d, to + k * width);
  };
  store(hn::InterleaveLower(d64, lower01, lower23), 0);
  store(hn::InterleaveUpper(d64, lower01, lower23), 1);
  store(hn::InterleaveLower(d64, upper01, upper23), 2);
  store(hn::InterleaveUpper(d64, upper01, upper23), 3);
}
#endif

// One panel's columns: rows of w, `k` elements each.
void PackPanel(const float* w, std::size_t k, std::size_t columns,
               std::size_t width, float* packed) {
  std::size_t begin = 0;
#if HWY_TARGET != HWY_SCALAR
  const std::size_t fours = columns / 4 * 4;
  for (; begin + kBlock <= k; begin += kBlock) {
    float* const to = packed + begin * width;
    for (std::size_t r = 0; r < fours; r += 4) {
      const float* const from = w + r * k + begin;
      for (std::size_t i = 0; i < 4 && begin + kAhead < k; ++i) {
        hwy::Prefetch(from + i * k + kAhead);
      }
      for (std::size_t i = 0; i < kBlock; i += 4) {
        PackFour(from + i, k, width, to + i * width + r);
      }
    }
    PackPlain(w + fours * k + begin, k, columns - fours, kBlock, width,
              to + fours);
  }
#endif
  for (; begin < k; begin += kBlock) {
    PackPlain(w + begin, k, columns, std::min(kBlock, k - begin), width,
              packed + begin * width);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(PackPanel);

void F32Pack(const float* w, const float* bias, std::size_t k, std::size_t n,
             float* packed) {
  const std::size_t width = F32PanelColumns();
  for (std::size_t column = 0; column < n; column += width) {
    const std::size_t columns = std::min(width, n - column);
    std::fill(packed, packed + width, 0.0f);
    if (bias != nullptr) std::copy_n(bias + column, columns, packed);
    packed += width;
    if (columns < width) std::fill(packed, packed + k * width, 0.0f);
    HWY_DYNAMIC_DISPATCH(PackPanel)(w + column * k, k, columns, width, packed);
    packed += k * width;
  }
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
