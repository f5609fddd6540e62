// Rollouts: a persisted state machine that stages a release over the devices,
// decides on their reports, and signs the rules that devices follow.
//
//   draft -> running at step i -> PASS and dwell over: step i + 1 ... -> done
//                |-> FAIL, or the operator: reverting -> reverted
//                |-> SRM: held, until the operator reverts
//
// Each change is in the state store before the rules are signed; rules that
// were stored but not signed are signed at the next start. Never promotes on
// NO_DATA.
//
// Not thread-safe.

#ifndef SOTTO_SERVER_ROLLOUT_CONTROLLER_H_
#define SOTTO_SERVER_ROLLOUT_CONTROLLER_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "crypto/rng.h"
#include "proto/rpc/admin.pb.h"
#include "proto/rpc/telemetry.pb.h"
#include "server/rollout/evaluation.h"
#include "server/rollout/rollout_record.h"
#include "server/rollout/rules_publisher.h"
#include "server/state/store.h"

namespace sotto::server {

// Devices that are away longer revert when they return; the rollout does not
// wait for them.
inline constexpr std::int64_t kRevertPatienceMs = 60 * 1000;
inline constexpr int kMaxSalts = 4096;

class RolloutController {
 public:
  struct Parts {
    Store& store;
    Clock& clock;
    crypto::Rng& rng;
    RulesPublisher& publisher;
  };
  explicit RolloutController(Parts parts) : parts_(parts) {}

  // Loads all rollouts and signs what was not signed yet. Call once, first.
  absl::Status Start();

  // INVALID_ARGUMENT names the field. FAILED_PRECONDITION: another rollout of
  // the model runs, the steps break the signed policy, or no salt gives each
  // step enough devices. NOT_FOUND: the policy or a release is not published.
  absl::StatusOr<v1::RolloutStatus> StartRollout(
      const v1::StartRolloutRequest& request);
  // NOT_FOUND: no rules for this model.
  absl::StatusOr<v1::RolloutStatus> Get(const std::string& model);
  // Back to the control release, at once. FAILED_PRECONDITION: nothing runs.
  absl::StatusOr<v1::RolloutStatus> Revert(const std::string& model,
                                           const std::string& reason);
  // The first rules of a model. FAILED_PRECONDITION: there are rules that say
  // otherwise; a rollout is the way to change them.
  absl::StatusOr<v1::RolloutStatus> SetRelease(
      const v1::SetReleaseRequest& request);

  // INVALID_ARGUMENT: a malformed report. Idempotent per report_id.
  absl::Status Report(const DeviceRecord& device,
                      const v1::ReportRequest& request);

  // Evaluates running rollouts and moves them on. Errors of store and
  // publisher; the move is tried again at the next Tick.
  absl::Status Tick();

 private:
  struct Fleet {
    std::vector<Bytes> devices;
    std::map<Bytes, std::string> attributes;
  };

  absl::StatusOr<Fleet> LoadFleet();
  absl::StatusOr<std::string> DrawSalt(const v1::StartRolloutRequest& request,
                                       model_store::RolloutDocument document,
                                       const Fleet& fleet);
  absl::StatusOr<StepData> CollectStep(const RolloutRecord& record);
  absl::Status Observe(RolloutRecord& record);
  absl::Status ObserveRevert(RolloutRecord& record);
  // The next document, with sequence number, chain and time filled.
  model_store::RolloutDocument NextDocument(
      const model_store::RolloutDocument& previous) const;
  // Makes `record` the model's, durably, then signs its rules.
  absl::Status Commit(RolloutRecord record);
  absl::Status SignRules(const std::string& model);
  void BeginStep(RolloutRecord& record);
  void EndStep(RolloutRecord& record, Verdict verdict) const;
  absl::Status StartRevert(RolloutRecord record, const std::string& reason);

  Parts parts_;
  std::map<std::string, RolloutRecord> rollouts_;  // by model
  // Models with reports since they were evaluated last, and the document whose
  // time was over when they were.
  std::map<std::string, bool> dirty_;
  std::map<std::string, std::uint64_t> due_seen_;
  // Models whose newest rules are stored and could not be signed yet.
  std::set<std::string> unsigned_;
};

// "digits" of "digits/cnn": whose rules a model's are when no app is named.
std::string AppOf(const std::string& app, const std::string& model);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROLLOUT_CONTROLLER_H_
