#include "watermark/detect/bound.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "gtest/gtest.h"

namespace sotto::watermark {
namespace {

const std::vector<double> kValues = {1.0, 0.3,  0.9, 0.05, 0.7,  0.7,
                                     0.2, 0.41, 1.0, 0.6,  0.33, 0.8};

// P(T >= t) by going through all signs.
double ExactSignTail(const std::vector<double>& a, double t) {
  std::size_t hits = 0;
  for (std::uint32_t word = 0; word < (1u << a.size()); ++word) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      sum += (word >> i & 1) != 0 ? a[i] : -a[i];
    }
    if (sum >= t - 1e-12) ++hits;
  }
  return static_cast<double>(hits) / static_cast<double>(1u << a.size());
}

double ExactCodeTail(const std::vector<CodeSymbol>& symbols, double s) {
  double tail = 0;
  for (std::uint32_t word = 0; word < (1u << symbols.size()); ++word) {
    double sum = 0, probability = 1;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const double p = symbols[i].p;
      const double bit = (word >> i & 1) != 0 ? 1 : 0;
      probability *= bit == 1 ? p : 1 - p;
      sum += symbols[i].y * (bit - p) / std::sqrt(p * (1 - p));
    }
    if (sum >= s - 1e-12) tail += probability;
  }
  return tail;
}

std::vector<CodeSymbol> Symbols() {
  std::vector<CodeSymbol> symbols;
  for (std::size_t i = 0; i < kValues.size(); ++i) {
    symbols.push_back({.y = (i % 3 == 0 ? -1 : 1) * kValues[i],
                       .p = 0.02 + 0.08 * static_cast<double>(i)});
  }
  return symbols;
}

TEST(LnSignBoundTest, IsNeverBelowTheExactTailAndNotFarAbove) {
  for (double t = 0.1; t < 6.9; t += 0.4) {
    const double exact = ExactSignTail(kValues, t);
    const double bound = std::exp(LnSignBound(kValues, t));
    EXPECT_GE(bound, exact) << t;
    EXPECT_LE(bound, 8 * exact + 1e-9) << t;
  }
}

TEST(LnSignBoundTest, ReachesOneInTwoToTheNWhenEverySignAgrees) {
  const std::vector<double> ones(40, 1.0);
  for (const double t : {40.0, 40.0 + 1e-6, 50.0}) {
    const double ln_p = LnSignBound(ones, t);
    EXPECT_NEAR(ln_p, -40 * std::log(2.0), 1e-6);
    EXPECT_GE(ln_p, -40 * std::log(2.0));
  }
}

TEST(LnSignBoundTest, IsAtMostTheGaussianBound) {
  const std::vector<double> ones(10'000, 0.5);
  for (const double z : {1.0, 3.0, 6.44, 20.0}) {
    const double ln_p = LnSignBound(ones, z * 50);
    EXPECT_LE(ln_p, -z * z / 2 + 1e-9);
    EXPECT_GE(ln_p, -z * z / 2 * 1.05);
  }
}

TEST(LnSignBoundTest, ClaimsNothingWithoutAgreementOrEvidence) {
  EXPECT_EQ(LnSignBound(kValues, 0), 0);
  EXPECT_EQ(LnSignBound(kValues, -3), 0);
  EXPECT_EQ(LnSignBound({}, 3), 0);
  EXPECT_EQ(LnSignBound(std::vector<double>(5, 0.0), 3), 0);
  EXPECT_EQ(LnSignBound(kValues, std::nan("")), 0);
}

TEST(LnCodeBoundTest, IsNeverBelowTheExactTailAndNotFarAbove) {
  const std::vector<CodeSymbol> symbols = Symbols();
  for (double s = 0.2; s < 7.4; s += 0.4) {  // 7.49 is the most
    const double exact = ExactCodeTail(symbols, s);
    const double bound = std::exp(LnCodeBound(symbols, s));
    EXPECT_GE(bound, exact) << s;
    EXPECT_LE(bound, 12 * exact + 1e-9) << s;
  }
}

// An untouched copy shows its recipient's bits without a fault. The chance of
// that is the product of the bits' own, however sure the numbers look.
TEST(LnCodeBoundTest, IsNeverBelowTheChanceOfTheWholeCode) {
  std::vector<CodeSymbol> symbols;
  double score = 0, exact = 0;
  for (int i = 0; i < 2048; ++i) {
    const double p = 0.01 + 0.98 * ((i * 37) % 1000) / 1000.0;
    const bool bit = (i * 61) % 1000 < 1000 * p;
    const double y = (bit ? 1 : -1) * (0.9 + 0.0001 * i);
    symbols.push_back({.y = y, .p = p});
    score += y * ((bit ? 1 : 0) - p) / std::sqrt(p * (1 - p));
    exact += std::log(bit ? p : 1 - p);
  }
  for (const double above : {0.0, 1e-9, 1e-6, 1.0}) {
    const double ln_p = LnCodeBound(symbols, score + above);
    EXPECT_GE(ln_p, exact) << above;
    EXPECT_LE(ln_p, exact + 0.01) << above;
  }
}

TEST(CodeThresholdTest, IsTheLeastScoreThatIsEnough) {
  std::vector<CodeSymbol> symbols;
  for (int i = 0; i < 50; ++i) {
    for (const CodeSymbol& symbol : Symbols()) symbols.push_back(symbol);
  }
  const double ln_p = std::log(1e-10);
  const double threshold = CodeThreshold(symbols, ln_p);
  EXPECT_LE(LnCodeBound(symbols, threshold), ln_p);
  EXPECT_GT(LnCodeBound(symbols, 0.999 * threshold), ln_p);
}

TEST(CodeThresholdTest, IsInfiniteWhereNoScoreIsEnough) {
  EXPECT_EQ(CodeThreshold(Symbols(), std::log(1e-30)),
            std::numeric_limits<double>::infinity());
  EXPECT_EQ(CodeThreshold({}, -1), std::numeric_limits<double>::infinity());
}

TEST(BonferroniTest, MultipliesByTheTestsAndStopsAtOne) {
  EXPECT_NEAR(Bonferroni(-20, 4), -20 + std::log(4.0), 1e-12);
  EXPECT_EQ(Bonferroni(-0.5, 4), 0);
}

TEST(BonferroniTest, NeverClaimsMoreThanAKeyOf256BitsCan) {
  EXPECT_DOUBLE_EQ(Bonferroni(-1e4, 4), -256 * std::log(2.0));
}

TEST(ProbabilityTest, IsNeverZero) {
  EXPECT_GT(Probability(Bonferroni(-1e6, 1)), 8e-78);
  EXPECT_GT(Probability(-1e6), 0);
  EXPECT_DOUBLE_EQ(Probability(std::log(0.25)), 0.25);
}

}  // namespace
}  // namespace sotto::watermark
