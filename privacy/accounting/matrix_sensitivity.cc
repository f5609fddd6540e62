#include "privacy/accounting/matrix_sensitivity.h"

#include <algorithm>
#include <vector>

#include "base/status.h"

namespace sotto::privacy {
namespace {

// More than the rounding of the sums below.
constexpr double kMatrixInflation = 1 + 1e-12;

}  // namespace

absl::StatusOr<double> BandedSquaredSensitivity(
    double squared_column_norm, std::int64_t bands,
    const Participation& participation) {
  SOTTO_RETURN_IF_ERROR(CheckParticipation(participation));
  SOTTO_RETURN_IF_ERROR(
      CheckRange("squared column norm", squared_column_norm, 1e-100, 1e100));
  SOTTO_RETURN_IF_ERROR(CheckCount("bands", bands));
  if (bands > participation.min_separation) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%d bands are wider than the min separation of %d rounds: one user's "
        "columns would overlap",
        bands, participation.min_separation));
  }
  return static_cast<double>(participation.Limit()) * squared_column_norm;
}

absl::StatusOr<double> ToeplitzSquaredSensitivity(
    std::span<const double> coefficients, const Participation& participation) {
  SOTTO_RETURN_IF_ERROR(CheckParticipation(participation));
  if (coefficients.empty() ||
      coefficients.size() > static_cast<std::size_t>(participation.rounds)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%d coefficients, must be at least 1 and at most one a round (%d)",
        coefficients.size(), participation.rounds));
  }
  double before = 1e100;
  for (const double coefficient : coefficients) {
    if (!(coefficient >= 0 && coefficient <= before)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "coefficient is %g after %g, must be non-negative and not grow",
          coefficient, before));
    }
    before = coefficient;
  }
  const auto rounds = static_cast<std::size_t>(participation.rounds);
  std::vector<double> sum(rounds);
  for (std::int64_t i = 0; i < participation.Limit(); ++i) {
    const auto start =
        static_cast<std::size_t>(i * participation.min_separation);
    const std::size_t count = std::min(coefficients.size(), rounds - start);
    for (std::size_t t = 0; t < count; ++t) sum[start + t] += coefficients[t];
  }
  double squared = 0;
  for (const double value : sum) squared += value * value;
  return squared * kMatrixInflation;
}

}  // namespace sotto::privacy
