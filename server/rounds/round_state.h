// The names of a round's states, and which one a session's phase belongs to.

#ifndef SOTTO_SERVER_ROUNDS_ROUND_STATE_H_
#define SOTTO_SERVER_ROUNDS_ROUND_STATE_H_

#include <optional>
#include <string>

#include "proto/rpc/federation.pb.h"
#include "secure_agg/aggregator.h"

namespace sotto::server {

inline constexpr char kOpen[] = "open";
inline constexpr char kSelecting[] = "selecting";
inline constexpr char kConfigured[] = "configured";
inline constexpr char kCollecting[] = "collecting";
inline constexpr char kAggregating[] = "aggregating";
inline constexpr char kCommitted[] = "committed";
inline constexpr char kAbandoned[] = "abandoned";

// The state of a task whose privacy budget allows no further round.
inline constexpr char kOutOfBudget[] = "out_of_budget";

// The state of a round whose session, with at least one member, is in `phase`.
std::string StateOf(secure_agg::Phase phase);

// The phase that a message is meant for; none for polls and complaints.
std::optional<secure_agg::Phase> PhaseOf(const v1::StepRequest& request);

// The letter that an accepted message of `phase` adds to a device's path.
char LetterOf(secure_agg::Phase phase);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_ROUND_STATE_H_
