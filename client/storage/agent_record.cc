#include "client/storage/agent_record.h"

#include "base/status.h"
#include "client/storage/bound_statement.h"

namespace sotto::client {

const char* AgentStateName(AgentState state) {
  switch (state) {
    case AgentState::kAsleep:
      return "asleep";
    case AgentState::kEligible:
      return "eligible";
    case AgentState::kCheckedIn:
      return "checked in";
    case AgentState::kAssigned:
      return "assigned";
    case AgentState::kTraining:
      return "training";
    case AgentState::kReady:
      return "ready";
    case AgentState::kAggregating:
      return "aggregating";
    case AgentState::kDone:
      return "done";
  }
  return "unknown";
}

bool CanMove(AgentState from, AgentState to) {
  return to == AgentState::kAsleep ||
         static_cast<int>(to) == static_cast<int>(from) + 1;
}

absl::StatusOr<AgentRecord> AgentRecordStore::Load() {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      BoundStatement(database_.sql(),
                     "SELECT state, task, round, round_id FROM agent"));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return AgentRecord();
  const std::int64_t state = row.Int64(0);
  if (state < 0 || state > static_cast<int>(AgentState::kDone)) {
    return absl::DataLossError(
        absl::StrFormat("client database: agent state %d is unknown", state));
  }
  return AgentRecord{.state = static_cast<AgentState>(state),
                     .task = row.Text(1),
                     .round = static_cast<std::uint64_t>(row.Int64(2)),
                     .round_id = row.Blob(3)};
}

absl::Status AgentRecordStore::Save(const AgentRecord& record) {
  return RunBound(database_.sql(),
                  "INSERT OR REPLACE INTO agent VALUES (1, ?1, ?2, ?3, ?4)",
                  static_cast<int>(record.state), record.task, record.round,
                  ByteView(record.round_id));
}

}  // namespace sotto::client
