#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/gemm.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>

#include "hwy/highway.h"
#include "runtime/kernels/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Where a[row][k] lies: a transposed matrix is the same walk by other steps.
struct Left {
  const float* data;
  std::size_t row_step, k_step;
  Left Row(std::size_t row) const {
    return {data + row * row_step, row_step, k_step};
  }
  float At(std::size_t row, std::size_t k) const {
    return data[row * row_step + k * k_step];
  }
};

// Rows of one register tile, by two vectors: 8 accumulators, 2 of b, 1 of a.
constexpr std::size_t kRows = 4;

// One tile of R rows and one vector pair of columns, over all k.
template <std::size_t R, class D>
HWY_INLINE void Tile2(D d, const GemmSizes& s, const Left& a,
                      const float* HWY_RESTRICT b, float* HWY_RESTRICT c,
                      bool accumulate) {
  const std::size_t lanes = hn::Lanes(d);
  using V = hn::Vec<D>;
  V c00 = hn::Zero(d), c01 = hn::Zero(d), c10 = hn::Zero(d), c11 = hn::Zero(d);
  V c20 = hn::Zero(d), c21 = hn::Zero(d), c30 = hn::Zero(d), c31 = hn::Zero(d);
  for (std::size_t k = 0; k < s.k; ++k) {
    const V b0 = hn::LoadU(d, b + k * s.n);
    const V b1 = hn::LoadU(d, b + k * s.n + lanes);
    const V a0 = hn::Set(d, a.At(0, k));
    c00 = hn::MulAdd(a0, b0, c00);
    c01 = hn::MulAdd(a0, b1, c01);
    if constexpr (R > 1) {
      const V a1 = hn::Set(d, a.At(1, k));
      c10 = hn::MulAdd(a1, b0, c10);
      c11 = hn::MulAdd(a1, b1, c11);
      const V a2 = hn::Set(d, a.At(2, k));
      c20 = hn::MulAdd(a2, b0, c20);
      c21 = hn::MulAdd(a2, b1, c21);
      const V a3 = hn::Set(d, a.At(3, k));
      c30 = hn::MulAdd(a3, b0, c30);
      c31 = hn::MulAdd(a3, b1, c31);
    }
  }
  const auto store = [&](std::size_t row, V v0, V v1) HWY_ATTR {
    float* out = c + row * s.n;
    if (accumulate) {
      v0 = hn::Add(v0, hn::LoadU(d, out));
      v1 = hn::Add(v1, hn::LoadU(d, out + lanes));
    }
    hn::StoreU(v0, d, out);
    hn::StoreU(v1, d, out + lanes);
  };
  store(0, c00, c01);
  if constexpr (R > 1) {
    store(1, c10, c11);
    store(2, c20, c21);
    store(3, c30, c31);
  }
}

// Columns [begin, end) of `rows` rows, one vector or scalar at a time.
template <class D>
HWY_INLINE void Edge(D d, const GemmSizes& s, const Left& a,
                     const float* HWY_RESTRICT b, float* HWY_RESTRICT c,
                     std::size_t rows, std::size_t begin, bool accumulate) {
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t row = 0; row < rows; ++row) {
    float* out = c + row * s.n;
    std::size_t column = begin;
    for (; column + lanes <= s.n; column += lanes) {
      auto sum = hn::Zero(d);
      for (std::size_t k = 0; k < s.k; ++k) {
        sum = hn::MulAdd(hn::Set(d, a.At(row, k)),
                         hn::LoadU(d, b + k * s.n + column), sum);
      }
      if (accumulate) sum = hn::Add(sum, hn::LoadU(d, out + column));
      hn::StoreU(sum, d, out + column);
    }
    for (; column < s.n; ++column) {
      float sum = 0;
      for (std::size_t k = 0; k < s.k; ++k)
        sum += a.At(row, k) * b[k * s.n + column];
      out[column] = accumulate ? out[column] + sum : sum;
    }
  }
}

void GemmImpl(const GemmSizes& s, const float* a, bool transposed,
              const float* b, float* c, bool accumulate) {
  const Left whole = transposed ? Left{a, 1, s.m} : Left{a, s.k, 1};
  const hn::ScalableTag<float> full;
  // A 10-column head would be all scalar on 16 lanes: eight at most for edges.
  const hn::CappedTag<float, 8> narrow;
  const std::size_t lanes = hn::Lanes(full);
  for (std::size_t row = 0; row < s.m; row += kRows) {
    const std::size_t rows = std::min(kRows, s.m - row);
    const Left left = whole.Row(row);
    float* out = c + row * s.n;
    std::size_t column = 0;
    for (; column + 2 * lanes <= s.n; column += 2 * lanes) {
      if (rows == kRows) {
        Tile2<kRows>(full, s, left, b + column, out + column, accumulate);
      } else {
        for (std::size_t r = 0; r < rows; ++r) {
          Tile2<1>(full, s, left.Row(r), b + column, out + r * s.n + column,
                   accumulate);
        }
      }
    }
    if (column < s.n) Edge(narrow, s, left, b, out, rows, column, accumulate);
  }
}

float DotImpl(const float* a, const float* b, std::size_t size) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 2 * lanes <= size; i += 2 * lanes) {
    sum0 = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum0);
    sum1 = hn::MulAdd(hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes),
                      sum1);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(GemmImpl);
HWY_EXPORT(DotImpl);

void Gemm(const GemmSizes& sizes, const float* a, const float* b, float* c,
          bool accumulate) {
  HWY_DYNAMIC_DISPATCH(GemmImpl)(sizes, a, false, b, c, accumulate);
}

void GemmTransposedA(const GemmSizes& sizes, const float* a, const float* b,
                     float* c, bool accumulate) {
  HWY_DYNAMIC_DISPATCH(GemmImpl)(sizes, a, true, b, c, accumulate);
}

void GemmTransposedB(const GemmSizes& s, const float* a, const float* b,
                     float* c, bool accumulate) {
  const auto dot = HWY_DYNAMIC_DISPATCH(DotImpl);
  for (std::size_t i = 0; i < s.m; ++i) {
    for (std::size_t j = 0; j < s.n; ++j) {
      const float sum = dot(a + i * s.k, b + j * s.k, s.k);
      float& out = c[i * s.n + j];
      out = accumulate ? out + sum : sum;
    }
  }
}

float Dot(const float* a, const float* b, std::size_t size) {
  return HWY_DYNAMIC_DISPATCH(DotImpl)(a, b, size);
}

void Transpose(const float* in, std::size_t rows, std::size_t columns,
               float* out) {
  constexpr std::size_t kBlock = 16;
  for (std::size_t i0 = 0; i0 < rows; i0 += kBlock) {
    for (std::size_t j0 = 0; j0 < columns; j0 += kBlock) {
      const std::size_t i1 = std::min(rows, i0 + kBlock);
      const std::size_t j1 = std::min(columns, j0 + kBlock);
      for (std::size_t i = i0; i < i1; ++i) {
        for (std::size_t j = j0; j < j1; ++j) {
          out[j * rows + i] = in[i * columns + j];
        }
      }
    }
  }
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
