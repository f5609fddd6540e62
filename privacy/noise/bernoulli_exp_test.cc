#include "privacy/noise/bernoulli_exp.h"

#include <cmath>

#include "gtest/gtest.h"
#include "privacy/noise/chi_square_test_support.h"
#include "privacy/noise/discrete_laplace.h"

namespace sotto::privacy {
namespace {

// How many standard deviations the share of heads is from `p`.
template <typename Coin>
double HeadsDeviate(double p, const Coin& coin) {
  constexpr int kTosses = 200000;
  int heads = 0;
  for (int i = 0; i < kTosses; ++i) heads += coin() ? 1 : 0;
  return (heads - kTosses * p) / std::sqrt(kTosses * p * (1 - p));
}

TEST(BernoulliTest, HeadsComeWithTheRatiosProbability) {
  TestWords words(1);
  const Uint128 wide = Uint128{1} << 99;
  for (const Fraction& p : {Fraction{1, 2}, Fraction{1, 3}, Fraction{999, 1000},
                            Fraction{1, 400}, Fraction{wide / 7, wide}}) {
    const double real =
        static_cast<double>(p.numerator) / static_cast<double>(p.denominator);
    EXPECT_LT(std::abs(HeadsDeviate(real, [&] { return Bernoulli(p, words); })),
              kMaxDeviate)
        << real;
  }
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(Bernoulli({5, 5}, words));
    EXPECT_FALSE(Bernoulli({0, 5}, words));
  }
}

TEST(BernoulliExpTest, HeadsComeWithTheExponentialsProbability) {
  TestWords words(2);
  for (const Fraction& gamma :
       {Fraction{1, 100}, Fraction{1, 2}, Fraction{1, 1}, Fraction{3, 2},
        Fraction{5, 1}}) {
    const double real = static_cast<double>(gamma.numerator) /
                        static_cast<double>(gamma.denominator);
    EXPECT_LT(std::abs(HeadsDeviate(
                  std::exp(-real), [&] { return BernoulliExp(gamma, words); })),
              kMaxDeviate)
        << real;
  }
  EXPECT_TRUE(BernoulliExp({0, 7}, words));
}

TEST(DiscreteLaplaceTest, DrawsHaveTheDistributionOfItsScale) {
  std::uint8_t seed = 3;
  for (const LaplaceScale scale :
       {LaplaceScale{1, 1}, LaplaceScale{7, 1}, LaplaceScale{5, 2}}) {
    TestWords words(seed++);
    const double rate = static_cast<double>(scale.denominator) /
                        static_cast<double>(scale.numerator);
    EXPECT_LT(PmfDeviate(
                  NumDraws(200000), 300,
                  [&](std::span<std::int64_t> out) {
                    for (auto& x : out) x = DiscreteLaplace(scale, words);
                  },
                  [&](std::int64_t k) { return -rate * double(k); }),
              kMaxDeviate)
        << rate;
  }
}

}  // namespace
}  // namespace sotto::privacy
