#include <cmath>
#include <memory>

#include "gtest/gtest.h"
#include "privacy/noise/gaussian_weights.h"
#include "privacy/noise/skellam_weights.h"
#include "privacy/noise/wide_uint.h"

namespace sotto::privacy {
namespace {

std::unique_ptr<Weights> Make(bool skellam, const Variance& variance) {
  if (skellam) return std::make_unique<SkellamWeights>(variance);
  return std::make_unique<GaussianWeights>(variance);
}

const Variance kVariances[] = {{1, 16}, {1, 2}, {3, 1}, {1000, 1}, {80001, 8}};

// |a - b|, as a small number or 2^64 - 1.
std::uint64_t Gap(WideUint a, WideUint b) {
  if (WideUint::Compare(a, b) < 0) std::swap(a, b);
  a -= b;
  return a.Saturated64();
}

TEST(WeightsTest, MoreDigitsContinueTheFewer) {
  for (const bool skellam : {false, true}) {
    for (const Variance& variance : kVariances) {
      const auto weights = Make(skellam, variance);
      for (const std::uint64_t k : {0, 1, 7, 200, 3000}) {
        const WideUint fine = weights->LowerBound(k, 320);
        for (const std::size_t bits : {64, 128, 192}) {
          EXPECT_LE(Gap(weights->LowerBound(k, bits), fine >> (320 - bits)),
                    Weights::kSlack)
              << "k " << k << " variance " << variance.value();
        }
      }
    }
  }
}

TEST(WeightsTest, TheTableHoldsTheWeightsToSixtyFourDigits) {
  for (const bool skellam : {false, true}) {
    for (const Variance& variance : kVariances) {
      const auto weights = Make(skellam, variance);
      const std::vector<std::uint64_t> table = weights->Table();
      const std::size_t stride = table.size() / 20 + 1;
      for (std::size_t k = 0; k < table.size(); k += stride) {
        EXPECT_LE(Gap(WideUint(table[k]), weights->LowerBound(k, 64)),
                  Weights::kSlack)
            << "k " << k << " variance " << variance.value();
      }
      EXPECT_LE(weights->LowerBound(table.size(), 64).Saturated64(),
                Weights::kSlack);
    }
  }
}

TEST(WeightsTest, GaussianWeightsAreExponentials) {
  const GaussianWeights weights({9, 4});
  for (const std::uint64_t k : {1, 2, 5, 12}) {
    const double got =
        std::ldexp(static_cast<double>(
                       weights.LowerBound(k, 200).Saturated128() != 0
                           ? (weights.LowerBound(k, 200) >> 80).Saturated128()
                           : 0),
                   -120);
    const double want = std::exp(-static_cast<double>(k * k) / 4.5);
    EXPECT_NEAR(got, want, want * 1e-14);
  }
}

TEST(WeightsTest, SkellamWeightsAreRatiosOfBesselFunctions) {
  // The power series I_k(v) = sum (v/2)^(2 j + k) / (j! (j + k)!).
  const auto bessel = [](double v, int k) {
    double term = std::exp(k * std::log(v / 2) - std::lgamma(k + 1.0)), sum = 0;
    for (int j = 0; term > sum * 1e-18; ++j) {
      sum += term;
      term *= v * v / 4 / ((j + 1.0) * (j + 1.0 + k));
    }
    return sum;
  };
  const SkellamWeights weights({39, 2});
  for (const int k : {1, 4, 11, 30}) {
    const double got = std::ldexp(
        static_cast<double>(
            (weights.LowerBound(static_cast<std::uint64_t>(k), 200) >> 80)
                .Saturated128()),
        -120);
    const double want = bessel(19.5, k) / bessel(19.5, 0);
    EXPECT_NEAR(got, want, want * 1e-12) << k;
  }
}

TEST(WideUintTest, QuotientAndRemainderRestoreTheDividend) {
  WideUint a(0x123456789abcdef1), b(0xfedcba987);
  for (int i = 0; i < 5; ++i) a *= 0xfffffffffffffff7;
  for (int i = 0; i < 2; ++i) b *= 0x8000000000000001;
  const WideUint quotient = WideUint::Quotient(a, b);
  // a - b floor(a / b) is in [0, b): shown by multiplying limb by limb.
  WideUint product;
  for (std::size_t i = 0; i < 8; ++i) {
    const WideUint above = (quotient >> (64 * (i + 1))) << 64;
    WideUint limb = quotient >> (64 * i);
    limb -= above;
    product += (b << (64 * i)) *= limb.Saturated64();
  }
  EXPECT_GE(WideUint::Compare(a, product), 0);
  WideUint rest = a;
  rest -= product;
  EXPECT_LT(WideUint::Compare(rest, b), 0);
}

TEST(WideUintTest, ShiftsAndSmallDivisionsUndoProducts) {
  WideUint a(0xdeadbeefcafef00d);
  a *= 0xfffffffffffffff1;
  WideUint b = (a << 131) >> 131;
  EXPECT_EQ(WideUint::Compare(a, b), 0);
  b *= 1000003;
  EXPECT_GT(WideUint::Compare(b, a), 0);
  b /= 1000003;
  EXPECT_EQ(WideUint::Compare(a, b), 0);
  EXPECT_EQ((a >> 200).bit_width(), 0u);
  a -= b;
  EXPECT_TRUE(a.is_zero());
}

}  // namespace
}  // namespace sotto::privacy
