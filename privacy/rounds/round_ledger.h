// What rounds cost one user: the accountant of both ledgers, the coordinator's
// and the device's.
//
// A user is in at most L rounds of a task, L being the most of its released
// rounds that its participation limits allow together: those whose numbers are
// min_separation apart, up to max_participations. At each Renyi order a task
// costs the sum of its L dearest rounds, which bounds every choice of L; tasks
// and entries add. No amplification by sampling. Round numbers count, not
// positions: abandoned rounds between two released ones separate them too.
//
// A tree of a coordinator (accounting/tree_sensitivity.h) is paid for whole,
// with all of its nodes: a user's rounds in it cost more the nearer they are,
// so they do not add one by one. Its sensitivity is that of the rounds
// themselves where one user can be in all of them, else the most under the
// limits; those of trees with the same noise add, as if they were one tree.
//
// A banded matrix (accounting/matrix_sensitivity.h) is alike, but that rounds
// as far apart as it has bands share nothing: each costs its column.
//
// Neighbours differ in one user's vectors, there or zero. Pure; thread-safe.

#ifndef SOTTO_PRIVACY_ROUNDS_ROUND_LEDGER_H_
#define SOTTO_PRIVACY_ROUNDS_ROUND_LEDGER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "privacy/accounting/distributed_noise.h"

namespace sotto::privacy {

struct LedgerEntry {
  std::string task = {};
  std::uint64_t round = 0;
  std::optional<DistributedNoise> noise = {};  // absent: without noise
  // Of the task, the same in all of its entries.
  std::uint32_t min_separation = 1;      // rounds; 0 counts as 1
  std::uint32_t max_participations = 0;  // 0: unlimited
  // Releases that a user was in beside one another, such as those that a fresh
  // install is assumed to have been in.
  std::uint32_t count = 1;
  // Of the tree that the round is leaf `round` - 1 of, each node with `noise`,
  // or of the matrix that it is row `round` - 1 of, with `noise` over a
  // column's norm; 0: the noise is the round's own. Round 0: somewhere in it.
  std::uint64_t noise_rounds = 0;
  std::uint32_t bands = 0;  // of the matrix; 0: a tree
};

// The epsilon at `delta` of all entries, an upper bound: 0 without any,
// infinite where a release had no noise. INVALID_ARGUMENT: delta, or noise that
// the accountant does not take.
absl::StatusOr<double> SpentEpsilon(std::span<const LedgerEntry> entries,
                                    double delta);

// The most rounds of `next`'s task, one after the other from its number on,
// that may follow `entries` within `epsilon`; nothing where its participation
// limits allow any number. At most 2^20, and the rounds of its tree or matrix
// if it has one. Errors as above.
absl::StatusOr<std::optional<std::uint64_t>> RoundsWithin(
    std::span<const LedgerEntry> entries, const LedgerEntry& next,
    double epsilon, double delta);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ROUNDS_ROUND_LEDGER_H_
