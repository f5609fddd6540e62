// How often one user may take part in a training run, as the device enforces
// it. The matrix mechanisms (tree, banded) rest on it instead of on sampling.

#ifndef SOTTO_PRIVACY_ACCOUNTING_PARTICIPATION_H_
#define SOTTO_PRIVACY_ACCOUNTING_PARTICIPATION_H_

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "base/status.h"
#include "privacy/accounting/ranges.h"

namespace sotto::privacy {

struct Participation {
  std::int64_t rounds = 0;          // of the run, in [1, 2^30]
  std::int64_t min_separation = 0;  // rounds from one taking part to the next,
                                    // at least 1
  std::int64_t max_participations = 0;  // of one user, at least 1

  // How often a user can take part under both limits.
  std::int64_t Limit() const {
    return std::min(max_participations, (rounds - 1) / min_separation + 1);
  }
};

// INVALID_ARGUMENT names the field that is out of range.
inline absl::Status CheckParticipation(const Participation& participation) {
  SOTTO_RETURN_IF_ERROR(CheckRange(
      "rounds", static_cast<double>(participation.rounds), 1, 1 << 30));
  SOTTO_RETURN_IF_ERROR(
      CheckCount("min separation", participation.min_separation));
  return CheckCount("max participations", participation.max_participations);
}

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_PARTICIPATION_H_
