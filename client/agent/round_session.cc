#include "client/agent/round_session.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/crash_point.h"
#include "base/file.h"
#include "base/status.h"
#include "client/agent/noisy_round.h"
#include "client/agent/round_vectors.h"
#include "client/policy/privacy_budget.h"
#include "client/policy/retry_policy.h"
#include "privacy/distributed/reply_slot.h"
#include "privacy/rounds/round_noise.h"
#include "secure_agg/client_session.h"
#include "secure_agg/signed_bytes.h"

namespace sotto::client {
namespace {

using secure_agg::ClientSession;
using State = ClientSession::State;

constexpr std::chrono::milliseconds kMinWait{10};
constexpr std::chrono::milliseconds kMaxWait{5000};

template <std::size_t N>
std::array<std::uint8_t, N> ToArray(const std::string& bytes) {
  std::array<std::uint8_t, N> array = {};
  std::copy_n(bytes.begin(), std::min(N, bytes.size()), array.begin());
  return array;
}

// The state of one run: what was sent last, and what may come next.
class Exchange {
 public:
  Exchange(RoundSession::Parts& parts, const RoundInputs& inputs,
           ClientSession session)
      : parts_(parts),
        assignment_(*inputs.assignment),
        plan_(*inputs.plan),
        result_(*inputs.result),
        session_(std::move(session)) {}

  absl::StatusOr<v1::RoundOutcome> Run() {
    SOTTO_ASSIGN_OR_RETURN(v1::KeyAdvertisement advertisement,
                           session_.Advertise());
    *last_.mutable_advertise() = std::move(advertisement);
    AnnounceStep("advertise");
    v1::StepRequest request = last_;
    while (true) {
      if (parts_.interrupt.raised()) {
        return absl::CancelledError("the client is stopping");
      }
      if (assignment_.deadline_ms() > 0 &&
          parts_.clock.NowMillis() > assignment_.deadline_ms()) {
        return absl::DeadlineExceededError(
            absl::StrFormat("task '%s' round %d had no outcome by its deadline",
                            assignment_.task(), assignment_.round()));
      }
      request.set_round_id(assignment_.round_id());
      SOTTO_ASSIGN_OR_RETURN(const v1::StepReply reply, parts_.send(request));
      if (reply.has_outcome()) return reply.outcome();
      absl::StatusOr<v1::StepRequest> next = React(reply);
      if (!next.ok()) {
        Complain(next.status());
        return next.status();
      }
      request = *std::move(next);
    }
  }

 private:
  void AnnounceStep(const std::string& step) {
    parts_.events.Emit("step", {{"step", step},
                                {"task", assignment_.task()},
                                {"round", assignment_.round()}});
    CrashPoint("device-" + step);
  }

  static v1::StepRequest PollRequest() {
    v1::StepRequest request;
    request.mutable_poll();
    return request;
  }

  // The next request. A reply that belongs to a step before the last one means
  // that the last message was lost: it is sent again.
  absl::StatusOr<v1::StepRequest> React(const v1::StepReply& reply) {
    switch (reply.next_case()) {
      case v1::StepReply::kWait: {
        const RetryWindow window{
            std::clamp(std::chrono::milliseconds(reply.wait().min_ms()),
                       kMinWait, kMaxWait),
            std::clamp(std::chrono::milliseconds(reply.wait().max_ms()),
                       kMinWait, kMaxWait)};
        parts_.interrupt.Sleep(DrawWithin(window, parts_.rng));
        return input_is_underway_ ? last_ : PollRequest();
      }
      case v1::StepReply::kRoster:
        if (session_.state() != State::kKeysSent) return last_;
        return ShareKeys(reply.roster());
      case v1::StepReply::kDelivery:
        if (session_.state() != State::kSharesSent) return last_;
        return MaskInput(reply.delivery());
      case v1::StepReply::kChunkAck:
        return NextChunk(reply.chunk_ack());
      case v1::StepReply::kSurvivors:
        if (session_.state() != State::kInputSent) return last_;
        return SignSurvivors(reply.survivors());
      case v1::StepReply::kUnmaskRequest:
        if (session_.state() != State::kSurvivorsSigned) return last_;
        return Unmask(reply.unmask_request());
      case v1::StepReply::kOutcome:
      case v1::StepReply::NEXT_NOT_SET:
        break;
    }
    return absl::InvalidArgumentError(
        absl::StrFormat("task '%s' round %d: the coordinator's reply is empty",
                        assignment_.task(), assignment_.round()));
  }

  absl::StatusOr<v1::StepRequest> ShareKeys(const v1::Roster& roster) {
    SOTTO_RETURN_IF_ERROR(
        CheckVectors(roster.manifest(), plan_, result_.update.size()));
    if (plan_.has_privacy()) {
      SOTTO_RETURN_IF_ERROR(Budget(roster.manifest()).status());
    }
    SOTTO_ASSIGN_OR_RETURN(v1::EncryptedShares shares,
                           session_.ShareKeys(roster));
    last_ = v1::StepRequest();
    *last_.mutable_shares() = std::move(shares);
    AnnounceStep("share_keys");
    return last_;
  }

  // The encoding of a noisy round and what it costs, when this device may still
  // afford it.
  struct NoisyTurn {
    privacy::NoisyEncoding encoding;
    v1::NoisyRelease release;
    double epsilon = 0;
  };
  absl::StatusOr<NoisyTurn> Budget(const v1::SessionManifest& manifest) {
    if (parts_.privacy == nullptr) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "task '%s' adds noise, and this session has no privacy ledger",
          assignment_.task()));
    }
    SOTTO_ASSIGN_OR_RETURN(privacy::NoisyEncoding encoding,
                           EncodingFor(manifest, plan_, result_.update.size()));
    SOTTO_ASSIGN_OR_RETURN(const auto history,
                           parts_.privacy->Entries(Family()));
    v1::NoisyRelease release = privacy::ReleaseOf(plan_, encoding);
    SOTTO_ASSIGN_OR_RETURN(
        const double epsilon,
        CheckBudget(history, plan_, release, assignment_.round(),
                    parts_.config.policy));
    return NoisyTurn{std::move(encoding), std::move(release), epsilon};
  }
  PrivacyLedger::Family Family() const {
    return {parts_.config.population, plan_.model()};
  }

  // Spends before it draws: after a kill in between the round counts, and is
  // not joined again.
  absl::StatusOr<secure_agg::NamedVectors> NoisyInput() {
    const v1::SessionManifest& manifest = session_.manifest();
    SOTTO_ASSIGN_OR_RETURN(const NoisyTurn turn, Budget(manifest));
    SOTTO_RETURN_IF_ERROR(parts_.privacy->Record(
        Family(), assignment_.task(), assignment_.round(), turn.release,
        parts_.config.policy.trust_horizon_rounds));
    parts_.events.Emit("privacy",
                       {{"task", assignment_.task()},
                        {"round", assignment_.round()},
                        {"epsilon", turn.epsilon},
                        {"max_epsilon", parts_.config.policy.max_epsilon},
                        {"delta", parts_.config.policy.delta}});
    const secure_agg::SessionId id = secure_agg::SessionIdOf(manifest);
    secure_agg::NamedVectors input;
    SOTTO_ASSIGN_OR_RETURN(
        input["update"],
        EncodeNoisyRound(turn.encoding, plan_, result_, id, parts_.rng));
    return input;
  }

  absl::StatusOr<secure_agg::NamedVectors> PlainInput() {
    SOTTO_ASSIGN_OR_RETURN(RoundVectors vectors, EncodeRound(plan_, result_));
    secure_agg::NamedVectors input;
    input["update"] = std::move(vectors.update);
    input["metrics"] = std::move(vectors.metrics);
    return input;
  }

  absl::StatusOr<v1::StepRequest> MaskInput(const v1::ShareDelivery& delivery) {
    const std::chrono::nanoseconds asked = parts_.clock.Monotonic();
    SOTTO_ASSIGN_OR_RETURN(secure_agg::NamedVectors input,
                           plan_.has_privacy() ? NoisyInput() : PlainInput());
    SOTTO_RETURN_IF_ERROR(ExportUpdate(input["update"]));
    SOTTO_ASSIGN_OR_RETURN(input_,
                           session_.MaskInput(delivery, std::move(input)));
    if (plan_.has_privacy()) {
      parts_.interrupt.Sleep(std::chrono::ceil<std::chrono::milliseconds>(
          privacy::WaitForSlot(parts_.clock.Monotonic() - asked, kInputSlot)));
    }
    AnnounceStep("masked_input");
    input_is_underway_ = true;
    return SendChunk("", 0);
  }

  absl::StatusOr<v1::StepRequest> SendChunk(const std::string& vector,
                                            std::uint32_t offset) {
    last_ = v1::StepRequest();
    SOTTO_ASSIGN_OR_RETURN(*last_.mutable_input(),
                           input_.ChunkAt(vector, offset));
    return last_;
  }

  absl::StatusOr<v1::StepRequest> NextChunk(const v1::ChunkAck& ack) {
    if (session_.state() != State::kInputSent) return last_;
    if (!ack.complete()) return SendChunk(ack.vector(), ack.next_offset());
    input_is_underway_ = false;
    return PollRequest();
  }

  absl::StatusOr<v1::StepRequest> SignSurvivors(
      const v1::SurvivorSet& survivors) {
    input_is_underway_ = false;
    input_ = {};
    SOTTO_ASSIGN_OR_RETURN(v1::SurvivorSignature signature,
                           session_.SignSurvivors(survivors));
    last_ = v1::StepRequest();
    *last_.mutable_survivor_signature() = std::move(signature);
    AnnounceStep("consistency");
    return last_;
  }

  absl::StatusOr<v1::StepRequest> Unmask(const v1::UnmaskRequest& request) {
    SOTTO_ASSIGN_OR_RETURN(v1::UnmaskShares shares, session_.Unmask(request));
    last_ = v1::StepRequest();
    *last_.mutable_unmask() = std::move(shares);
    AnnounceStep("unmask");
    return last_;
  }

  // For exactness tests, out of band: u32, little-endian.
  absl::Status ExportUpdate(const std::vector<std::uint32_t>& update) {
    const std::string& folder = parts_.config.export_updates;
    if (folder.empty()) return absl::OkStatus();
    SOTTO_RETURN_IF_ERROR(MakeFolder(folder));
    Bytes bytes;
    bytes.reserve(update.size() * 4);
    for (const std::uint32_t value : update) {
      for (int shift = 0; shift < 32; shift += 8) {
        bytes.push_back(static_cast<std::uint8_t>(value >> shift));
      }
    }
    return WriteFileAtomically(
        folder + "/" + HexEncode(assignment_.round_id()) + ".u32", bytes);
  }

  // Best effort: the round goes on without this device either way.
  void Complain(const absl::Status& error) {
    v1::StepRequest request;
    request.set_round_id(assignment_.round_id());
    *request.mutable_complaint() = session_.ComplaintFor(error);
    parts_.send(request).status().IgnoreError();
    session_.Abort();
  }

  RoundSession::Parts& parts_;
  const v1::Assignment& assignment_;
  const v1::Plan& plan_;
  const LocalResult& result_;
  ClientSession session_;
  v1::StepRequest last_;
  secure_agg::MaskedInput input_;
  bool input_is_underway_ = false;
};

}  // namespace

absl::StatusOr<v1::RoundOutcome> RoundSession::Run(const RoundInputs& inputs) {
  const v1::Assignment& assignment = *inputs.assignment;
  SOTTO_ASSIGN_OR_RETURN(
      const std::vector<secure_agg::VectorSpec> vectors,
      PlannedVectors(*inputs.plan, inputs.result->update.size()));
  SOTTO_ASSIGN_OR_RETURN(
      ClientSession session,
      ClientSession::Create(
          {.certificate = parts_.identity.certificate_bytes,
           .identity = &parts_.identity.key,
           .issuer = parts_.issuer,
           .coordinator = parts_.coordinator,
           .round_id = ToArray<16>(assignment.round_id()),
           .task = assignment.task(),
           .round = assignment.round(),
           .model_hash = ToArray<32>(assignment.model_hash()),
           .plan_hash = ToArray<32>(assignment.plan_hash()),
           .now = parts_.clock.Now(),
           .policy =
               {.min_cohort =
                    std::max(parts_.config.policy.min_cohort,
                             inputs.plan->secure_aggregation().min_cohort()),
                .corrupted_fraction = std::max(
                    parts_.config.policy.corrupted_fraction,
                    inputs.plan->secure_aggregation().corrupted_fraction()),
                .complete_up_to = privacy::IsDeviceNoise(*inputs.plan)
                                      ? UINT32_MAX
                                      : secure_agg::kCompleteUpTo,
                .vectors = vectors}},
          parts_.rng, parts_.log));
  return Exchange(parts_, inputs, std::move(session)).Run();
}

}  // namespace sotto::client
