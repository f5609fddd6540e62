// What a client checks before it shares anything: manifest, roster, thresholds.

#include <algorithm>
#include <set>

#include "base/status.h"
#include "crypto/prg.h"
#include "secure_agg/client_state.h"
#include "secure_agg/graph/key_tree.h"
#include "secure_agg/graph/parameters.h"
#include "secure_agg/graph/ring.h"
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
                                              std::uint32_t index,
                                              const char* what) {
  if (field.size() != 32) {
    return absl::InvalidArgumentError(
        absl::StrFormat("roster member %d: its %s has %d bytes, expected 32",
                        index, what, static_cast<int>(field.size())));
  }
  crypto::X25519PublicKey key;
  std::ranges::copy(AsBytes(field), key.begin());
  return key;
}

absl::Status CheckLeaf(const crypto::Sha256Digest& leaf, std::uint32_t index,
                       std::uint32_t cohort_size, const std::string& path,
                       const crypto::Sha256Digest& root) {
  std::vector<crypto::Sha256Digest> siblings(path.size() /
                                             sizeof(crypto::Sha256Digest));
  if (path.size() % sizeof(crypto::Sha256Digest) != 0 || siblings.size() > 32) {
    return absl::InvalidArgumentError("its path is not of hashes");
  }
  auto from = AsBytes(path).begin();
  for (crypto::Sha256Digest& sibling : siblings) {
    std::copy_n(from, sibling.size(), sibling.begin());
    from += static_cast<std::ptrdiff_t>(sibling.size());
  }
  return CheckPath(leaf, index, cohort_size, siblings, root);
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
  if (m.cohort_size() <= policy.complete_up_to &&
      m.neighbours() != m.cohort_size() - 1) {
    return Refuse(absl::StrFormat(
        "manifest: %d neighbours in a cohort of %d, up to %d this device wants "
        "the complete graph",
        m.neighbours(), m.cohort_size(), policy.complete_up_to));
  }
  SOTTO_RETURN_IF_ERROR(Annotate(
      CheckGraph({.cohort_size = m.cohort_size(),
                  .corrupted_fraction = m.corrupted_fraction(),
                  .security_bits = policy.security_bits,
                  .min_survivors = std::max(1u, m.min_survivors())},
                 {.neighbours = m.neighbours(), .threshold = m.threshold()}),
      "manifest"));
  if (VectorsOf(m) != policy.vectors) {
    return Refuse("manifest: its vectors are not those of the plan");
  }
  SOTTO_RETURN_IF_ERROR(
      Annotate(CheckVectors(policy.vectors, m.cohort_size()), "manifest"));
  return Annotate(crypto::Prg::Parse(m.prg()).status(), "manifest");
}

absl::StatusOr<ClientSession::Peer> ClientSession::AcceptMember(
    const v1::KeyAdvertisement& member, std::uint32_t index) const {
  const auto certificate = crypto::VerifyCertificate(
      AsBytes(member.certificate()), params_.issuer, params_.now);
  const std::string name = absl::StrFormat("roster member %d", index);
  if (!certificate.ok()) {
    return Refuse(name + ": " + std::string(certificate.status().message()));
  }
  if (certificate->population != population_) {
    return Refuse(absl::StrFormat("%s: it is of population '%s', not of '%s'",
                                  name, certificate->population, population_));
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
  Peer peer;
  SOTTO_ASSIGN_OR_RETURN(peer.channel_key,
                         KeyOf(member.channel_key(), index, "channel key"));
  SOTTO_ASSIGN_OR_RETURN(peer.mask_key,
                         KeyOf(member.mask_key(), index, "mask key"));
  peer.identity_key = certificate->identity_key;
  return peer;
}

absl::Status ClientSession::AcceptRoster(const v1::Roster& roster) {
  const v1::SessionManifest& m = roster.manifest();
  if (!crypto::Verify(params_.coordinator, ManifestBytes(m),
                      AsBytes(roster.manifest_signature()))
           .ok()) {
    return Refuse("manifest: the coordinator's signature does not verify");
  }
  SOTTO_RETURN_IF_ERROR(CheckManifest(m));
  const std::uint32_t n = m.cohort_size(), k = m.neighbours();
  const bool complete = k == n - 1;
  if (roster.members_size() != static_cast<std::int64_t>(k) + 1) {
    return Refuse(absl::StrFormat(
        "roster shows %d members, this device and its neighbours are %d",
        roster.members_size(), k + 1));
  }
  if (m.key_root().size() != sizeof(crypto::Sha256Digest)) {
    return Refuse("roster: its key root is not that of the manifest");
  }
  crypto::Sha256Digest root;
  std::ranges::copy(AsBytes(m.key_root()), root.begin());
  session_ = std::make_unique<Session>();
  session_->manifest = m;
  session_->id = SessionIdOf(m);
  std::vector<crypto::Sha256Digest> leaves;
  std::set<crypto::X25519PublicKey> keys;
  std::int64_t last = -1, own = -1;
  crypto::DeviceId last_device = {};
  Peer me;
  for (const v1::Roster::Member& member : roster.members()) {
    const std::uint32_t index = member.index();
    SOTTO_ASSIGN_OR_RETURN(const Peer peer, AcceptMember(member.keys(), index));
    if (!keys.insert(peer.channel_key).second ||
        !keys.insert(peer.mask_key).second) {
      return Refuse(absl::StrFormat("roster member %d repeats a key", index));
    }
    const crypto::DeviceId device = crypto::DeviceIdOf(peer.identity_key);
    if (index >= n || static_cast<std::int64_t>(index) <= last ||
        (last >= 0 && !(last_device < device))) {
      return Refuse(absl::StrFormat(
          "roster member %d is out of order or repeated", index));
    }
    last = index;
    last_device = device;
    leaves.push_back(LeafHash(member.keys()));
    if (!complete) {
      SOTTO_RETURN_IF_ERROR(
          Annotate(CheckLeaf(leaves.back(), index, n, member.path(), root),
                   absl::StrFormat("roster member %d", index)));
    }
    if (peer.identity_key == params_.identity->public_key()) {
      own = index;
      me = peer;
    } else {
      session_->neighbours.emplace(index, peer);
    }
  }
  if (complete && KeyRoot(leaves) != root) {
    return Refuse("roster: its key root is not that of the manifest");
  }
  if (own < 0 || me.channel_key != secrets_->own->channel.public_key() ||
      me.mask_key != secrets_->own->mask.public_key()) {
    return Refuse("roster: this device is missing or its keys were replaced");
  }
  session_->own_index = static_cast<std::uint32_t>(own);
  return CheckNeighbours();
}

// That the server did not choose them.
absl::Status ClientSession::CheckNeighbours() const {
  const v1::SessionManifest& m = session_->manifest;
  crypto::Sha256Digest root;
  std::ranges::copy(AsBytes(m.key_root()), root.begin());
  SOTTO_ASSIGN_OR_RETURN(
      const Ring ring,
      Ring::Create(root, m.task(), m.round(), m.cohort_size(), m.neighbours()));
  // std::views::keys does not compile with Clang 14.
  const auto is_shown = [](std::uint32_t neighbour, const auto& shown) {
    return neighbour == shown.first;
  };
  if (!std::ranges::equal(ring.NeighboursOf(session_->own_index),
                          session_->neighbours, is_shown)) {
    return Refuse(
        "roster: its members are not the neighbours that follow from the keys "
        "of the cohort");
  }
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
