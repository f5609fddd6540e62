// Carries one secure-aggregation session between the protocol
// (secure_agg::ClientSession) and the coordinator: one message out, one reply
// in, until the round has an outcome. Repeats a message whose reply was lost;
// a session that fails is complained about and given up.
//
// Before each message it emits {"event": "step", "step", "task", "round"} and
// passes CrashPoint("device-" + step), step being advertise, share_keys,
// masked_input, consistency or unmask.
//
// With noise in the plan, each contribution is in the privacy ledger before it
// leaves, within the policy's budget, and the masked input begins to leave at a
// whole multiple of kInputSlot (noisy_round.h) after the shares came. It emits
// {"event": "privacy", "task", "round", "epsilon", "max_epsilon", "delta"}.

#ifndef SOTTO_CLIENT_AGENT_ROUND_SESSION_H_
#define SOTTO_CLIENT_AGENT_ROUND_SESSION_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "client/agent/events.h"
#include "client/agent/interrupt.h"
#include "client/agent/local_training.h"
#include "client/storage/identity.h"
#include "client/storage/privacy_ledger.h"
#include "crypto/rng.h"
#include "proto/messages/plan.pb.h"
#include "proto/rpc/federation.pb.h"
#include "secure_agg/decision_log.h"
#include "sotto/config.h"

namespace sotto::client {

struct RoundInputs {
  const v1::Assignment* assignment = nullptr;
  const v1::Plan* plan = nullptr;
  const LocalResult* result = nullptr;
};

class RoundSession {
 public:
  // Sends one step; enrols again and repeats on its own what can be repeated.
  // An error is final for this session.
  using Send =
      std::function<absl::StatusOr<v1::StepReply>(const v1::StepRequest&)>;

  struct Parts {
    const ClientConfig& config;
    const Identity& identity;
    const crypto::PublicKey& issuer;
    const crypto::PublicKey& coordinator;
    secure_agg::DecisionLog& log;
    Clock& clock;
    crypto::Rng& rng;
    const Events& events;
    Interrupt& interrupt;
    Send send;
    PrivacyLedger* privacy = nullptr;  // needed where the plan adds noise
  };
  explicit RoundSession(Parts parts) : parts_(std::move(parts)) {}

  // PERMISSION_DENIED and the other errors of secure_agg::ClientSession: the
  // coordinator's messages do not hold; this device left the session.
  // RESOURCE_EXHAUSTED: the privacy budget. CANCELLED: interrupted.
  // DEADLINE_EXCEEDED: no outcome by the assignment's deadline. Errors of Send.
  absl::StatusOr<v1::RoundOutcome> Run(const RoundInputs& inputs);

 private:
  Parts parts_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_AGENT_ROUND_SESSION_H_
