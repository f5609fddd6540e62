#include "tests/evil_server/evil_server.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/status.h"
#include "client/agent/round_vectors.h"
#include "secure_agg/graph/threshold.h"
#include "secure_agg/signed_bytes.h"

namespace sotto::evil {
namespace {

using secure_agg::ClientSession;

// The replies that close each phase, in order.
constexpr Step kSteps[] = {
    v1::StepReply::kRoster, v1::StepReply::kDelivery, v1::StepReply::kSurvivors,
    v1::StepReply::kUnmaskRequest, v1::StepReply::kOutcome};
constexpr std::size_t kNumPhases = std::size(kSteps);
// More than any script needs: one that goes round in circles fails.
constexpr std::size_t kMaxMessages = 100;

std::size_t PhaseOf(const v1::StepRequest& request) {
  switch (request.message_case()) {
    case v1::StepRequest::kAdvertise:
      return 0;
    case v1::StepRequest::kShares:
      return 1;
    case v1::StepRequest::kSurvivorSignature:
      return 3;
    case v1::StepRequest::kUnmask:
      return 4;
    default:
      return 2;
  }
}

}  // namespace

EvilServer::EvilServer(Fleet& fleet, const Options& options)
    : fleet_(fleet),
      options_(options),
      sent_(fleet.size()),
      outcomes_(fleet.size(), absl::UnknownError("not run")) {
  secure_agg::ServerParams params;
  params.task = fleet.plan().task();
  params.round = options.round;
  params.round_id.fill(static_cast<std::uint8_t>(options.round_id));
  params.vectors =
      client::PlannedVectors(fleet.plan(), fleet.options().num_weights).value();
  params.min_cohort = options.min_cohort;
  params.max_cohort = options.max_cohort;
  params.corrupted_fraction = options.corrupted_fraction;
  params.dropout_fraction = options.dropout_fraction;
  params.security_bits = options.security_bits;
  params.complete_up_to = options.complete_up_to;
  params.correctness_bits = 10;
  params.model_hash.fill(static_cast<std::uint8_t>(options.model));
  params.plan_hash.fill('p');
  params.deadline_ms = SystemClock().NowMillis() + 60'000;
  params.issuer = fleet.issuer().public_key();
  params.population = "test";
  inner_ =
      secure_agg::ServerSession::Create(params, fleet.coordinator()).value();
  inner_->set_workers(1);
  MakeSybils();
}

void EvilServer::MakeSybils() {
  for (std::uint32_t i = 0; i < options_.sybils; ++i) {
    Sybil sybil{
        .member = Certify(options_.issuer == nullptr ? fleet_.issuer()
                                                     : *options_.issuer),
        .log = std::make_unique<secure_agg::MemoryDecisionLog>(),
        .session = nullptr};
    sybils_.push_back(std::move(sybil));
  }
  for (Sybil& sybil : sybils_) {
    secure_agg::ClientParams params;
    params.certificate = sybil.member.certificate;
    params.identity = &sybil.member.key;
    params.issuer = fleet_.issuer().public_key();
    params.coordinator = fleet_.coordinator().public_key();
    params.round_id.fill(static_cast<std::uint8_t>(options_.round_id));
    params.task = fleet_.plan().task();
    params.round = options_.round;
    params.model_hash.fill(static_cast<std::uint8_t>(options_.model));
    params.plan_hash.fill('p');
    params.now = SystemClock().Now();
    params.policy.min_cohort = 0;
    params.policy.security_bits = 1;
    params.policy.complete_up_to = 0;
    params.policy.vectors =
        client::PlannedVectors(fleet_.plan(), fleet_.options().num_weights)
            .value();
    sybil.session = std::make_unique<ClientSession>(
        ClientSession::Create(params, crypto::SystemRng(), *sybil.log).value());
  }
}

void EvilServer::Run() {
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
    threads.emplace_back([this, i] {
      v1::Assignment assignment;
      assignment.set_task(fleet_.plan().task());
      assignment.set_round(options_.round);
      assignment.set_round_id(std::string(16, options_.round_id));
      assignment.set_plan_hash(std::string(32, 'p'));
      assignment.set_model_hash(std::string(32, options_.model));
      if (assign) assign(i, assignment);
      outcomes_[i] = fleet_.device(i).Run(
          assignment, fleet_.plan(), fleet_.config(),
          fleet_.issuer().public_key(), fleet_.coordinator().public_key(),
          [this, i](const v1::StepRequest& request) {
            return Answer(i, request);
          });
      const std::lock_guard lock(mutex_);
      Leave(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

absl::StatusOr<v1::StepReply> EvilServer::Answer(std::uint32_t device,
                                                 v1::StepRequest request) {
  std::unique_lock lock(mutex_);
  sent_[device].push_back(request);
  if (sent_[device].size() > kMaxMessages) {
    return absl::InternalError("the script goes round in circles");
  }
  if (const auto lie = tampers_.find(request.message_case());
      lie != tampers_.end()) {
    lie->second(device, request);
  }
  v1::StepReply reply;
  Receive(device, request, &reply);
  if (request.has_complaint()) {
    Leave(device);
    return reply;
  }
  if (reply.has_chunk_ack()) return reply;
  const std::size_t phase = PhaseOf(request);
  Arrive(device, phase);
  phase_closed_.wait(lock, [&] { return phase_ > phase; });
  const Step step = kSteps[phase];
  if (const auto death = deaths_.find(device);
      death != deaths_.end() && death->second == step) {
    return absl::CancelledError("the process dies here");
  }
  reply = HonestReply(device, step);
  if (const auto lie = lies_.find(step); lie != lies_.end()) {
    lie->second(device, reply);
  }
  return reply;
}

void EvilServer::Receive(std::uint32_t device, const v1::StepRequest& request,
                         v1::StepReply* reply) {
  const crypto::DeviceId& id = fleet_.device(device).id();
  switch (request.message_case()) {
    case v1::StepRequest::kAdvertise:
      return Note(inner_->ReceiveAdvertisement(request.advertise(),
                                               SystemClock().Now()));
    case v1::StepRequest::kShares:
      return Note(inner_->ReceiveShares(id, request.shares()));
    case v1::StepRequest::kInput: {
      const auto progress = inner_->ReceiveInput(id, request.input());
      Note(progress.status());
      v1::ChunkAck& ack = *reply->mutable_chunk_ack();
      ack.set_complete(!progress.ok() || progress->complete);
      if (progress.ok()) {
        ack.set_vector(progress->vector);
        ack.set_next_offset(progress->next_offset);
      }
      return;
    }
    case v1::StepRequest::kSurvivorSignature:
      return Note(
          inner_->ReceiveSurvivorSignature(id, request.survivor_signature()));
    case v1::StepRequest::kUnmask:
      return Note(inner_->ReceiveUnmaskShares(id, request.unmask()));
    case v1::StepRequest::kComplaint:
      return Note(inner_->ReceiveComplaint(id, request.complaint()));
    default:
      return;
  }
}

void EvilServer::Arrive(std::uint32_t device, std::size_t phase) {
  if (phase != phase_) return;
  arrived_.insert(device);
  CloseWhenAllArrived();
}

void EvilServer::Leave(std::uint32_t device) {
  left_.insert(device);
  arrived_.erase(device);
  CloseWhenAllArrived();
}

void EvilServer::CloseWhenAllArrived() {
  if (phase_ >= kNumPhases || arrived_.size() + left_.size() < fleet_.size()) {
    return;
  }
  ActAsSybils();
  Note(inner_->Close());
  ++phase_;
  arrived_.clear();
  phase_closed_.notify_all();
}

void EvilServer::ActAsSybils() {
  if (left_.size() == fleet_.size()) return;  // nobody to lie to
  for (Sybil& sybil : sybils_) Note(ActAsSybil(sybil));
}

absl::Status EvilServer::ActAsSybil(Sybil& sybil) {
  ClientSession& session = *sybil.session;
  const crypto::DeviceId& id = sybil.member.id;
  switch (phase_) {
    case 0: {
      SOTTO_ASSIGN_OR_RETURN(const auto keys, session.Advertise());
      return inner_->ReceiveAdvertisement(keys, SystemClock().Now());
    }
    case 1: {
      SOTTO_ASSIGN_OR_RETURN(const auto roster, inner_->RosterFor(id));
      SOTTO_ASSIGN_OR_RETURN(const auto shares, session.ShareKeys(roster));
      return inner_->ReceiveShares(id, shares);
    }
    case 2: {
      SOTTO_ASSIGN_OR_RETURN(const auto delivery, inner_->DeliveryFor(id));
      secure_agg::NamedVectors zeros;
      for (const auto& v : inner_->manifest().vectors()) {
        zeros[v.name()].assign(v.length(), 0);
      }
      SOTTO_ASSIGN_OR_RETURN(const auto input,
                             session.MaskInput(delivery, zeros));
      for (const auto& chunk : secure_agg::AllChunks(input)) {
        SOTTO_RETURN_IF_ERROR(inner_->ReceiveInput(id, chunk).status());
      }
      return absl::OkStatus();
    }
    case 3: {
      SOTTO_ASSIGN_OR_RETURN(const auto survivors, inner_->SurvivorsFor(id));
      SOTTO_ASSIGN_OR_RETURN(const auto signature,
                             session.SignSurvivors(survivors));
      return inner_->ReceiveSurvivorSignature(id, signature);
    }
    default: {
      SOTTO_ASSIGN_OR_RETURN(const auto request, inner_->UnmaskRequestFor(id));
      SOTTO_ASSIGN_OR_RETURN(const auto shares, session.Unmask(request));
      return inner_->ReceiveUnmaskShares(id, shares);
    }
  }
}

v1::StepReply EvilServer::HonestReply(std::uint32_t device, Step step) const {
  const crypto::DeviceId& id = fleet_.device(device).id();
  v1::StepReply reply;
  const auto put = [](auto message, auto* field) {
    if (message.ok()) *field = *std::move(message);
    return message.ok();
  };
  bool known = false;
  switch (step) {
    case v1::StepReply::kRoster:
      known = put(inner_->RosterFor(id), reply.mutable_roster());
      break;
    case v1::StepReply::kDelivery:
      known = put(inner_->DeliveryFor(id), reply.mutable_delivery());
      break;
    case v1::StepReply::kSurvivors:
      known = put(inner_->SurvivorsFor(id), reply.mutable_survivors());
      break;
    case v1::StepReply::kUnmaskRequest:
      known = put(inner_->UnmaskRequestFor(id), reply.mutable_unmask_request());
      break;
    default:
      break;
  }
  if (!known) {
    reply.mutable_outcome()->set_kind(inner_->phase() ==
                                              secure_agg::Phase::kFinished
                                          ? v1::RoundOutcome::COMMITTED
                                          : v1::RoundOutcome::ABANDONED);
  }
  return reply;
}

std::vector<v1::StepRequest> EvilServer::SentOf(std::uint32_t device,
                                                Message kind) const {
  std::vector<v1::StepRequest> found;
  std::ranges::copy_if(
      sent_[device], std::back_inserter(found),
      [&](const auto& request) { return request.message_case() == kind; });
  return found;
}

std::uint32_t EvilServer::IndexOf(const crypto::DeviceId& id) const {
  const auto members = inner_->Members();
  const auto at =
      std::ranges::find(members, id, &secure_agg::MemberStatus::device_id);
  return static_cast<std::uint32_t>(at - members.begin());
}

const v1::KeyAdvertisement& EvilServer::advertisement(
    std::uint32_t device) const {
  return sent_[device].front().advertise();
}

secure_agg::SessionId EvilServer::session() const {
  return secure_agg::SessionIdOf(inner_->manifest());
}

v1::Roster EvilServer::MakeRoster(
    std::vector<v1::KeyAdvertisement> members) const {
  std::ranges::sort(members, {}, [](const v1::KeyAdvertisement& keys) {
    return crypto::DecodeCertificate(AsBytes(keys.certificate()))
        .value()
        .device_id;
  });
  v1::Roster roster;
  std::vector<crypto::Sha256Digest> leaves;
  for (const v1::KeyAdvertisement& keys : members) {
    v1::Roster::Member& member = *roster.add_members();
    member.set_index(static_cast<std::uint32_t>(leaves.size()));
    *member.mutable_keys() = keys;
    leaves.push_back(secure_agg::LeafHash(keys));
  }
  v1::SessionManifest& manifest = *roster.mutable_manifest();
  manifest = inner_->manifest();
  const auto n = static_cast<std::uint32_t>(leaves.size());
  const auto graph =
      secure_agg::CompleteGraph(n, manifest.corrupted_fraction()).value();
  manifest.set_cohort_size(n);
  manifest.set_neighbours(graph.neighbours);
  manifest.set_threshold(graph.threshold);
  manifest.set_key_root(ToString(secure_agg::KeyRoot(leaves)));
  Sign(roster);
  return roster;
}

void EvilServer::Sign(v1::Roster& roster) const {
  roster.set_manifest_signature(
      Signed(secure_agg::ManifestBytes(roster.manifest())));
}

std::set<std::uint32_t> EvilServer::Everybody() const {
  std::set<std::uint32_t> all;
  for (std::uint32_t i = 0; i < inner_->manifest().cohort_size(); ++i) {
    all.insert(i);
  }
  return all;
}

v1::SurvivorSet EvilServer::MakeSurvivors(
    const std::set<std::uint32_t>& members) const {
  Bytes set((inner_->manifest().cohort_size() + 7) / 8, 0);
  for (const std::uint32_t index : members) secure_agg::SetBit(set, index);
  v1::SurvivorSet out;
  out.set_members(ToString(set));
  out.set_signature(Signed(secure_agg::ServerSurvivorBytes(session(), set)));
  return out;
}

void EvilServer::SetMembers(v1::ShareDelivery& delivery,
                            const std::set<std::uint32_t>& members) const {
  const std::string set = MakeSurvivors(members).members();
  delivery.set_members(set);
  delivery.set_signature(
      Signed(secure_agg::DeliveryBytes(session(), AsBytes(set))));
}

}  // namespace sotto::evil
