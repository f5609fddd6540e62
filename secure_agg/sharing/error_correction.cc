#include "secure_agg/sharing/error_correction.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "secure_agg/field/polynomial61.h"

namespace sotto::secure_agg {
namespace {

absl::Status TooMany(std::size_t shares, std::uint32_t threshold) {
  return absl::DataLossError(absl::StrFormat(
      "more than %d of %d shares are wrong (the threshold is %d)",
      static_cast<int>((shares - threshold) / 2), static_cast<int>(shares),
      threshold));
}

// The polynomial of degree < threshold that all but floor((m - t) / 2) of the
// points lie on.
absl::StatusOr<Polynomial61> Decode(const Polynomial61& with_roots,
                                    std::span<const std::uint64_t> x,
                                    std::span<const std::uint64_t> y,
                                    std::uint32_t threshold) {
  // Invariant: r = (something) * with_roots + v * (polynomial through all).
  Polynomial61 r0 = with_roots, r1 = Interpolate(with_roots, x, y);
  Polynomial61 v0 = {}, v1 = {1};
  // Until deg(r1) < (m + t) / 2; sizes are degrees plus one.
  while (2 * r1.size() >= x.size() + threshold + 2) {
    Division61 step = Divide(r0, r1);
    Polynomial61 v2 = SubtractProduct(v0, step.quotient, v1);
    r0 = std::exchange(r1, std::move(step.remainder));
    v0 = std::exchange(v1, std::move(v2));
  }
  Division61 f = Divide(r1, v1);
  if (!f.remainder.empty() || f.quotient.size() > threshold) {
    return TooMany(x.size(), threshold);
  }
  return std::move(f.quotient);
}

}  // namespace

absl::StatusOr<CorrectedSecret> CorrectShares(std::span<const Share> shares,
                                              std::uint32_t threshold) {
  if (shares.size() < threshold) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d shares, %d are needed",
                        static_cast<int>(shares.size()), threshold));
  }
  const std::size_t count = shares.size();
  std::vector<std::uint64_t> x(count), y(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = shares[i].point;
  const Polynomial61 with_roots = WithRoots(x);
  std::vector<bool> is_wrong(count, false);
  // As good shares as are needed, made anew from the polynomials.
  std::vector<Share> good(threshold);
  for (std::size_t i = 0; i < threshold; ++i) good[i].point = x[i];
  for (std::size_t limb = 0; limb < kShareLimbs; ++limb) {
    for (std::size_t i = 0; i < count; ++i) y[i] = shares[i].limbs[limb];
    SOTTO_ASSIGN_OR_RETURN(const Polynomial61 f,
                           Decode(with_roots, x, y, threshold));
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t value = Evaluate(f, x[i]);
      if (value != y[i]) is_wrong[i] = true;
      if (i < threshold) good[i].limbs[limb] = value;
    }
  }
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < count; ++i) {
    if (is_wrong[i]) wrong.push_back(i);
  }
  // Limbs are decoded apart; together they must not be more either.
  if (2 * wrong.size() > count - threshold) return TooMany(count, threshold);
  SOTTO_ASSIGN_OR_RETURN(crypto::Secret<32> secret, CombineShares(good));
  return CorrectedSecret{std::move(secret), std::move(wrong)};
}

}  // namespace sotto::secure_agg
