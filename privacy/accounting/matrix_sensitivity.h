// The sensitivity of matrix mechanisms under participation limits.
//
// The mechanism releases C x + s z: row t of x is round t's sum of clipped
// updates (norm at most 1 a user), z is standard normal, C a lower triangular
// encoder. With S = max over allowed patterns of |C u|^2, u the pattern's
// rounds, one run is S/(2 s^2)-zCDP (Choquette-Choo et al. 2023, "(Amplified)
// banded matrix factorization", theorem 2 and section 3).
//
//   * Bands no wider than the separation: a user's columns do not overlap, so
//     S = k max_j |C_j|^2 for any banded C.
//   * Toeplitz C with non-negative coefficients that do not grow: the worst
//   pattern
//     starts at round 0 and takes part as often and as densely as allowed
//     (Kalinin and Lampert 2024, theorem 2), whatever the number of bands.
//     Square-root factorisations and buffered linear Toeplitz encoders are of
//     this kind.
//
// Pure; thread-safe. INVALID_ARGUMENT names what is out of range.

#ifndef SOTTO_PRIVACY_ACCOUNTING_MATRIX_SENSITIVITY_H_
#define SOTTO_PRIVACY_ACCOUNTING_MATRIX_SENSITIVITY_H_

#include <span>

#include "absl/status/statusor.h"
#include "privacy/accounting/participation.h"

namespace sotto::privacy {

// S for any C of `bands` bands (1 is diagonal) whose columns have a squared
// norm of at most `squared_column_norm`. FAILED_PRECONDITION: more bands than
// min_separation, where no bound follows from the norms alone.
absl::StatusOr<double> BandedSquaredSensitivity(
    double squared_column_norm, std::int64_t bands,
    const Participation& participation);

// S for C[t][j] = coefficients[t - j], 0 beyond their end. The coefficients are
// finite, non-negative, do not grow, and at most as many as rounds.
absl::StatusOr<double> ToeplitzSquaredSensitivity(
    std::span<const double> coefficients, const Participation& participation);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_MATRIX_SENSITIVITY_H_
