#include "secure_agg/graph/ring.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/codec.h"
#include "crypto/rng.h"

namespace sotto::secure_agg {

absl::StatusOr<Ring> Ring::Create(const crypto::Sha256Digest& key_root,
                                  const std::string& task, std::uint64_t round,
                                  std::uint32_t n, std::uint32_t k) {
  if (n < 3 || k == 0 || k > n - 1 || (k % 2 != 0 && k != n - 1)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("no ring of %d members has %d neighbours each", n, k));
  }
  Ring ring;
  ring.k_ = k;
  ring.at_.resize(n);
  ring.place_.resize(n);
  std::iota(ring.at_.begin(), ring.at_.end(), 0u);
  if (k != n - 1) {
    Encoder e("sotto/secagg/graph/v1");
    e.Octets(key_root).Text(task).U64(round);
    crypto::SeededRng order(e.bytes());
    for (std::uint32_t i = n - 1; i > 0; --i) {
      std::swap(ring.at_[i], ring.at_[crypto::UniformBelow(order, i + 1)]);
    }
  }
  for (std::uint32_t i = 0; i < n; ++i) ring.place_[ring.at_[i]] = i;
  return ring;
}

std::vector<std::uint32_t> Ring::NeighboursOf(std::uint32_t u) const {
  const std::uint32_t n = size();
  std::vector<std::uint32_t> found;
  found.reserve(k_);
  for (std::uint32_t step = 1; found.size() < k_; ++step) {
    found.push_back(at_[(place_[u] + step) % n]);
    // On the complete graph of an even n both ways end at the same member.
    if (found.size() < k_) found.push_back(at_[(place_[u] + n - step) % n]);
  }
  std::ranges::sort(found);
  return found;
}

bool Ring::AreNeighbours(std::uint32_t u, std::uint32_t v) const {
  if (u == v) return false;
  const std::uint32_t n = size();
  const std::uint32_t ahead = (place_[v] + n - place_[u]) % n;
  return std::min(ahead, n - ahead) <= (k_ + 1) / 2;
}

}  // namespace sotto::secure_agg
