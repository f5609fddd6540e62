// The device's life: enrol, keep the model current, measure it and report, take
// part in rounds. One thread calls it at a time; Stop is for any thread.
//
// Updating and training have retry clocks of their own: a model that cannot be
// updated does not keep the device from training, and the other way round.

#ifndef SOTTO_CLIENT_AGENT_AGENT_H_
#define SOTTO_CLIENT_AGENT_AGENT_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "client/agent/events.h"
#include "client/agent/interrupt.h"
#include "client/policy/retry_policy.h"
#include "client/storage/agent_record.h"
#include "client/storage/client_database.h"
#include "client/storage/identity.h"
#include "client/transport/blob_source.h"
#include "client/transport/coordinator.h"
#include "client/update/model_opener.h"
#include "client/update/updater.h"
#include "sotto/client.h"

namespace sotto::client {

class Agent {
 public:
  // All are borrowed and outlive the agent.
  struct Parts {
    const ClientConfig& config;
    const Identity& identity;
    const crypto::PublicKey& issuer;
    const crypto::PublicKey& coordinator_key;
    ClientDatabase& database;
    Coordinator& coordinator;
    BlobSource& source;
    Updater& updater;
    ModelOpener& opener;
    DeviceConditions& conditions;
    Clock& clock;
    crypto::Rng& rng;
    const Events& events;
    Interrupt& interrupt;
  };
  explicit Agent(Parts parts)
      : parts_(parts),
        update_retry_(parts.rng),
        round_retry_(parts.rng),
        left_round_retry_(parts.rng, kLeftRoundWindows) {}

  void SetExamples(std::shared_ptr<const Examples> examples) {
    examples_ = std::move(examples);
  }
  void SetEvaluation(std::shared_ptr<const Examples> evaluation) {
    evaluation_ = std::move(evaluation);
  }

  // A round that a killed process was in is given up, and said so by the event
  // "abandoned". Call once, first.
  absl::Status Recover();

  // See Client.
  absl::Status Enroll();
  absl::Status Update();

  // Until interrupted, or `max_rounds` (0: no limit) rounds had an outcome.
  void Run(std::uint32_t max_rounds);

 private:
  using Delay = std::chrono::milliseconds;

  // Between questions whether a round that this device left has ended: about as
  // long as it goes on already.
  static constexpr RetryWindows kLeftRoundWindows{
      .transient = {Delay(200), Delay(500)}, .transient_cap = Delay(60'000)};

  absl::Status EnsureEnrolled();
  void Forget();  // the token
  absl::Status Move(AgentState state);
  absl::Status LoadCurrent();
  absl::Status EvaluateAndReport(const ModelState& state);
  // Each returns how long to stay away.
  Delay UpdateOnce();
  Delay RoundOnce();

  // False: the coordinator has nothing to do now; `wait` says for how long.
  absl::StatusOr<bool> CheckIn(v1::Assignment* assignment, RetryWindow* wait);
  absl::StatusOr<v1::RoundOutcome> TakePart(const v1::Assignment& assignment);
  absl::StatusOr<v1::StepReply> SendStep(const v1::StepRequest& request);

  Parts parts_;
  RetryPolicy update_retry_;
  RetryPolicy round_retry_;
  RetryPolicy left_round_retry_;
  std::shared_ptr<const Examples> examples_;
  std::shared_ptr<const Examples> evaluation_;
  AgentRecord record_;
  bool enrolled_ = false;
  std::unique_ptr<LoadedModel> model_;  // the active release, once loaded
  std::optional<ModelState> state_;     // of the last refresh
  std::uint32_t rounds_done_ = 0;
  std::string waiting_for_;  // the condition that was reported last
  Bytes diverged_round_;     // the id of the last whose training diverged
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_AGENT_AGENT_H_
