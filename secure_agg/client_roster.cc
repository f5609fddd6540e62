// What a client checks before it shares anything: manifest, roster, thresholds.

#include <algorithm>
#include <set>

#include "base/status.h"
#include "crypto/prg.h"
#include "secure_agg/client_state.h"
#include "secure_agg/graph/threshold.h"
#include "secure_agg/signed_bytes.h"

namespace sotto::secure_agg {
namespace {

constexpr std::uint32_t kProtocolVersion = 1;

absl::Status Refuse(const std::string& what) {
  return absl::PermissionDeniedError(what);
}

bool Equal(const std::string& field, ByteView want) {
  return std::ranges::equal(AsBytes(field), want);
}

absl::StatusOr<crypto::X25519PublicKey> KeyOf(const std::string& field,
                                              std::size_t index,
                                              const char* what) {
  if (field.size() != 32) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "roster member %d: its %s has %d bytes, expected 32",
        static_cast<int>(index), what, static_cast<int>(field.size())));
  }
  crypto::X25519PublicKey key;
  std::ranges::copy(AsBytes(field), key.begin());
  return key;
}

}  // namespace

absl::Status ClientSession::CheckManifest(const v1::SessionManifest& m) const {
  const ClientPolicy& policy = params_.policy;
  if (m.protocol_version() != kProtocolVersion) {
    return Refuse(
        absl::StrFormat("manifest: protocol version %d, this device "
                        "speaks 1; update the SDK",
                        m.protocol_version()));
  }
  if (m.task() != params_.task || m.round() != params_.round ||
      !Equal(m.round_id(), params_.round_id)) {
    return Refuse(absl::StrFormat(
        "manifest: it is for task '%s' round %d, this device joined '%s' "
        "round %d",
        m.task(), m.round(), params_.task, params_.round));
  }
  if (!Equal(m.model_hash(), params_.model_hash)) {
    return Refuse("manifest: another model than this device trained from");
  }
  if (!Equal(m.plan_hash(), params_.plan_hash)) {
    return Refuse("manifest: another plan than this device followed");
  }
  if (params_.now.time_since_epoch().count() >= m.deadline_ms()) {
    return Refuse("manifest: its deadline has passed");
  }
  if (m.min_survivors() < policy.min_cohort ||
      m.cohort_size() < m.min_survivors()) {
    return Refuse(absl::StrFormat(
        "manifest: cohort %d with at least %d survivors, this device's floor "
        "is %d",
        m.cohort_size(), m.min_survivors(), policy.min_cohort));
  }
  if (!(m.corrupted_fraction() >= policy.corrupted_fraction)) {
    return Refuse(absl::StrFormat(
        "manifest: assumes %g corrupted members, this device's floor is %g",
        m.corrupted_fraction(), policy.corrupted_fraction));
  }
  const auto graph = CompleteGraph(m.cohort_size(), m.corrupted_fraction());
  if (!graph.ok()) return Annotate(graph.status(), "manifest");
  if (m.neighbours() != graph->neighbours ||
      m.threshold() != graph->threshold) {
    return Refuse(absl::StrFormat(
        "manifest: %d neighbours and threshold %d, the cohort of %d needs %d "
        "and %d",
        m.neighbours(), m.threshold(), m.cohort_size(), graph->neighbours,
        graph->threshold));
  }
  if (VectorsOf(m) != policy.vectors) {
    return Refuse("manifest: its vectors are not those of the plan");
  }
  SOTTO_RETURN_IF_ERROR(
      Annotate(CheckVectors(policy.vectors, m.cohort_size()), "manifest"));
  return Annotate(crypto::Prg::Parse(m.prg()).status(), "manifest");
}

absl::Status ClientSession::AcceptMember(const v1::KeyAdvertisement& member,
                                         std::size_t index) {
  const auto certificate = crypto::VerifyCertificate(
      AsBytes(member.certificate()), params_.issuer, params_.now);
  const std::string name =
      absl::StrFormat("roster member %d", static_cast<int>(index));
  if (!certificate.ok()) {
    return Refuse(name + ": " + std::string(certificate.status().message()));
  }
  if (!crypto::Verify(certificate->identity_key, AdvertisementBytes(member),
                      AsBytes(member.signature()))
           .ok()) {
    return Refuse(name + ": the signature of its keys does not verify");
  }
  if (member.task() != params_.task || member.round() != params_.round ||
      !Equal(member.round_id(), params_.round_id)) {
    return Refuse(name + ": its keys are for another round");
  }
  if (!Equal(member.model_hash(), params_.model_hash) ||
      !Equal(member.plan_hash(), params_.plan_hash)) {
    return Refuse(name + ": it was given another model or plan");
  }
  if (member.nonce().size() != 32) {
    return absl::InvalidArgumentError(name + ": its nonce is not 32 bytes");
  }
  SOTTO_ASSIGN_OR_RETURN(const auto channel,
                         KeyOf(member.channel_key(), index, "channel key"));
  SOTTO_ASSIGN_OR_RETURN(const auto mask,
                         KeyOf(member.mask_key(), index, "mask key"));
  session_->channel_keys.push_back(channel);
  session_->mask_keys.push_back(mask);
  session_->identity_keys.push_back(certificate->identity_key);
  return absl::OkStatus();
}

absl::Status ClientSession::AcceptRoster(const v1::Roster& roster) {
  const v1::SessionManifest& m = roster.manifest();
  if (!crypto::Verify(params_.coordinator, ManifestBytes(m),
                      AsBytes(roster.manifest_signature()))
           .ok()) {
    return Refuse("manifest: the coordinator's signature does not verify");
  }
  SOTTO_RETURN_IF_ERROR(CheckManifest(m));
  if (static_cast<std::uint32_t>(roster.members_size()) != m.cohort_size()) {
    return Refuse(absl::StrFormat("roster has %d members, its manifest says %d",
                                  roster.members_size(), m.cohort_size()));
  }
  session_ = std::make_unique<Session>();
  session_->manifest = m;
  session_->id = SessionIdOf(m);
  std::vector<crypto::Sha256Digest> leaves;
  std::set<crypto::X25519PublicKey> keys;
  int own = -1;
  const crypto::PublicKey& me = params_.identity->public_key();
  for (int i = 0; i < roster.members_size(); ++i) {
    const auto index = static_cast<std::size_t>(i);
    SOTTO_RETURN_IF_ERROR(AcceptMember(roster.members(i), index));
    leaves.push_back(LeafHash(roster.members(i)));
    if (!keys.insert(session_->channel_keys.back()).second ||
        !keys.insert(session_->mask_keys.back()).second) {
      return Refuse(absl::StrFormat("roster member %d repeats a key", i));
    }
    const crypto::PublicKey& identity = session_->identity_keys.back();
    if (i > 0 && !(crypto::DeviceIdOf(session_->identity_keys[index - 1]) <
                   crypto::DeviceIdOf(identity))) {
      return Refuse(
          absl::StrFormat("roster member %d is out of order or repeated", i));
    }
    if (identity == me) own = i;
  }
  if (!Equal(m.key_root(), KeyRoot(leaves))) {
    return Refuse("roster: its key root is not that of the manifest");
  }
  if (own < 0 ||
      session_->channel_keys[static_cast<std::size_t>(own)] !=
          secrets_->channel.public_key() ||
      session_->mask_keys[static_cast<std::size_t>(own)] !=
          secrets_->mask.public_key()) {
    return Refuse("roster: this device is missing or its keys were replaced");
  }
  session_->own_index = static_cast<std::uint32_t>(own);
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
