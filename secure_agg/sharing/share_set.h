// Many secrets with the same holders, but for their owners: on the complete
// graph each member's secrets are held by all who answer, without itself. What
// depends on the holders alone is computed once, quadratic in their number;
// each secret is then linear.
//
// Weights at 0 are kept for one holder more than are needed; leaving out r
// turns weight i into w_i (x_i - r) / (0 - r). Whether the other shares lie on
// the same polynomials is seen from one random word of the dual code (a
// generalised Reed-Solomon code; MacWilliams and Sloane, chapter 10, section
// 8): sum_i v_i h(x_i) y_i = 0 for each polynomial h of degree below m - t. A
// wrong share passes with probability 2^-61.

#ifndef SOTTO_SECURE_AGG_SHARING_SHARE_SET_H_
#define SOTTO_SECURE_AGG_SHARING_SHARE_SET_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "secure_agg/sharing/shamir.h"

namespace sotto::secure_agg {

class ShareSet {
 public:
  // Points are distinct and not 0, more than `threshold` >= 1 of them,
  // asserted. `rng` draws h; it must not be known to holders.
  ShareSet(std::vector<std::uint64_t> points, std::uint32_t threshold,
           crypto::Rng& rng);

  struct Combined {
    absl::StatusOr<crypto::Secret<32>> secret;  // errors of CombineShares
    bool consistent = false;                    // no share contradicts another
  };
  // `shares` are those of all points but `owner`, in their order; with an owner
  // that is none of the points, of all. Asserted.
  Combined Combine(std::span<const Share> shares, std::uint64_t owner) const;

  const std::vector<std::uint64_t>& points() const { return points_; }

 private:
  std::vector<std::uint64_t> points_;
  std::uint32_t threshold_;
  std::vector<std::uint64_t> at_zero_;  // of the first threshold + 1
  std::vector<std::uint64_t> dual_;     // v_i h(x_i)
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_SHARING_SHARE_SET_H_
