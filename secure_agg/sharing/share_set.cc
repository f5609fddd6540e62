#include "secure_agg/sharing/share_set.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "secure_agg/field/field61.h"
#include "secure_agg/field/polynomial61.h"

namespace sotto::secure_agg {
namespace {

using field61::Mul;
using field61::Sub;

// 1 / prod_{j != i} (x_i - x_j), of all i with one inversion.
std::vector<std::uint64_t> DualWeights(std::span<const std::uint64_t> x) {
  std::vector<std::uint64_t> weights(x.size()), before(x.size() + 1, 1);
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::uint64_t product = 1;
    for (std::size_t j = 0; j < x.size(); ++j) {
      if (j != i) product = Mul(product, Sub(x[i], x[j]));
    }
    assert(product != 0);  // the points are distinct
    weights[i] = product;
    before[i + 1] = Mul(before[i], product);
  }
  std::uint64_t inverse = field61::Inverse(before.back());
  for (std::size_t i = x.size(); i-- > 0;) {
    const std::uint64_t own = Mul(inverse, before[i]);
    inverse = Mul(inverse, weights[i]);
    weights[i] = own;
  }
  return weights;
}

}  // namespace

ShareSet::ShareSet(std::vector<std::uint64_t> points, std::uint32_t threshold,
                   crypto::Rng& rng)
    : points_(std::move(points)), threshold_(threshold) {
  assert(threshold_ >= 1 && points_.size() > threshold_);
  // Lagrange's weight at 0: dual weight times prod_{j != i} (0 - x_j).
  const auto first = std::span(points_).first(threshold_ + 1);
  at_zero_ = DualWeights(first);
  for (std::size_t i = 0; i < first.size(); ++i) {
    for (std::size_t j = 0; j < first.size(); ++j) {
      if (j != i) at_zero_[i] = Mul(at_zero_[i], Sub(0, first[j]));
    }
  }
  dual_ = DualWeights(points_);
  Polynomial61 h(points_.size() - 1 - threshold_);
  for (std::uint64_t& c : h) c = crypto::UniformBelow(rng, field61::kPrime);
  for (std::size_t i = 0; i < points_.size(); ++i) {
    dual_[i] = Mul(dual_[i], Evaluate(h, points_[i]));
  }
}

ShareSet::Combined ShareSet::Combine(std::span<const Share> shares,
                                     std::uint64_t owner) const {
  const auto last = points_.begin() + threshold_ + 1;
  const bool owner_among_first =
      std::find(points_.begin(), last, owner) != last;
  // Whom the first threshold + 1 do without.
  const std::uint64_t left_out = owner_among_first ? owner : *(last - 1);
  const std::uint64_t scale = field61::Inverse(Sub(0, left_out));
  std::array<std::uint64_t, kShareLimbs> secret = {}, check = {};
  std::size_t at = 0;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    if (points_[i] == owner) continue;
    assert(at < shares.size() && shares[at].point == points_[i]);
    const Share& share = shares[at++];
    const bool counts = i <= threshold_ && points_[i] != left_out;
    const std::uint64_t weight =
        counts ? Mul(Mul(at_zero_[i], Sub(points_[i], left_out)), scale) : 0;
    // Without the owner's point each weight has one factor less below; where
    // the owner has none, the factor makes another polynomial of h.
    const std::uint64_t dual = Mul(dual_[i], Sub(points_[i], owner));
    for (std::size_t limb = 0; limb < kShareLimbs; ++limb) {
      const std::uint64_t y = share.limbs[limb];
      if (counts) secret[limb] = field61::Add(secret[limb], Mul(weight, y));
      check[limb] = field61::Add(check[limb], Mul(dual, y));
    }
  }
  assert(at == shares.size());
  const bool consistent =
      std::ranges::all_of(check, [](std::uint64_t sum) { return sum == 0; });
  return {SecretOf(secret), consistent};
}

}  // namespace sotto::secure_agg
