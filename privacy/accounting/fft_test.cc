#include "privacy/accounting/fft.h"

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "gtest/gtest.h"

namespace sotto::privacy {
namespace {

std::vector<std::complex<double>> Numbers(std::size_t n) {
  std::vector<std::complex<double>> x(n);
  std::uint64_t state = 1;
  for (auto& value : x) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = {static_cast<double>(state >> 40) * 0x1p-24, 0};
  }
  return x;
}

TEST(FftTest, ForwardIsTheDefinition) {
  const auto x = Numbers(64);
  auto transformed = x;
  Fft(6).Forward(transformed);
  for (std::size_t j = 0; j < x.size(); ++j) {
    std::complex<double> sum;
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum += x[i] * std::polar(1.0, -2 * std::numbers::pi *
                                        static_cast<double>(i * j % 64) / 64);
    }
    EXPECT_LT(std::abs(transformed[j] - sum), 1e-12);
  }
}

TEST(FftTest, InverseUndoesForwardWithinItsErrorBound) {
  for (const int log2_size : {1, 2, 5, 12, 16}) {
    const Fft fft(log2_size);
    const auto x = Numbers(fft.size());
    double sum = 0;
    for (const auto& value : x) sum += std::abs(value);
    auto y = x;
    fft.Forward(y);
    fft.Inverse(y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_LE(std::abs(y[i] - x[i]), 2 * fft.ErrorBound() * sum);
    }
  }
}

TEST(FftTest, ProductsOfTransformsAreCircularConvolutions) {
  const Fft fft(3);
  std::vector<std::complex<double>> a = {1, 2, 0, 0, 0, 0, 0, 3};
  std::vector<std::complex<double>> b = {0, 5, 0, 0, 0, 0, 0, 7};
  fft.Forward(a);
  fft.Forward(b);
  for (std::size_t i = 0; i < 8; ++i) a[i] *= b[i];
  fft.Inverse(a);
  const double expected[] = {29, 5, 10, 0, 0, 0, 21, 7};
  for (std::size_t i = 0; i < 8; ++i)
    EXPECT_NEAR(a[i].real(), expected[i], 1e-13);
}

}  // namespace
}  // namespace sotto::privacy
