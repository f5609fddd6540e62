#include "privacy/noise/banded_matrix.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"

namespace sotto::privacy {
namespace {

constexpr std::size_t kMaxBands = 1 << 14;
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
  if (bands >= 1 && bands <= kMaxBands && rows >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "banded matrix: %d bands and %d rows, needs 1 to %d and 1 at least",
      bands, rows, kMaxBands));
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

}  // namespace sotto::privacy
