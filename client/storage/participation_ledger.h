// Every contribution that this device ever made, by task and round. It is what
// makes "never twice" true across kills: the row is durable before the first
// masked byte leaves, and a second row for the same round cannot be written.

#ifndef SOTTO_CLIENT_STORAGE_PARTICIPATION_LEDGER_H_
#define SOTTO_CLIENT_STORAGE_PARTICIPATION_LEDGER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/storage/client_database.h"

namespace sotto::client {

struct ParticipationHistory {
  std::uint64_t contributions = 0;
  std::optional<std::uint64_t> last_round = {};
};

// What a plan allows one device; see proto/messages/plan.proto.
struct ParticipationLimits {
  std::uint32_t min_separation_rounds = 1;  // round - last >= this
  std::uint32_t max_participations = 0;     // 0: unlimited
};

// OK when `round` may be joined. FAILED_PRECONDITION: too soon after the last
// contribution, or a round not later than it. RESOURCE_EXHAUSTED: the maximum
// is reached.
absl::Status CheckParticipation(const ParticipationHistory& history,
                                const ParticipationLimits& limits,
                                std::uint64_t round);

class ParticipationLedger {
 public:
  // `database` outlives it.
  explicit ParticipationLedger(ClientDatabase& database)
      : database_(database) {}

  absl::StatusOr<ParticipationHistory> History(const std::string& task);

  // The latest round in which this device advertised keys; 0: none. The keys of
  // a session live in memory only, so a round that was joined before a kill is
  // given up, and only later rounds are joined.
  absl::StatusOr<std::uint64_t> LastJoined(const std::string& task);
  // ALREADY_EXISTS: this round or a later one was joined before.
  absl::Status Join(const std::string& task, std::uint64_t round,
                    ByteView model_hash);
  // PERMISSION_DENIED: `round` follows the round joined last, and the
  // coordinator's word about the model of that round is not what this device
  // was given: the chain of models was forked.
  absl::Status CheckSuccessor(const std::string& task, std::uint64_t round,
                              ByteView previous_model_hash);

  // ALREADY_EXISTS: this device has contributed to the round. Durable when OK.
  absl::Status Record(const std::string& task, std::uint64_t round,
                      ByteView round_id, std::int64_t time_ms);

 private:
  ClientDatabase& database_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_PARTICIPATION_LEDGER_H_
