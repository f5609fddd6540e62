// Who exchanges shares and masks with whom: a Harary graph, members on a ring
// and each joined to the k / 2 before and the k / 2 after it (Bell et al.
// 2020). The order on the ring follows from the cohort's keys, so that whoever
// draws up the cohort cannot choose a member's neighbours (other than by trying
// many cohorts, which the security parameter allows for).

#ifndef SOTTO_SECURE_AGG_GRAPH_RING_H_
#define SOTTO_SECURE_AGG_GRAPH_RING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/sha2.h"

namespace sotto::secure_agg {

class Ring {
 public:
  // A shuffle (Fisher-Yates, from the last place down) of the members 0 ...
  // n - 1 by the stream of crypto::SeededRng over
  //   "sotto/secagg/graph/v1", key_root, task, round
  // (docs/protocol/secure_aggregation.md, "Graph"). k = n - 1 is the complete
  // graph, which needs no order. INVALID_ARGUMENT: n below 3, k above n - 1,
  // or k odd but not n - 1.
  static absl::StatusOr<Ring> Create(const crypto::Sha256Digest& key_root,
                                     const std::string& task,
                                     std::uint64_t round, std::uint32_t n,
                                     std::uint32_t k);

  std::uint32_t size() const { return static_cast<std::uint32_t>(at_.size()); }
  std::uint32_t neighbours() const { return k_; }
  // The k neighbours of member `u` < size(), ascending.
  std::vector<std::uint32_t> NeighboursOf(std::uint32_t u) const;
  // Symmetric; no member is its own neighbour.
  bool AreNeighbours(std::uint32_t u, std::uint32_t v) const;
  std::uint32_t PlaceOf(std::uint32_t u) const { return place_[u]; }

 private:
  Ring() = default;

  std::uint32_t k_ = 0;
  std::vector<std::uint32_t> at_;     // who is at each place
  std::vector<std::uint32_t> place_;  // where each member is
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_GRAPH_RING_H_
