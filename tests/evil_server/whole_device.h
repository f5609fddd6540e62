// A whole device (client::Agent with its database on disk, an installed model
// and grants) against a coordinator that assigns it to what a test says, and
// counts what it sends. Each round ends as soon as the device joined it.

#ifndef SOTTO_TESTS_EVIL_SERVER_WHOLE_DEVICE_H_
#define SOTTO_TESTS_EVIL_SERVER_WHOLE_DEVICE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/agent/agent.h"
#include "client/policy/scripted_conditions.h"
#include "tests/evil_server/fleet.h"

namespace sotto::evil {

// Hands out one assignment, then nothing.
class Assigner final : public client::Coordinator {
 public:
  v1::Assignment assignment;
  Bytes grant;
  int joined = 0;  // sessions that the device advertised keys for
  client::Interrupt* stop = nullptr;

  void SetToken(const std::string&) override {}
  absl::StatusOr<v1::EnrollReply> Enroll(const v1::EnrollRequest&) override;
  absl::StatusOr<v1::CheckInReply> CheckIn(const v1::CheckInRequest&) override;
  absl::StatusOr<v1::StepReply> Step(const v1::StepRequest& request) override;
  absl::StatusOr<v1::GetGrantReply> GetGrant(
      const v1::GetGrantRequest&) override;
  absl::StatusOr<v1::ReportReply> Report(const v1::ReportRequest&) override;
  void CancelCalls() override {}
  void ResumeCalls() override {}
};

// What signed metadata and the blob store hold.
class SignedFiles final : public client::Updater {
 public:
  Bytes plan;
  Bytes checkpoint;

  absl::StatusOr<client::ModelState> Refresh() override;
  absl::StatusOr<Bytes> FetchTarget(const std::string& name,
                                    std::uint64_t max_bytes) override;
  absl::StatusOr<model_store::OpenedPayload> FetchCheckpoint(
      ByteView digest, std::uint64_t size_bytes) override;
};

class WholeDevice {
 public:
  WholeDevice();

  v1::Plan& plan() { return plan_; }
  LocalPolicy& policy() { return config_.policy; }
  // The installed model's weights, as a checkpoint has them.
  const Bytes& weights() const { return files_.checkpoint; }
  Bytes& checkpoint() { return files_.checkpoint; }
  client::ClientDatabase& database() { return *database_; }
  crypto::Sha256Digest ModelHash() const;

  struct Offer {
    std::uint64_t round = 0;
    Bytes previous_model_hash = {};
    std::optional<crypto::Sha256Digest> plan_hash = {};  // of plan() unless set
  };
  // One process of the device, from start to end: is offered the round and
  // joins it (OK), passes over it (NOT_FOUND) or refuses it.
  absl::Status Start(const Offer& offer);
  int joined() const { return assigner_.joined; }

 private:
  void InstallModel();

  const crypto::SigningKey issuer_, coordinator_, broker_;
  client::Identity identity_;
  const std::string folder_;
  std::optional<client::ClientDatabase> database_;
  ClientConfig config_;
  v1::Plan plan_;
  Assigner assigner_;
  SignedFiles files_;
};

}  // namespace sotto::evil

#endif  // SOTTO_TESTS_EVIL_SERVER_WHOLE_DEVICE_H_
