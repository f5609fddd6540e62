// Secrets from shares of which some are wrong: shares of a secret are a
// Reed-Solomon codeword, so m of them with threshold t determine it as long as
// at most floor((m - t) / 2) are wrong, and say which (Gao 2003: the extended
// Euclidean algorithm on the polynomial of all points and the one through all
// shares).

#ifndef SOTTO_SECURE_AGG_SHARING_ERROR_CORRECTION_H_
#define SOTTO_SECURE_AGG_SHARING_ERROR_CORRECTION_H_

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/secret.h"
#include "secure_agg/sharing/shamir.h"

namespace sotto::secure_agg {

struct CorrectedSecret {
  crypto::Secret<32> secret;
  std::vector<std::size_t> wrong;  // places in `shares`, ascending
};

// Points are distinct, asserted; 1 <= threshold. Time is quadratic in the
// number of shares. INVALID_ARGUMENT: fewer than `threshold` of them.
// DATA_LOSS: too many are wrong.
absl::StatusOr<CorrectedSecret> CorrectShares(std::span<const Share> shares,
                                              std::uint32_t threshold);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_SHARING_ERROR_CORRECTION_H_
