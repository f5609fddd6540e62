#include "runtime/kernels/gemm.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace sotto::runtime {
namespace {

std::vector<float> Values(std::size_t size, float phase) {
  std::vector<float> out(size);
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = std::sin(static_cast<float>(i) * 1.7f + phase);
  }
  return out;
}

// Sizes below, at, above and between the tile of 4 rows and two vectors.
TEST(GemmTest, MatchesDoublePrecisionAtEverySizeAroundTheTile) {
  for (const std::size_t m : {1, 3, 4, 5, 9}) {
    for (const std::size_t k : {1, 2, 17, 64}) {
      for (const std::size_t n : {1, 7, 8, 10, 16, 31, 32, 33, 70}) {
        const auto a = Values(m * k, 0.1f), b = Values(k * n, 0.9f);
        for (const bool accumulate : {false, true}) {
          std::vector<float> c(m * n, 0.5f);
          Gemm({m, k, n}, a.data(), b.data(), c.data(), accumulate);
          for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
              double want = accumulate ? 0.5 : 0.0;
              for (std::size_t x = 0; x < k; ++x) {
                want += double{a[i * k + x]} * b[x * n + j];
              }
              ASSERT_NEAR(c[i * n + j], want, 1e-5 * static_cast<double>(k))
                  << m << 'x' << k << 'x' << n;
            }
          }
        }
      }
    }
  }
}

TEST(GemmTest, TransposedOperandsGiveTheSameProduct) {
  for (const std::size_t m : {1, 4, 7}) {
    for (const std::size_t k : {1, 17, 64}) {
      for (const std::size_t n : {1, 10, 33, 64}) {
        const auto a = Values(m * k, 0.1f), b = Values(k * n, 0.9f);
        std::vector<float> at(m * k), bt(k * n);
        Transpose(a.data(), m, k, at.data());
        Transpose(b.data(), k, n, bt.data());
        for (const bool accumulate : {false, true}) {
          std::vector<float> want(m * n, 0.5f), left = want, right = want;
          Gemm({m, k, n}, a.data(), b.data(), want.data(), accumulate);
          GemmTransposedA({m, k, n}, at.data(), b.data(), left.data(),
                          accumulate);
          GemmTransposedB({m, k, n}, a.data(), bt.data(), right.data(),
                          accumulate);
          EXPECT_EQ(left, want);  // the same additions in the same order
          for (std::size_t i = 0; i < want.size(); ++i) {
            ASSERT_NEAR(right[i], want[i], 1e-5 * static_cast<double>(k));
          }
        }
      }
    }
  }
}

TEST(GemmTest, TransposingTwiceIsTheIdentity) {
  const auto a = Values(19 * 33, 0.0f);
  std::vector<float> t(a.size()), back(a.size());
  Transpose(a.data(), 19, 33, t.data());
  EXPECT_EQ(t[5 * 19 + 3], a[3 * 33 + 5]);
  Transpose(t.data(), 33, 19, back.data());
  EXPECT_EQ(a, back);
}

TEST(GemmTest, DotMatchesDoublePrecision) {
  for (const std::size_t size : {0, 1, 15, 16, 33, 100}) {
    const auto a = Values(size, 0.3f), b = Values(size, 0.7f);
    double want = 0;
    for (std::size_t i = 0; i < size; ++i) want += double{a[i]} * b[i];
    EXPECT_NEAR(Dot(a.data(), b.data(), size), want, 1e-4);
  }
}

}  // namespace
}  // namespace sotto::runtime
