#include "server/rounds/round.h"

#include "base/status.h"
#include "server/rounds/round_state.h"

namespace sotto::server {

using secure_agg::MemberStatus;
using secure_agg::Phase;
using secure_agg::PhaseName;

namespace {

constexpr std::uint32_t kPollMinMs = 20;
constexpr std::uint32_t kPollMaxMs = 80;

v1::StepReply WaitReply(const std::string& reason) {
  v1::StepReply reply;
  v1::Wait& wait = *reply.mutable_wait();
  wait.set_min_ms(kPollMinMs);
  wait.set_max_ms(kPollMaxMs);
  wait.set_reason(reason);
  return reply;
}

v1::StepReply OutcomeReply(v1::RoundOutcome::Kind kind,
                           const std::string& reason) {
  v1::StepReply reply;
  reply.mutable_outcome()->set_kind(kind);
  reply.mutable_outcome()->set_reason(reason);
  return reply;
}

crypto::DeviceId IdOf(const Bytes& device_id) {
  crypto::DeviceId id = {};
  std::copy_n(device_id.begin(), std::min(device_id.size(), id.size()),
              id.begin());
  return id;
}

}  // namespace

bool Round::WantsDevice(const Bytes& device_id) const {
  return !failure_.has_value() && session_->phase() == Phase::kAdvertise &&
         !session_->HasAnswered(IdOf(device_id));
}

absl::Status Round::Receive(const Bytes& device_id,
                            const v1::StepRequest& request, UnixTime now) {
  const crypto::DeviceId id = IdOf(device_id);
  switch (request.message_case()) {
    case v1::StepRequest::kAdvertise: {
      const auto certificate =
          crypto::DecodeCertificate(AsBytes(request.advertise().certificate()));
      if (!certificate.ok()) return certificate.status();
      if (certificate->device_id != id) {
        return absl::PermissionDeniedError(absl::StrFormat(
            "device %s: it advertised the certificate of device %s",
            HexEncode(id), HexEncode(certificate->device_id)));
      }
      return session_->ReceiveAdvertisement(request.advertise(), now);
    }
    case v1::StepRequest::kShares:
      return session_->ReceiveShares(id, request.shares());
    case v1::StepRequest::kSurvivorSignature:
      return session_->ReceiveSurvivorSignature(id,
                                                request.survivor_signature());
    case v1::StepRequest::kUnmask:
      return session_->ReceiveUnmaskShares(id, request.unmask());
    case v1::StepRequest::kComplaint:
      return session_->ReceiveComplaint(id, request.complaint());
    default:
      return absl::InternalError("step: a message that is not journalled");
  }
}

absl::StatusOr<v1::StepReply> Round::Handle(const Bytes& device_id,
                                            const v1::StepRequest& request) {
  if (request.message_case() == v1::StepRequest::MESSAGE_NOT_SET) {
    return absl::InvalidArgumentError("step: the request holds no message");
  }
  if (request.has_poll() || failure_.has_value() || complete()) {
    return Next(device_id);
  }
  const Phase phase = session_->phase();
  const Phase wanted = PhaseOf(request).value_or(phase);
  // A repetition of what the device has done: its reply was lost, or the device
  // is too late. Either way the current answer says what to do.
  if (wanted < phase) return Next(device_id);
  if (wanted > phase) {
    log_.MarkOnce(device_id, '#');
    return absl::FailedPreconditionError(absl::StrFormat(
        "round %d is at step '%s', got a message of step '%s'; poll for what "
        "to do",
        record_.round, PhaseName(phase), PhaseName(wanted)));
  }
  if (request.has_input()) return HandleChunk(device_id, request.input());
  const bool repeated = !request.has_complaint() &&
                        phase != Phase::kAdvertise &&
                        session_->HasAnswered(IdOf(device_id));
  const absl::Status received = Receive(device_id, request, parts_.clock.Now());
  if (!received.ok()) {
    log_.MarkOnce(device_id, '#');
    return received;
  }
  if (!repeated) {
    log_.MarkOnce(device_id, request.has_complaint() ? '!' : LetterOf(phase));
    if (record_.state == kOpen) phase_since_ms_ = parts_.clock.NowMillis();
    SOTTO_RETURN_IF_ERROR(WriteMessage(device_id, request));
    SOTTO_RETURN_IF_ERROR(AdvanceWhilePossible());
  }
  return Next(device_id);
}

absl::StatusOr<v1::StepReply> Round::HandleChunk(
    const Bytes& device_id, const v1::MaskedInputChunk& chunk) {
  const bool was_complete = session_->HasAnswered(IdOf(device_id));
  const auto progress = session_->ReceiveInput(IdOf(device_id), chunk);
  if (!progress.ok()) {
    log_.MarkOnce(device_id, '#');
    return progress.status();
  }
  if (!was_complete) log_.MarkOnce(device_id, '+');
  if (progress->complete && !was_complete) {
    log_.Mark(device_id, '^');
    SOTTO_RETURN_IF_ERROR(WriteInputs([&] {
      return parts_.store.InsertContribution(
          task_.request.task(), record_.round, device_id, record_.round_id);
    }));
    SOTTO_RETURN_IF_ERROR(AdvanceWhilePossible());
  }
  v1::StepReply reply;
  v1::ChunkAck& ack = *reply.mutable_chunk_ack();
  ack.set_vector(progress->vector);
  ack.set_next_offset(progress->next_offset);
  ack.set_complete(progress->complete);
  return reply;
}

absl::StatusOr<v1::StepReply> Round::Next(const Bytes& device_id) {
  const Phase phase = session_->phase();
  if (failure_.has_value()) {
    return OutcomeReply(v1::RoundOutcome::ABANDONED, *failure_);
  }
  const crypto::DeviceId id = IdOf(device_id);
  if (phase == Phase::kAdvertise && !session_->HasAnswered(id)) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "device %s has not advertised its keys in round %d; advertise first",
        HexEncode(id), record_.round));
  }
  if (phase == Phase::kAdvertise || phase == Phase::kFinished) {
    return WaitReply(absl::StrFormat("%s: %d of %d", PhaseName(phase),
                                     session_->arrived(),
                                     task_.request.cohort_goal()));
  }
  const std::optional<MemberStatus> member = session_->MemberOf(id);
  if (!member.has_value()) {
    return OutcomeReply(
        v1::RoundOutcome::NOT_INCLUDED,
        "the cohort of this round is complete; wait for the next");
  }
  if (member->dropped && !member->included) {
    return OutcomeReply(v1::RoundOutcome::NOT_INCLUDED,
                        PhaseName(member->dropped_in) + ": " + member->reason);
  }
  // An included member that missed a later step hears of the end.
  if (!session_->HasAnswered(id) && !member->dropped) {
    return MessageFor(device_id);
  }
  return WaitReply(absl::StrFormat("%s: %d of %d", PhaseName(phase),
                                   session_->arrived(), session_->expected()));
}

absl::StatusOr<v1::StepReply> Round::MessageFor(const Bytes& device_id) const {
  const crypto::DeviceId id = IdOf(device_id);
  v1::StepReply reply;
  switch (session_->phase()) {
    case Phase::kShares: {
      SOTTO_ASSIGN_OR_RETURN(*reply.mutable_roster(), session_->RosterFor(id));
      break;
    }
    case Phase::kInputs: {
      SOTTO_ASSIGN_OR_RETURN(*reply.mutable_delivery(),
                             session_->DeliveryFor(id));
      break;
    }
    case Phase::kConsistency: {
      SOTTO_ASSIGN_OR_RETURN(*reply.mutable_survivors(),
                             session_->SurvivorsFor(id));
      break;
    }
    case Phase::kUnmask: {
      SOTTO_ASSIGN_OR_RETURN(*reply.mutable_unmask_request(),
                             session_->UnmaskRequestFor(id));
      break;
    }
    default:
      return absl::InternalError("round: no message in this phase");
  }
  return reply;
}

bool Round::PhaseIsOver() const {
  const std::int64_t waited_ms = parts_.clock.NowMillis() - phase_since_ms_;
  const std::size_t arrived = session_->arrived();
  if (session_->phase() == Phase::kAdvertise) {
    return arrived >= task_.request.cohort_goal() ||
           (arrived >= task_.request.cohort_min() &&
            waited_ms >= task_.request.selection_timeout_ms());
  }
  return session_->EnoughArrived() ||
         waited_ms >= task_.request.step_timeout_ms();
}

absl::Status Round::Advance() {
  const Phase phase = session_->phase();
  const std::int64_t now_ms = parts_.clock.NowMillis();
  const absl::Status closed = session_->Close();
  log_.EndPhase(PhaseName(phase), phase_since_ms_, now_ms);
  phase_since_ms_ = now_ms;
  ++parts_.moves;
  if (!closed.ok()) {
    failure_ = PhaseName(phase) + ": " + std::string(closed.message());
    return absl::OkStatus();
  }
  // The end of the last phase is journalled by the commit itself.
  if (complete()) return absl::OkStatus();
  return WriteSnapshot(PhaseName(phase), nullptr);
}

absl::Status Round::AdvanceWhilePossible() {
  while (!failure_.has_value() && !complete() && PhaseIsOver()) {
    SOTTO_RETURN_IF_ERROR(Advance());
  }
  return absl::OkStatus();
}

void Round::NoteResting(const Bytes& device_id) {
  if (resting_.size() < task_.request.cohort_min()) resting_.insert(device_id);
}

bool Round::LacksResting() const {
  const std::size_t arrived = session_->arrived();
  const std::int64_t patience_ms =
      kRestingTimeouts * std::int64_t{task_.request.selection_timeout_ms()};
  return session_->phase() == Phase::kAdvertise &&
         arrived < task_.request.cohort_min() &&
         arrived + resting_.size() >= task_.request.cohort_min() &&
         parts_.clock.NowMillis() >= record_.opened_ms + patience_ms;
}

absl::Status Round::Tick() {
  if (!failure_.has_value() && !complete() &&
      parts_.clock.NowMillis() >= record_.opened_ms + kRoundLifetimeMs) {
    failure_ = "no cohort formed within the lifetime of a round";
  }
  if (!failure_.has_value() && LacksResting()) {
    failure_ = absl::StrFormat(
        "%d devices came, too few; others did that must rest until a later "
        "round (min_separation_rounds)",
        session_->arrived());
  }
  return AdvanceWhilePossible();
}

void Round::RecordOutcomes() {
  for (const MemberStatus& member : session_->Members()) {
    const Bytes id(member.device_id.begin(), member.device_id.end());
    if (member.included) {
      log_.Outcome(id, "included", "");
    } else if (member.dropped) {
      log_.Outcome(id, "dropped:" + PhaseName(member.dropped_in),
                   member.reason);
    }
  }
  if (record_.state == kOpen || record_.state == kSelecting) return;
  std::vector<Bytes> late;
  for (const auto& [id, path] : log_.devices()) {
    if (!session_->MemberOf(IdOf(id)).has_value()) late.push_back(id);
  }
  for (const Bytes& id : late) {
    log_.Outcome(id, "dropped:advertise",
                 "the cohort was complete before it was ready");
  }
}

v1::RoundStatus Round::Status() {
  RecordOutcomes();
  v1::RoundStatus status;
  status.set_round(record_.round);
  status.set_round_id(ToString(record_.round_id));
  status.set_state(record_.state);
  status.set_bits(task_.plan.encode().bits());
  if (session_->phase() != Phase::kAdvertise) {
    status.set_cohort(session_->manifest().cohort_size());
    status.set_neighbours(session_->manifest().neighbours());
    status.set_threshold(session_->manifest().threshold());
  }
  status.set_seconds(
      static_cast<double>(parts_.clock.NowMillis() - record_.opened_ms) / 1000);
  log_.Report(status);
  return status;
}

}  // namespace sotto::server
