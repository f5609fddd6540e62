// Correlated noise of a banded matrix mechanism, streamed (Choquette-Choo et
// al. 2023, "(Amplified) banded matrix factorization", section 4.1).
//
// With x the rounds' sums the server forms u = C x + z, z discrete Gaussian,
// and releases r = C^-1 u = x + C^-1 z, one row a round:
//   u_t = sum_lag C[t][t-lag] x_{t-lag} + z_t
//   r_t = (u_t - sum_{lag > 0} C[t][t-lag] r_{t-lag}) / C[t][t].
// C has 16 fractional bits, so u is in integers, in units of 2^-16 steps, and
// so is z: no noise falls between the values that C x can take. r is computed
// in doubles from u and from what was released before, which costs no privacy.
//
// State: the last bands - 1 rows, each a sum and what was released of it, and
// the seed. Overflow: |x| < 2^31, |C| <= 2, at most 2^14 bands and |z| < 2^45
// keep |u| below 2^63.

#ifndef SOTTO_PRIVACY_NOISE_BANDED_RELEASE_H_
#define SOTTO_PRIVACY_NOISE_BANDED_RELEASE_H_

#include <cstdint>
#include <vector>

#include "privacy/noise/banded_matrix.h"
#include "privacy/noise/seeded_noise.h"
#include "privacy/noise/sum_release.h"

namespace sotto::privacy {

// A round as later ones need it: its exact sum, as secret as the seed.
struct BandedRow {
  std::vector<std::int32_t> sum;
  std::vector<double> release;
};

class BandedRelease final : public SumRelease {
 public:
  static constexpr double kMaxStd = 1 << 15;

  // `std` of each z in steps: the noise multiplier times the clip norm in
  // steps, for a C whose sensitivity the accountant has. INVALID_ARGUMENT: it
  // is outside [2^-18, 2^15].
  static absl::StatusOr<BandedRelease> Create(std::size_t size,
                                              BandedMatrix matrix, double std,
                                              const crypto::Secret<32>& seed);

  // Goes on after `position` rounds, whose last bands() - 1, or all if they are
  // fewer, are `rows`, the oldest first. INVALID_ARGUMENT: other rows than
  // those, or after a round of this object.
  absl::Status Resume(std::uint64_t position, std::vector<BandedRow> rows);

  absl::Status Next(std::span<const std::int32_t> sum,
                    std::span<double> out) override;
  std::size_t size() const override { return size_; }
  std::uint64_t position() const { return position_; }
  // The last round's; it exists, and bands() is at least 2.
  const BandedRow& last_row() const {
    return rows_[(position_ - 1) % rows_.size()];
  }

  // z of a round, in units of 2^-16 steps.
  void AddNoise(std::uint64_t round, std::span<std::int64_t> out) const;

 private:
  BandedRelease(std::size_t size, BandedMatrix matrix, SeededNoise noise);

  std::size_t size_;
  BandedMatrix matrix_;
  SeededNoise noise_;
  std::uint64_t position_ = 0;
  // Of round t at index t mod (bands - 1).
  std::vector<BandedRow> rows_;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_BANDED_RELEASE_H_
