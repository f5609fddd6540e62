// What a client must never decide twice, made durable before it acts. The SDK
// keeps it in SQLite; tests in memory.

#ifndef SOTTO_SECURE_AGG_DECISION_LOG_H_
#define SOTTO_SECURE_AGG_DECISION_LOG_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/bytes.h"

namespace sotto::secure_agg {

// Each method returns OK only when the decision is on disk. ALREADY_EXISTS: it
// was made before, now or in an earlier process. Other errors: do not act.
class DecisionLog {
 public:
  virtual ~DecisionLog() = default;

  // The masked input of this (task, round) is about to leave.
  virtual absl::Status RecordContribution(const std::string& task,
                                          std::uint64_t round,
                                          ByteView round_id) = 0;
  // The survivor set of this session is about to be signed. OK too when the
  // same bytes were recorded before: signing them again tells nothing new.
  virtual absl::Status RecordSurvivors(ByteView session_id,
                                       ByteView survivors) = 0;
  // Shares of this session are about to be revealed.
  virtual absl::Status RecordUnmask(ByteView session_id) = 0;
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_DECISION_LOG_H_
