// Creation, membership and replies; what arrives is in server_receive.cc, what
// closing a phase does in server_close.cc.

#include "secure_agg/server_session.h"

#include <algorithm>

#include "base/status.h"
#include "secure_agg/signed_bytes.h"

namespace sotto::secure_agg {

ServerSession::ServerSession(const ServerParams& params,
                             const crypto::SigningKey& key,
                             std::unique_ptr<InputStore> store)
    : params_(params),
      key_(&key),
      store_(store != nullptr ? std::move(store)
                              : std::make_unique<MemoryInputStore>()) {}

absl::StatusOr<std::unique_ptr<ServerSession>> ServerSession::Create(
    const ServerParams& params, const crypto::SigningKey& key,
    std::unique_ptr<InputStore> store) {
  const auto bad = [](const std::string& what) {
    return absl::InvalidArgumentError("session: " + what);
  };
  if (params.task.empty()) return bad("task is empty");
  if (params.population.empty()) return bad("population is empty");
  if (params.max_cohort < 3 || params.max_cohort > kMaxCohort) {
    return bad(absl::StrFormat("max_cohort is %d, needs 3 to %d",
                               params.max_cohort, kMaxCohort));
  }
  if (params.min_cohort < 3 || params.min_cohort > params.max_cohort) {
    return bad(absl::StrFormat("min_cohort is %d, needs 3 to max_cohort = %d",
                               params.min_cohort, params.max_cohort));
  }
  if (!(params.corrupted_fraction >= 0 && params.corrupted_fraction < 0.5)) {
    return bad("corrupted_fraction is outside [0, 0.5)");
  }
  if (params.previous_model_hash.size() != 0 &&
      params.previous_model_hash.size() != 32) {
    return bad("previous_model_hash is neither empty nor 32 bytes");
  }
  SOTTO_RETURN_IF_ERROR(CheckVectors(params.vectors, params.max_cohort));
  std::unique_ptr<ServerSession> made(
      new ServerSession(params, key, std::move(store)));
  for (const VectorSpec& v : params.vectors) {
    made->accumulator_[v.name].assign(v.length, 0);
  }
  return made;
}

absl::StatusOr<std::size_t> ServerSession::IndexOf(
    const crypto::DeviceId& device) const {
  const auto found = std::ranges::lower_bound(
      members_, device, {},
      [](const Member& m) { return m.certificate.device_id; });
  if (found == members_.end() || found->certificate.device_id != device) {
    return absl::NotFoundError("device " + HexEncode(device) +
                               " is not a member of this session");
  }
  return static_cast<std::size_t>(found - members_.begin());
}

absl::Status ServerSession::ExpectPhase(Phase phase) const {
  if (phase_ == phase) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("the session is in phase %s, the message is for %s",
                      PhaseName(phase_), PhaseName(phase)));
}

bool ServerSession::IsExpected(const Member& member) const {
  if (member.dropped) return false;
  switch (phase_) {
    case Phase::kShares:
      return true;
    case Phase::kInputs:
      return member.has_shares;
    case Phase::kConsistency:
      return member.has_input;
    case Phase::kUnmask:
      return member.can_unmask;
    case Phase::kAdvertise:
    case Phase::kFinished:
    case Phase::kFailed:
      return false;
  }
  return false;
}

bool ServerSession::HasAnswered(const Member& member) const {
  switch (phase_) {
    case Phase::kShares:
      return member.has_shares;
    case Phase::kInputs:
      return member.has_input;
    case Phase::kConsistency:
      return !member.survivor_signature.empty();
    case Phase::kUnmask:
      return member.has_unmask;
    case Phase::kAdvertise:
    case Phase::kFinished:
    case Phase::kFailed:
      return true;
  }
  return true;
}

const ServerSession::Counts& ServerSession::Count() const {
  if (!counts_.has_value()) {
    counts_ = Counts{.expected = 0, .arrived = 0};
    for (const Member& m : members_) {
      if (!IsExpected(m)) continue;
      ++counts_->expected;
      if (HasAnswered(m)) ++counts_->arrived;
    }
  }
  return *counts_;
}

void ServerSession::CountArrival() {
  if (counts_.has_value()) ++counts_->arrived;
}

std::size_t ServerSession::expected() const {
  if (phase_ == Phase::kAdvertise) return params_.max_cohort;
  return Count().expected;
}

std::size_t ServerSession::arrived() const {
  if (phase_ == Phase::kAdvertise) return waiting_.size();
  return Count().arrived;
}

// Of each secret kSpareShares more than are needed, so that half as many wrong
// ones are still corrected.
bool ServerSession::EnoughArrived() const {
  constexpr std::uint32_t kSpareShares = 4;
  if (phase_ == Phase::kUnmask) {
    bool enough = true;
    for (std::size_t i = 0; i < members_.size() && enough; ++i) {
      enough = !TestBit(u2_, i) ||
               members_[i].revealed >= manifest_.threshold() + kSpareShares;
    }
    if (enough) return true;
  }
  return arrived() >= expected();
}

bool ServerSession::HasAnswered(const crypto::DeviceId& device) const {
  if (phase_ == Phase::kAdvertise) return waiting_.count(device) != 0;
  const auto index = IndexOf(device);
  return index.ok() && HasAnswered(members_[*index]);
}

absl::StatusOr<v1::Roster> ServerSession::RosterFor(
    const crypto::DeviceId& device) const {
  if (phase_ == Phase::kAdvertise) {
    return absl::FailedPreconditionError("the cohort is still forming");
  }
  SOTTO_ASSIGN_OR_RETURN(const std::size_t own, IndexOf(device));
  v1::Roster roster;
  *roster.mutable_manifest() = manifest_;
  roster.set_manifest_signature(ToString(manifest_signature_));
  std::vector<std::uint32_t> shown = near_[own];
  shown.insert(std::ranges::lower_bound(shown, own),
               static_cast<std::uint32_t>(own));
  for (const std::uint32_t index : shown) {
    v1::Roster::Member& member = *roster.add_members();
    member.set_index(index);
    *member.mutable_keys() = members_[index].advertisement;
    if (IsComplete()) continue;
    for (const crypto::Sha256Digest& sibling : tree_->Path(index)) {
      member.mutable_path()->append(ToString(sibling));
    }
  }
  return roster;
}

absl::StatusOr<v1::ShareDelivery> ServerSession::DeliveryFor(
    const crypto::DeviceId& device) const {
  if (u2_.empty()) {
    return absl::FailedPreconditionError("shares are still arriving");
  }
  if (phase_ == Phase::kFinished) {
    return absl::FailedPreconditionError(
        "the session has ended, and its shares are erased");
  }
  SOTTO_ASSIGN_OR_RETURN(const std::size_t own, IndexOf(device));
  if (!TestBit(u2_, own)) {
    return absl::NotFoundError("device " + HexEncode(device) +
                               " did not share its keys");
  }
  v1::ShareDelivery out;
  out.set_members(ToString(u2_));
  out.set_signature(ToString(key_->Sign(DeliveryBytes(session_, u2_))));
  for (const std::uint32_t from : near_[own]) {
    if (!TestBit(u2_, from)) continue;
    const auto& shares = members_[from].shares.shares();
    const auto share = std::ranges::lower_bound(
        shares, own, {}, &v1::EncryptedShares::Share::recipient);
    auto* copy = out.add_shares();
    copy->set_sender(from);
    copy->set_ciphertext(share->ciphertext());
  }
  return out;
}

absl::StatusOr<v1::SurvivorSet> ServerSession::SurvivorsFor(
    const crypto::DeviceId& device) const {
  if (u3_.empty()) {
    return absl::FailedPreconditionError("inputs are still arriving");
  }
  SOTTO_ASSIGN_OR_RETURN(const std::size_t own, IndexOf(device));
  if (!TestBit(u3_, own)) {
    return absl::NotFoundError("device " + HexEncode(device) +
                               " is not among the survivors");
  }
  v1::SurvivorSet out;
  out.set_members(ToString(u3_));
  out.set_signature(ToString(key_->Sign(ServerSurvivorBytes(session_, u3_))));
  return out;
}

absl::StatusOr<v1::UnmaskRequest> ServerSession::UnmaskRequestFor(
    const crypto::DeviceId& device) const {
  if (phase_ != Phase::kUnmask && phase_ != Phase::kFinished) {
    return absl::FailedPreconditionError("signatures are still arriving");
  }
  SOTTO_ASSIGN_OR_RETURN(const std::size_t own, IndexOf(device));
  if (!members_[own].can_unmask) {
    return absl::NotFoundError(
        "device " + HexEncode(device) +
        " did not sign the survivor set, or too few of its neighbours did");
  }
  v1::UnmaskRequest out;
  for (const std::uint32_t i : near_[own]) {
    if (!TestBit(u3_, i)) continue;
    const bool has_signed = !members_[i].survivor_signature.empty();
    auto* signature =
        has_signed ? out.add_signatures() : out.add_member_signatures();
    signature->set_sender(i);
    signature->set_signature(ToString(has_signed
                                          ? members_[i].survivor_signature
                                          : members_[i].members_signature));
  }
  return out;
}

MemberStatus ServerSession::StatusOf(std::size_t index) const {
  const Member& m = members_[index];
  return {.device_id = m.certificate.device_id,
          .included = !u3_.empty() && TestBit(u3_, index),
          .dropped = m.dropped,
          .dropped_in = m.dropped_in,
          .reason = m.reason};
}

std::vector<MemberStatus> ServerSession::Members() const {
  std::vector<MemberStatus> out;
  for (std::size_t i = 0; i < members_.size(); ++i) out.push_back(StatusOf(i));
  return out;
}

std::optional<MemberStatus> ServerSession::MemberOf(
    const crypto::DeviceId& device) const {
  const auto index = IndexOf(device);
  if (!index.ok()) return std::nullopt;
  return StatusOf(*index);
}

absl::StatusOr<AggregateResult> ServerSession::Result() const {
  if (phase_ != Phase::kFinished) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the session is in phase %s, it has no result%s%s", PhaseName(phase_),
        failure_.empty() ? "" : ": ", failure_));
  }
  AggregateResult result;
  result.sums = accumulator_;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (TestBit(u3_, i)) {
      result.included.push_back(members_[i].certificate.device_id);
    }
  }
  return result;
}

}  // namespace sotto::secure_agg
