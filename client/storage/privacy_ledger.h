// The noisy rounds that this device contributed to, and may have contributed to
// before its storage was made: what policy/privacy_budget.h adds up. One ledger
// a population and model family. Writes are durable when the call returns.

#ifndef SOTTO_CLIENT_STORAGE_PRIVACY_LEDGER_H_
#define SOTTO_CLIENT_STORAGE_PRIVACY_LEDGER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/storage/client_database.h"
#include "privacy/rounds/round_ledger.h"
#include "proto/messages/privacy_ledger.pb.h"

namespace sotto::client {

class PrivacyLedger {
 public:
  // `database` outlives it.
  explicit PrivacyLedger(ClientDatabase& database) : database_(database) {}

  struct Family {
    std::string population, model;
  };

  // Empty: no history. DATA_LOSS: an entry does not parse.
  absl::StatusOr<std::vector<privacy::LedgerEntry>> Entries(
      const Family& family);

  // Before the contribution leaves the device. The first entry of a family also
  // records `assumed_before` rounds of the same noise. ALREADY_EXISTS: the
  // round is in the ledger, so it must not be contributed to again.
  absl::Status Record(const Family& family, const std::string& task,
                      std::uint64_t round, const v1::NoisyRelease& release,
                      std::uint32_t assumed_before);

 private:
  ClientDatabase& database_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_PRIVACY_LEDGER_H_
