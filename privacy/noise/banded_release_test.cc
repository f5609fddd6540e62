#include "privacy/noise/banded_release.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kSize = 2500;  // more than one tile of noise
constexpr std::size_t kRounds = 9;

crypto::Secret<32> Seed() {
  crypto::Secret<32> seed;
  seed.RevealMutable()[31] = 9;
  return seed;
}

std::vector<std::int32_t> SumOf(std::size_t round) {
  std::vector<std::int32_t> sum(kSize);
  for (std::size_t i = 0; i < kSize; ++i) {
    sum[i] =
        static_cast<std::int32_t>((i * 7919 + round * 104729) % 2001) - 1000;
  }
  return sum;
}

// x + C^-1 z with a dense C, by forward substitution over all columns.
std::vector<std::vector<double>> DenseReleases(const BandedMatrix& matrix,
                                               const BandedRelease& release) {
  std::vector<std::vector<double>> dense(kRounds, std::vector<double>(kRounds));
  for (std::size_t t = 0; t < kRounds; ++t) {
    for (std::size_t j = 0; j <= t; ++j) {
      if (t - j < matrix.bands()) dense[t][j] = matrix.coefficient(t, t - j);
    }
  }
  std::vector<std::vector<double>> correlated;
  std::vector<std::vector<double>> result;
  for (std::size_t t = 0; t < kRounds; ++t) {
    std::vector<std::int64_t> z(kSize);
    release.AddNoise(t, z);
    const std::vector<std::int32_t> x = SumOf(t);
    std::vector<double> row(kSize);
    result.emplace_back(kSize);
    for (std::size_t i = 0; i < kSize; ++i) {
      row[i] = static_cast<double>(z[i]) / 65536;
      for (std::size_t j = 0; j < t; ++j) {
        row[i] -= dense[t][j] * correlated[j][i];
      }
      row[i] /= dense[t][t];
      result[t][i] = x[i] + row[i];
    }
    correlated.push_back(std::move(row));
  }
  return result;
}

void ExpectDense(const BandedMatrix& matrix, double std) {
  BandedRelease release =
      BandedRelease::Create(kSize, matrix, std, Seed()).value();
  const auto want = DenseReleases(matrix, release);
  for (std::size_t t = 0; t < kRounds; ++t) {
    std::vector<double> out(kSize);
    ASSERT_THAT(release.Next(SumOf(t), out), IsOk());
    for (std::size_t i = 0; i < kSize; ++i) {
      ASSERT_NEAR(out[i], want[t][i], 1e-8 * (1000 + std))
          << "round " << t << " value " << i;
    }
  }
  std::vector<double> out(kSize);
  EXPECT_THAT(release.Next(SumOf(0), out),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("9")));
}

TEST(BandedReleaseTest, ToeplitzReleasesAreTheDenseMatrixProduct) {
  // The square root of the matrix of partial sums, cut to a few bands.
  const std::vector<double> root = {1, 0.5, 0.375, 0.3125, 0.2734375};
  for (std::size_t bands = 1; bands <= root.size(); ++bands) {
    const auto matrix =
        BandedMatrix::Toeplitz(std::span(root).first(bands), kRounds).value();
    for (const double std : {0.3, 250.0, 30000.0}) ExpectDense(matrix, std);
  }
}

TEST(BandedReleaseTest, ReleasesOfUnequalRowsAreTheDenseMatrixProduct) {
  std::vector<double> rows(kRounds * 4);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = i % 4 == 0 ? 1.0 + 0.02 * static_cast<double>(i)
                         : 0.7 * std::cos(static_cast<double>(i));
  }
  ExpectDense(BandedMatrix::FromRows(rows, 4).value(), 100);
}

TEST(BandedReleaseTest, WhoStopsAfterAnyRoundGoesOnFromTheLastRows) {
  const std::vector<double> root = SquareRootCoefficients(4);
  const auto matrix = BandedMatrix::Toeplitz(root, kRounds).value();
  const auto create = [&] {
    return BandedRelease::Create(kSize, matrix, 250, Seed()).value();
  };
  BandedRelease release = create();
  std::vector<BandedRow> rows;
  for (std::size_t t = 0; t < kRounds; ++t) {
    BandedRelease resumed = create();
    ASSERT_THAT(resumed.Resume(t, rows), IsOk());
    std::vector<double> out(kSize), again(kSize);
    ASSERT_THAT(release.Next(SumOf(t), out), IsOk());
    ASSERT_THAT(resumed.Next(SumOf(t), again), IsOk());
    EXPECT_EQ(out, again) << "round " << t;
    EXPECT_THAT(resumed.Resume(t, rows), StatusIs(kInvalid));
    rows.push_back(resumed.last_row());
    EXPECT_EQ(rows.back().sum, SumOf(t));
    EXPECT_EQ(rows.back().release, out);
    if (rows.size() == 4) rows.erase(rows.begin());
  }
  EXPECT_THAT(create().Resume(2, rows), StatusIs(kInvalid));
  rows.back().sum.pop_back();
  EXPECT_THAT(create().Resume(kRounds, rows), StatusIs(kInvalid));
  EXPECT_THAT(create().Resume(kRounds + 1, rows), StatusIs(kInvalid));
}

TEST(BandedReleaseTest, TheNoiseThatEntersHasTheAgreedSize) {
  const auto matrix =
      BandedMatrix::Toeplitz(std::vector<double>{1}, kRounds).value();
  BandedRelease release =
      BandedRelease::Create(kSize, matrix, 40, Seed()).value();
  double squares = 0;
  for (std::size_t t = 0; t < kRounds; ++t) {
    const std::vector<std::int32_t> sum = SumOf(t);
    std::vector<double> out(kSize);
    ASSERT_THAT(release.Next(sum, out), IsOk());
    for (std::size_t i = 0; i < kSize; ++i) {
      squares += std::pow(out[i] - sum[i], 2);
    }
  }
  const double draws = kSize * kRounds;
  EXPECT_NEAR(squares / draws, 1600, 1600 * 4 * std::sqrt(2 / draws));
}

TEST(BandedReleaseTest, NoiseThatCannotBeDrawnIsRefused) {
  const auto matrix =
      BandedMatrix::Toeplitz(std::vector<double>{1}, kRounds).value();
  for (const double std : {0.0, 40000.0, double{NAN}}) {
    EXPECT_THAT(BandedRelease::Create(kSize, matrix, std, Seed()),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(BandedMatrixTest, CoefficientsAreRoundedAndTheirColumnsMeasured) {
  const auto toeplitz =
      BandedMatrix::Toeplitz(std::vector<double>{1, 0.5, 1.0 / 3}, 100).value();
  EXPECT_NEAR(toeplitz.coefficient(50, 2), 1.0 / 3, 0x1p-17);
  EXPECT_EQ(toeplitz.fixed(50, 2), 21845);
  EXPECT_NEAR(toeplitz.SquaredColumnNorm(), 1 + 0.25 + 1.0 / 9, 1e-5);
  // Columns (1, 0.25), (0.5, 1.5), (0.75).
  const auto rows = BandedMatrix::FromRows(
                        std::vector<double>{1, NAN, 0.5, 0.25, 0.75, 1.5}, 2)
                        .value();
  EXPECT_EQ(rows.rows(), 3u);
  EXPECT_DOUBLE_EQ(rows.SquaredColumnNorm(), 0.25 + 2.25);
}

TEST(BandedMatrixTest, TheSquareRootTimesItselfIsTheMatrixOfPartialSums) {
  const std::vector<double> root = SquareRootCoefficients(50);
  double squares = 0;
  for (std::size_t k = 0; k < root.size(); ++k) {
    squares += root[k] * root[k];
    double product = 0;
    for (std::size_t j = 0; j <= k; ++j) product += root[j] * root[k - j];
    EXPECT_NEAR(product, root[0] * root[0], 1e-12) << k;
  }
  EXPECT_NEAR(squares, 1, 1e-12);
  EXPECT_EQ(SquareRootCoefficients(1), std::vector<double>{1});
}

TEST(BandedMatrixTest, PartialSumsHaveTheNoiseThatIsSaid) {
  // Fresh noise piles up; the whole square root leaves the sum of its squares.
  EXPECT_NEAR(PartialSumNoise(std::vector<double>{1}, 100), 10, 1e-12);
  EXPECT_NEAR(PartialSumNoise(std::vector<double>{0.5}, 100), 20, 1e-12);
  const std::vector<double> root = SquareRootCoefficients(100);
  EXPECT_NEAR(PartialSumNoise(root, 100), 1 / (root[0] * root[0]), 1e-9);
  // Against the noise itself.
  const auto matrix =
      BandedMatrix::Toeplitz(SquareRootCoefficients(3), kRounds).value();
  BandedRelease release =
      BandedRelease::Create(kSize, matrix, 100, Seed()).value();
  const std::vector<std::int32_t> zeros(kSize, 0);
  std::vector<double> out(kSize), partial(kSize);
  for (std::size_t t = 0; t < kRounds; ++t) {
    ASSERT_THAT(release.Next(zeros, out), IsOk());
    for (std::size_t i = 0; i < kSize; ++i) partial[i] += out[i];
  }
  double squares = 0;
  for (const double value : partial) squares += value * value;
  const double want = 100 * PartialSumNoise(SquareRootCoefficients(3), kRounds);
  EXPECT_NEAR(squares / kSize, want * want,
              want * want * 4 * std::sqrt(2.0 / kSize));
}

TEST(BandedMatrixTest, MatricesOutsideTheRangeAreRefused) {
  using Values = std::vector<double>;
  for (const Values& bad : {Values{}, Values{0.001, 1}, Values{1, 2.5},
                            Values{-1, 0}, Values{1, NAN}}) {
    EXPECT_THAT(BandedMatrix::Toeplitz(bad, 10),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(BandedMatrix::Toeplitz(Values{1}, 0),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("rows")));
  EXPECT_THAT(BandedMatrix::FromRows(Values{1, 0, 1}, 2),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(BandedMatrix::FromRows(Values{1, 0}, 0),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sotto::privacy
