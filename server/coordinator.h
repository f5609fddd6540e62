// The coordinator as one object: what every RPC does, without any transport.
//
// Thread-safe: one lock around all state. Step() may block for up to two
// seconds (long poll) without holding it.

#ifndef SOTTO_SERVER_COORDINATOR_H_
#define SOTTO_SERVER_COORDINATOR_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/file_lock.h"
#include "crypto/rng.h"
#include "proto/rpc/admin.pb.h"
#include "proto/rpc/enrollment.pb.h"
#include "proto/rpc/federation.pb.h"
#include "proto/rpc/grants.pb.h"
#include "proto/rpc/telemetry.pb.h"
#include "server/cohort/enrolment.h"
#include "server/config.h"
#include "server/keys.h"
#include "server/models/grants.h"
#include "server/models/published_models.h"
#include "server/rollout/controller.h"
#include "server/rollout/director.h"
#include "server/rounds/round_keeper.h"
#include "server/rounds/session_factory.h"
#include "server/state/store.h"

namespace sotto::server {

class Coordinator {
 public:
  // Opens the state, reads the keys, recovers open rounds and rollouts. Errors
  // name the file or the key; nothing listens yet. FAILED_PRECONDITION: another
  // coordinator has this state or signs for this model store.
  static absl::StatusOr<std::unique_ptr<Coordinator>> Create(
      const Config& config, Clock& clock, crypto::Rng& rng);

  // What devices are told as the base of metadata and blobs.
  void SetHttpUrl(const std::string& url);

  // --- devices. `token` is the session's. UNAUTHENTICATED: enrol again.
  // PERMISSION_DENIED: revoked. Others: the component's own.
  absl::StatusOr<v1::EnrollReply> Enroll(const v1::EnrollRequest& request);
  absl::StatusOr<v1::CheckInReply> CheckIn(std::string_view token,
                                           const v1::CheckInRequest& request);
  absl::StatusOr<v1::StepReply> Step(std::string_view token,
                                     const v1::StepRequest& request);
  absl::StatusOr<v1::GetGrantReply> GetGrant(
      std::string_view token, const v1::GetGrantRequest& request);
  absl::StatusOr<v1::ReportReply> Report(std::string_view token,
                                         const v1::ReportRequest& request);

  // --- operator. UNAUTHENTICATED: not the admin token.
  absl::Status CheckAdmin(std::string_view token) const;
  absl::Status CreateTask(const v1::CreateTaskRequest& request);
  absl::StatusOr<v1::TaskStatus> GetTask(const std::string& task);
  absl::StatusOr<v1::TaskStatus> StopTask(const std::string& task);
  absl::StatusOr<v1::RoundStatus> ExplainRound(const std::string& task,
                                               std::uint64_t round);
  absl::StatusOr<Bytes> ExportCheckpoint(const std::string& task,
                                         std::uint64_t round);
  absl::StatusOr<v1::ListDevicesReply> ListDevices();
  absl::Status RevokeDevice(ByteView device_id, const std::string& reason);
  absl::StatusOr<v1::RolloutStatus> StartRollout(
      const v1::StartRolloutRequest& request);
  absl::StatusOr<v1::RolloutStatus> GetRollout(const std::string& model);
  absl::StatusOr<v1::RolloutStatus> RevertRollout(const std::string& model);
  absl::StatusOr<v1::RolloutStatus> SetRelease(
      const v1::SetReleaseRequest& request);

  // Lets time pass; call every few dozen milliseconds.
  void Tick();
  // Ends long polls, so that the transport can stop.
  void Stop();
  // Prometheus text.
  std::string Metrics();

 private:
  Coordinator(const Config& config, Clock& clock, crypto::Rng& rng,
              FileLock state_lock, Store store, Keys keys,
              std::string admin_token);

  void NotifyMoves();

  Config config_;
  Clock& clock_;
  crypto::Rng& rng_;
  const std::string admin_token_;

  mutable std::mutex mutex_;
  std::condition_variable moved_;
  bool stopping_ = false;
  std::uint64_t seen_moves_ = 0;
  std::string http_url_;
  const FileLock state_lock_;
  Store store_;
  Keys keys_;
  SessionFactory sessions_;
  Enrolment enrolment_;
  PublishedModels models_;
  Grants grants_;
  RoundKeeper rounds_;
  Director director_;
  RolloutController rollouts_;
  std::map<std::string, std::uint64_t> counts_;  // of metrics
  std::int64_t quiet_until_ms_ = 0;              // for repeated warnings
  std::string last_warning_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_COORDINATOR_H_
