// What a population has spent on a model family: every sum that was unmasked,
// with its noise, of all tasks. A round is opened, and its model committed,
// only while that stays within the task's budget.
//
// Rounds without noise are in the ledger too: after one, no epsilon is small
// enough for any budget. A sum that was unmasked and then withheld counts.
//
// Not thread-safe. Errors are the store's, or DATA_LOSS: a damaged entry.

#ifndef SOTTO_SERVER_ROUNDS_PRIVACY_LEDGER_H_
#define SOTTO_SERVER_ROUNDS_PRIVACY_LEDGER_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "privacy/rounds/round_ledger.h"
#include "proto/messages/plan.pb.h"
#include "proto/messages/privacy_ledger.pb.h"
#include "server/state/store.h"

namespace sotto::server {

class PrivacyLedger {
 public:
  // `store` outlives it.
  explicit PrivacyLedger(Store& store) : store_(store) {}

  absl::StatusOr<std::vector<privacy::LedgerEntry>> Entries(
      const std::string& population, const std::string& model);

  // Inside the transaction that ends the round; twice is once.
  absl::Status Record(const std::string& population, const v1::Plan& plan,
                      std::uint64_t round,
                      const std::optional<v1::NoisyRelease>& release);

 private:
  Store& store_;
};

// A round as the ledger will have it. INVALID_ARGUMENT: unknown noise.
absl::StatusOr<privacy::LedgerEntry> EntryOf(
    const v1::Plan& plan, std::uint64_t round,
    const std::optional<v1::NoisyRelease>& release);

// RESOURCE_EXHAUSTED: `entries`, of which the last is the round in question,
// cost more than the plan's budget; the message has the numbers.
absl::Status CheckBudget(const v1::Plan& plan,
                         const std::vector<privacy::LedgerEntry>& entries);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_PRIVACY_LEDGER_H_
