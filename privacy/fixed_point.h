// Real vectors as residues mod 2^bits, so that their sum can be masked, and the
// sum back as reals.
//
// A device's coordinate v, |v| <= clip, with weight w in [0, max_weight],
// becomes
//   round(v * w / max_weight * scale) mod 2^bits,
// two's complement. No sum of num_devices of them wraps around: with
// R = 2 ceil(clip * scale) + 1 values a coordinate can take, Create proves
//   num_devices (R - 1) + 1 <= 2^bits.
//
// Immutable and thread-safe.

#ifndef SOTTO_PRIVACY_FIXED_POINT_H_
#define SOTTO_PRIVACY_FIXED_POINT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace sotto::privacy {

struct FixedPointParams {
  double clip = 0;                // bound on |v|, positive
  double scale = 0;               // units per 1.0, positive
  std::uint32_t bits = 32;        // in [2, 32]
  std::uint32_t max_weight = 1;   // at least 1
  std::uint32_t num_devices = 1;  // at least 1
};

class FixedPoint {
 public:
  // INVALID_ARGUMENT names the field that is out of range, or the bound that
  // does not hold.
  static absl::StatusOr<FixedPoint> Create(const FixedPointParams& params);

  // Weights above max_weight count as it. Values outside [-clip, clip] are
  // clamped; values that are not finite count as 0.
  std::vector<std::uint32_t> Encode(std::span<const float> values,
                                    std::uint32_t weight) const;

  // sum_v[i] = (sum of v * w / max_weight)[i].
  std::vector<double> DecodeSum(std::span<const std::uint32_t> sum) const;

  // R: how many values one coordinate can take.
  std::uint64_t range() const { return 2 * limit_ + 1; }
  std::uint32_t EffectiveWeight(std::uint32_t weight) const;
  const FixedPointParams& params() const { return params_; }

 private:
  explicit FixedPoint(const FixedPointParams& params, std::uint64_t limit)
      : params_(params), limit_(limit) {}

  FixedPointParams params_;
  std::uint64_t limit_;  // largest magnitude of one encoded coordinate
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_FIXED_POINT_H_
