// Shamir's secret sharing of 32-byte secrets over GF(2^61 - 1), in five limbs
// of at most seven bytes (Shamir 1979).
//
// A share is the value of five random polynomials of degree threshold - 1 at
// the holder's point; `threshold` shares determine the secret, fewer say
// nothing.

#ifndef SOTTO_SECURE_AGG_SHARING_SHAMIR_H_
#define SOTTO_SECURE_AGG_SHARING_SHAMIR_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/rng.h"
#include "crypto/secret.h"

namespace sotto::secure_agg {

inline constexpr std::size_t kShareLimbs = 5;
inline constexpr std::size_t kShareBytes = kShareLimbs * 8;

// As secret as what it is a share of; wiped on destruction.
struct Share {
  std::uint64_t point = 0;  // in [1, p)
  std::array<std::uint64_t, kShareLimbs> limbs = {};

  Share() = default;
  Share(const Share&) = default;
  Share& operator=(const Share&) = default;
  ~Share() {
    crypto::Wipe({reinterpret_cast<std::uint8_t*>(limbs.data()), kShareBytes});
  }
};

// One share per point; points are distinct and not 0, 1 <= threshold <=
// points.size(), asserted. Coefficients come from `rng` by rejection.
std::vector<Share> SplitSecret(const crypto::Secret<32>& secret,
                               std::uint32_t threshold,
                               std::span<const std::uint64_t> points,
                               crypto::Rng& rng);

// From exactly `threshold` shares with distinct points, asserted. DATA_LOSS:
// the shares are those of no 32-byte secret.
absl::StatusOr<crypto::Secret<32>> CombineShares(std::span<const Share> shares);

// The secret whose limbs, values at 0, are these. DATA_LOSS: there is none.
absl::StatusOr<crypto::Secret<32>> SecretOf(
    const std::array<std::uint64_t, kShareLimbs>& limbs);

// The value at `point` of the polynomials through `shares`.
Share InterpolateAt(std::span<const Share> shares, std::uint64_t point);

// Little-endian limbs, 40 bytes, without the point.
Bytes EncodeShare(const Share& share);
void EncodeShareInto(const Share& share,
                     std::span<std::uint8_t, kShareBytes> out);
// INVALID_ARGUMENT: not 40 bytes, or a limb that is no field element.
absl::StatusOr<Share> DecodeShare(ByteView bytes, std::uint64_t point);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_SHARING_SHAMIR_H_
