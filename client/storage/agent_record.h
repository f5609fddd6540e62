// What the agent was doing, durable, so that a restart knows what to give up.
//
//   asleep -> eligible -> checked in -> assigned -> training -> ready
//     -> aggregating -> done -> asleep
//
// Any state may fall back to asleep.

#ifndef SOTTO_CLIENT_STORAGE_AGENT_RECORD_H_
#define SOTTO_CLIENT_STORAGE_AGENT_RECORD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "client/storage/client_database.h"

namespace sotto::client {

enum class AgentState : std::uint8_t {
  kAsleep = 0,
  kEligible = 1,
  kCheckedIn = 2,
  kAssigned = 3,
  kTraining = 4,
  kReady = 5,
  kAggregating = 6,
  kDone = 7,
};
const char* AgentStateName(AgentState state);

// True for the arrows above.
bool CanMove(AgentState from, AgentState to);

struct AgentRecord {
  AgentState state = AgentState::kAsleep;
  std::string task;  // of the round, from kAssigned on
  std::uint64_t round = 0;
  Bytes round_id;
};

class AgentRecordStore {
 public:
  // `database` outlives it.
  explicit AgentRecordStore(ClientDatabase& database) : database_(database) {}

  // Asleep when nothing was saved. DATA_LOSS: an unknown state.
  absl::StatusOr<AgentRecord> Load();
  absl::Status Save(const AgentRecord& record);

 private:
  ClientDatabase& database_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_AGENT_RECORD_H_
