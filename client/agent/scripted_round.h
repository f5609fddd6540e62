// A coordinator's one round in memory, for tests: secure_agg's server side,
// driven by the messages of several devices in threads of their own. A phase
// closes when all its members have answered.

#ifndef SOTTO_CLIENT_AGENT_SCRIPTED_ROUND_H_
#define SOTTO_CLIENT_AGENT_SCRIPTED_ROUND_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "base/status.h"
#include "proto/rpc/federation.pb.h"
#include "secure_agg/server_session.h"

namespace sotto::client {

class ScriptedRound {
 public:
  // Changes a reply before the device sees it.
  using Spoil = std::function<void(const crypto::DeviceId&, v1::StepReply&)>;

  ScriptedRound(std::unique_ptr<secure_agg::ServerSession> session,
                std::size_t cohort)
      : session_(std::move(session)), cohort_(cohort) {}

  void set_spoil(Spoil spoil) { spoil_ = std::move(spoil); }
  // Every reply to a first sending is lost: UNAVAILABLE.
  void set_lossy(bool lossy) { lossy_ = lossy; }
  secure_agg::ServerSession& session() { return *session_; }
  std::size_t num_complaints() {
    const std::lock_guard lock(mutex_);
    return complaints_;
  }

  absl::StatusOr<v1::StepReply> Step(const crypto::DeviceId& device,
                                     UnixTime now,
                                     const v1::StepRequest& request) {
    const std::lock_guard lock(mutex_);
    v1::StepReply reply;
    SOTTO_RETURN_IF_ERROR(Receive(device, now, request, &reply));
    const bool lose =
        lossy_ && !request.has_poll() &&
        seen_.insert({device, request.SerializeAsString()}).second;
    if (lose) return absl::UnavailableError("the reply was lost");
    if (reply.next_case() == v1::StepReply::NEXT_NOT_SET) Next(device, &reply);
    if (spoil_) spoil_(device, reply);
    return reply;
  }

 private:
  using Phase = secure_agg::Phase;

  absl::Status Receive(const crypto::DeviceId& device, UnixTime now,
                       const v1::StepRequest& request, v1::StepReply* reply) {
    absl::Status status;
    switch (request.message_case()) {
      case v1::StepRequest::kAdvertise:
        status = session_->ReceiveAdvertisement(request.advertise(), now);
        break;
      case v1::StepRequest::kShares:
        status = session_->ReceiveShares(device, request.shares());
        break;
      case v1::StepRequest::kInput: {
        const auto progress = session_->ReceiveInput(device, request.input());
        status = progress.status();
        if (progress.ok()) {
          auto& ack = *reply->mutable_chunk_ack();
          ack.set_vector(progress->vector);
          ack.set_next_offset(progress->next_offset);
          ack.set_complete(progress->complete);
        }
        break;
      }
      case v1::StepRequest::kSurvivorSignature:
        status = session_->ReceiveSurvivorSignature(
            device, request.survivor_signature());
        break;
      case v1::StepRequest::kUnmask:
        status = session_->ReceiveUnmaskShares(device, request.unmask());
        break;
      case v1::StepRequest::kComplaint:
        ++complaints_;
        status = session_->ReceiveComplaint(device, request.complaint());
        break;
      default:
        break;
    }
    // A repeated message whose phase has closed meanwhile.
    if (absl::IsFailedPrecondition(status)) status = absl::OkStatus();
    SOTTO_RETURN_IF_ERROR(status);
    const bool all = session_->phase() == Phase::kAdvertise
                         ? session_->arrived() == cohort_
                         : session_->arrived() == session_->expected();
    if (session_->phase() < Phase::kFinished && all) {
      session_->Close().IgnoreError();
    }
    return absl::OkStatus();
  }

  void Next(const crypto::DeviceId& device, v1::StepReply* reply) {
    reply->mutable_wait()->set_max_ms(1);
    if (session_->phase() == Phase::kFinished ||
        session_->phase() == Phase::kFailed) {
      reply->mutable_outcome()->set_kind(session_->phase() == Phase::kFinished
                                             ? v1::RoundOutcome::COMMITTED
                                             : v1::RoundOutcome::ABANDONED);
      return;
    }
    if (session_->HasAnswered(device)) return;
    const auto put = [](auto message, auto* field) {
      if (message.ok()) *field = *std::move(message);
    };
    switch (session_->phase()) {
      case Phase::kShares:
        return put(session_->RosterFor(device), reply->mutable_roster());
      case Phase::kInputs:
        return put(session_->DeliveryFor(device), reply->mutable_delivery());
      case Phase::kConsistency:
        return put(session_->SurvivorsFor(device), reply->mutable_survivors());
      case Phase::kUnmask:
        return put(session_->UnmaskRequestFor(device),
                   reply->mutable_unmask_request());
      default:
        return;
    }
  }

  std::mutex mutex_;
  const std::unique_ptr<secure_agg::ServerSession> session_;
  const std::size_t cohort_;
  Spoil spoil_;
  bool lossy_ = false;
  std::size_t complaints_ = 0;
  std::set<std::pair<crypto::DeviceId, std::string>> seen_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_AGENT_SCRIPTED_ROUND_H_
