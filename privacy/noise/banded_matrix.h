// A lower triangular matrix of `bands` diagonals with coefficients of 16
// fractional bits, the encoder C of a matrix mechanism (Choquette-Choo et al.
// 2023). Row t holds C[t][t], C[t][t-1], ... The coefficients are rounded on
// entry: sensitivities are to be computed from coefficient(). Immutable and
// thread-safe.

#ifndef SOTTO_PRIVACY_NOISE_BANDED_MATRIX_H_
#define SOTTO_PRIVACY_NOISE_BANDED_MATRIX_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace sotto::privacy {

class BandedMatrix {
 public:
  static constexpr int kFractionBits = 16;
  static constexpr std::size_t kMaxBands = 1 << 14;

  // C[t][t - lag] = coefficients[lag] in every row. INVALID_ARGUMENT: no
  // coefficient or more than 2^14, one that is not in [-2, 2], a diagonal below
  // 2^-8, or no row.
  static absl::StatusOr<BandedMatrix> Toeplitz(
      std::span<const double> coefficients, std::uint64_t rows);

  // rows[t * bands + lag] = C[t][t - lag]; entries left of the matrix, of lag
  // above t, are not read. INVALID_ARGUMENT as above, or rows that are not
  // whole.
  static absl::StatusOr<BandedMatrix> FromRows(std::span<const double> rows,
                                               std::size_t bands);

  std::size_t bands() const { return bands_; }
  std::uint64_t rows() const { return rows_; }

  // In units of 2^-16; lag is below bands() and at most t.
  std::int64_t fixed(std::uint64_t t, std::size_t lag) const {
    return fixed_[(toeplitz_ ? 0 : t * bands_) + lag];
  }
  double coefficient(std::uint64_t t, std::size_t lag) const {
    return static_cast<double>(fixed(t, lag)) / (1 << kFractionBits);
  }

  // The largest squared column norm, what accounting/matrix_sensitivity.h
  // takes.
  double SquaredColumnNorm() const;

 private:
  BandedMatrix(std::size_t bands, std::uint64_t rows, bool toeplitz,
               std::vector<std::int32_t> fixed)
      : bands_(bands),
        rows_(rows),
        toeplitz_(toeplitz),
        fixed_(std::move(fixed)) {}

  std::size_t bands_;
  std::uint64_t rows_;
  bool toeplitz_;
  std::vector<std::int32_t> fixed_;
};

// The first `bands` coefficients of the square root of the matrix of partial
// sums, c_k = c_(k-1) (2k - 1) / (2k), over their norm, so that a column's norm
// is 1: near the best encoder of that many bands for partial sums (Kalinin and
// Lampert 2024, "Banded square root matrix factorization"). `bands` is at
// least 1.
std::vector<double> SquareRootCoefficients(std::size_t bands);

// The standard deviation of the sum of all `rows` releases of a Toeplitz
// encoder over that of one z; no sum of the first so many has more. Takes rows
// times bands steps.
double PartialSumNoise(std::span<const double> coefficients,
                       std::uint64_t rows);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_BANDED_MATRIX_H_
