#include "privacy/noise/banded_matrix.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"

namespace sotto::privacy {
namespace {

constexpr double kSmallestDiagonal = 0x1p-8;

absl::StatusOr<std::int32_t> Fixed(double coefficient, std::uint64_t row,
                                   std::size_t lag) {
  if (!(std::abs(coefficient) <= 2) ||
      (lag == 0 && coefficient < kSmallestDiagonal)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "banded matrix: row %d lag %d is %g, must be in [-2, 2] and on the "
        "diagonal at least 2^-8",
        row, lag, coefficient));
  }
  return static_cast<std::int32_t>(
      std::lround(std::ldexp(coefficient, BandedMatrix::kFractionBits)));
}

absl::Status CheckShape(std::size_t bands, std::uint64_t rows) {
  if (bands >= 1 && bands <= BandedMatrix::kMaxBands && rows >= 1)
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "banded matrix: %d bands and %d rows, needs 1 to %d and 1 at least",
      bands, rows, BandedMatrix::kMaxBands));
}

}  // namespace

absl::StatusOr<BandedMatrix> BandedMatrix::Toeplitz(
    std::span<const double> coefficients, std::uint64_t rows) {
  SOTTO_RETURN_IF_ERROR(CheckShape(coefficients.size(), rows));
  std::vector<std::int32_t> fixed(coefficients.size());
  for (std::size_t lag = 0; lag < fixed.size(); ++lag) {
    SOTTO_ASSIGN_OR_RETURN(fixed[lag], Fixed(coefficients[lag], 0, lag));
  }
  return BandedMatrix(coefficients.size(), rows, true, std::move(fixed));
}

absl::StatusOr<BandedMatrix> BandedMatrix::FromRows(
    std::span<const double> rows, std::size_t bands) {
  SOTTO_RETURN_IF_ERROR(
      CheckShape(bands, bands == 0 ? 0 : rows.size() / bands));
  if (rows.size() % bands != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("banded matrix: %d coefficients are no rows of %d",
                        rows.size(), bands));
  }
  std::vector<std::int32_t> fixed(rows.size());
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    const std::size_t row = i / bands, lag = i % bands;
    if (lag > row) continue;
    SOTTO_ASSIGN_OR_RETURN(fixed[i], Fixed(rows[i], row, lag));
  }
  return BandedMatrix(bands, rows.size() / bands, false, std::move(fixed));
}

double BandedMatrix::SquaredColumnNorm() const {
  double largest = 0;
  // Every column of a Toeplitz matrix is the first one, cut off at the bottom.
  const std::uint64_t columns = toeplitz_ ? 1 : rows_;
  for (std::uint64_t column = 0; column < columns; ++column) {
    double sum = 0;
    for (std::size_t lag = 0; lag < bands_ && column + lag < rows_; ++lag) {
      sum += std::pow(coefficient(column + lag, lag), 2);
    }
    largest = std::max(largest, sum);
  }
  return largest;
}

std::vector<double> SquareRootCoefficients(std::size_t bands) {
  std::vector<double> coefficients(bands, 1.0);
  double squares = 1;
  for (std::size_t k = 1; k < bands; ++k) {
    const auto twice = static_cast<double>(2 * k);
    coefficients[k] = coefficients[k - 1] * (twice - 1) / twice;
    squares += coefficients[k] * coefficients[k];
  }
  for (double& coefficient : coefficients) coefficient /= std::sqrt(squares);
  return coefficients;
}

double PartialSumNoise(std::span<const double> coefficients,
                       std::uint64_t rows) {
  // Of C^-1, Toeplitz too, by its recursion; partial sums of them are the
  // coefficients of the sums' noise.
  std::vector<double> inverse(rows);
  double sum = 0, squares = 0;
  for (std::uint64_t t = 0; t < rows; ++t) {
    double known = 0;
    for (std::size_t lag = 1; lag < coefficients.size() && lag <= t; ++lag) {
      known += coefficients[lag] * inverse[t - lag];
    }
    inverse[t] = ((t == 0 ? 1.0 : 0.0) - known) / coefficients[0];
    sum += inverse[t];
    squares += sum * sum;
  }
  return std::sqrt(squares);
}

}  // namespace sotto::privacy
