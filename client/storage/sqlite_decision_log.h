// The decisions of secure aggregation that must never be made twice, in the
// device's database: durable before anything leaves.

#ifndef SOTTO_CLIENT_STORAGE_SQLITE_DECISION_LOG_H_
#define SOTTO_CLIENT_STORAGE_SQLITE_DECISION_LOG_H_

#include <string>

#include "base/clock.h"
#include "client/storage/client_database.h"
#include "secure_agg/decision_log.h"

namespace sotto::client {

class SqliteDecisionLog final : public secure_agg::DecisionLog {
 public:
  // Both outlive it.
  SqliteDecisionLog(ClientDatabase& database, Clock& clock)
      : database_(database), clock_(clock) {}

  absl::Status RecordContribution(const std::string& task, std::uint64_t round,
                                  ByteView round_id) override;
  absl::Status RecordSurvivors(ByteView session_id,
                               ByteView survivors) override;
  absl::Status RecordUnmask(ByteView session_id) override;

 private:
  ClientDatabase& database_;
  Clock& clock_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_SQLITE_DECISION_LOG_H_
