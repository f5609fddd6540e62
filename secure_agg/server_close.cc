// What happens when a phase ends.

#include <algorithm>

#include "base/status.h"
#include "crypto/hkdf.h"
#include "crypto/kex.h"
#include "secure_agg/graph/threshold.h"
#include "secure_agg/masking/mask.h"
#include "secure_agg/server_session.h"
#include "secure_agg/sharing/error_correction.h"
#include "secure_agg/sharing/shamir.h"
#include "secure_agg/signed_bytes.h"

namespace sotto::secure_agg {
namespace {

crypto::X25519PublicKey MaskKeyOf(const v1::KeyAdvertisement& advertisement) {
  crypto::X25519PublicKey key;
  std::ranges::copy(AsBytes(advertisement.mask_key()), key.begin());
  return key;
}

}  // namespace

std::uint32_t ServerSession::Needed() const {
  return std::max(params_.min_cohort, manifest_.threshold() + 1);
}

void ServerSession::DropMissing() {
  for (Member& member : members_) {
    if (!IsExpected(member) || HasAnswered(member)) continue;
    member.dropped = true;
    member.dropped_in = phase_;
    member.reason = "no answer";
    member.partial.clear();
  }
}

absl::Status ServerSession::Fail(const std::string& reason) {
  phase_ = Phase::kFailed;
  failure_ = reason;
  return absl::AbortedError(reason);
}

absl::Status ServerSession::Close() {
  switch (phase_) {
    case Phase::kAdvertise:
      return CloseAdvertise();
    case Phase::kShares:
      return CloseShares();
    case Phase::kInputs:
      return CloseInputs();
    case Phase::kConsistency:
      return CloseConsistency();
    case Phase::kUnmask:
      return CloseUnmask();
    case Phase::kFinished:
    case Phase::kFailed:
      return absl::FailedPreconditionError("the session has ended");
  }
  return absl::InternalError("phase");
}

absl::Status ServerSession::CloseAdvertise() {
  const auto n = static_cast<std::uint32_t>(waiting_.size());
  if (n < params_.min_cohort) {
    return Fail(absl::StrFormat("%d devices joined, %d are needed", n,
                                params_.min_cohort));
  }
  const auto graph = CompleteGraph(n, params_.corrupted_fraction);
  if (!graph.ok()) return Fail(std::string(graph.status().message()));
  const absl::Status vectors = CheckVectors(params_.vectors, n);
  if (!vectors.ok()) return Fail(std::string(vectors.message()));
  std::vector<crypto::Sha256Digest> leaves;
  for (const auto& [device, advertisement] : waiting_) {  // sorted by id
    Member member;
    member.advertisement = advertisement;
    SOTTO_ASSIGN_OR_RETURN(
        member.certificate,
        crypto::DecodeCertificate(AsBytes(advertisement.certificate())));
    leaves.push_back(LeafHash(advertisement));
    members_.push_back(std::move(member));
  }
  waiting_.clear();
  manifest_.set_protocol_version(1);
  manifest_.set_task(params_.task);
  manifest_.set_round(params_.round);
  manifest_.set_round_id(ToString(params_.round_id));
  for (const VectorSpec& spec : params_.vectors) {
    auto* v = manifest_.add_vectors();
    v->set_name(spec.name);
    v->set_length(spec.length);
    v->set_bits(spec.bits);
    v->set_bound(spec.bound);
  }
  manifest_.set_cohort_size(n);
  manifest_.set_neighbours(graph->neighbours);
  manifest_.set_threshold(graph->threshold);
  manifest_.set_min_survivors(params_.min_cohort);
  manifest_.set_corrupted_fraction(params_.corrupted_fraction);
  manifest_.set_dropout_fraction(params_.dropout_fraction);
  manifest_.set_model_hash(ToString(params_.model_hash));
  manifest_.set_plan_hash(ToString(params_.plan_hash));
  manifest_.set_previous_model_hash(ToString(params_.previous_model_hash));
  manifest_.set_key_root(ToString(KeyRoot(leaves)));
  manifest_.set_deadline_ms(params_.deadline_ms);
  manifest_.set_prg(std::string(crypto::Prg::Name(params_.prg)));
  session_ = SessionIdOf(manifest_);
  const crypto::Signature signature = key_->Sign(ManifestBytes(manifest_));
  manifest_signature_.assign(signature.begin(), signature.end());
  phase_ = Phase::kShares;
  return absl::OkStatus();
}

absl::Status ServerSession::CloseShares() {
  DropMissing();
  Bytes set((members_.size() + 7) / 8, 0);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].has_shares && !members_[i].dropped) SetBit(set, i);
  }
  if (CountBits(set) < Needed()) {
    return Fail(
        absl::StrFormat("%d of %d members shared their keys, %d are "
                        "needed",
                        static_cast<int>(CountBits(set)),
                        static_cast<int>(members_.size()), Needed()));
  }
  u2_ = set;
  phase_ = Phase::kInputs;
  return absl::OkStatus();
}

absl::Status ServerSession::CloseInputs() {
  DropMissing();
  Bytes set((members_.size() + 7) / 8, 0);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].has_input) SetBit(set, i);
  }
  if (CountBits(set) < Needed()) {
    return Fail(absl::StrFormat("%d of %d masked inputs arrived, %d are needed",
                                static_cast<int>(CountBits(set)),
                                static_cast<int>(CountBits(u2_)), Needed()));
  }
  u3_ = set;
  phase_ = Phase::kConsistency;
  return absl::OkStatus();
}

absl::Status ServerSession::CloseConsistency() {
  DropMissing();
  const auto signers = static_cast<std::uint32_t>(std::ranges::count_if(
      members_, [](const Member& m) { return !m.survivor_signature.empty(); }));
  // Each signer must see `threshold` signatures besides its own.
  if (signers < manifest_.threshold() + 1) {
    return Fail(
        absl::StrFormat("%d survivors signed the survivor set, %d are needed",
                        signers, manifest_.threshold() + 1));
  }
  phase_ = Phase::kUnmask;
  return absl::OkStatus();
}

absl::Status ServerSession::CloseUnmask() {
  DropMissing();
  const auto answers = static_cast<std::uint32_t>(std::ranges::count_if(
      members_, [](const Member& m) { return m.has_unmask; }));
  // A survivor holds no share of itself, so its own secret has one holder less.
  if (answers < manifest_.threshold() + 1) {
    return Fail(absl::StrFormat("%d survivors revealed shares, %d are needed",
                                answers, manifest_.threshold() + 1));
  }
  const NamedVectors before = accumulator_;
  const absl::Status status = RemoveMasks();
  if (!status.ok()) {
    accumulator_ = before;
    return Fail(std::string(status.message()));
  }
  for (Member& member : members_) {
    member.shares.Clear();
    member.unmask.Clear();
  }
  phase_ = Phase::kFinished;
  return absl::OkStatus();
}

absl::StatusOr<crypto::Secret<32>> ServerSession::Reconstruct(
    const ShareSet& holders, std::size_t owner, v1::UnmaskShares::Kind kind) {
  // Holders send one share for each other member of U2, in order.
  std::size_t rank = 0;
  for (std::size_t i = 0; i < owner; ++i) rank += TestBit(u2_, i);
  std::vector<Share> shares;
  for (std::size_t holder = 0; holder < members_.size(); ++holder) {
    if (!members_[holder].has_unmask || holder == owner) continue;
    const auto& share = members_[holder].unmask.shares(
        static_cast<int>(rank - (holder < owner ? 1 : 0)));
    SOTTO_ASSIGN_OR_RETURN(const Share decoded,
                           DecodeShare(AsBytes(share.share()), holder + 1));
    shares.push_back(decoded);
  }
  const std::uint32_t t = manifest_.threshold();
  const Member& member = members_[owner];
  const auto fits = [&](const crypto::Secret<32>& secret) {
    if (kind == v1::UnmaskShares::SELF_MASK) {
      const auto h = SelfMaskCommitment(session_, secret.Reveal());
      return std::ranges::equal(h,
                                AsBytes(member.shares.self_mask_commitment()));
    }
    return crypto::X25519Key::FromBytes(secret).public_key() ==
           MaskKeyOf(member.advertisement);
  };
  // All honest: the shares agree.
  ShareSet::Combined combined = holders.Combine(shares, owner + 1);
  if (combined.consistent && combined.secret.ok() && fits(*combined.secret)) {
    return std::move(combined.secret);
  }
  if (shares.size() >= t) {
    absl::StatusOr<CorrectedSecret> corrected = CorrectShares(shares, t);
    if (corrected.ok() && fits(corrected->secret)) {
      for (const std::size_t at : corrected->wrong) {
        const auto holder = static_cast<std::uint32_t>(shares[at].point - 1);
        if (std::ranges::find(suspects_, holder) == suspects_.end()) {
          suspects_.push_back(holder);
        }
      }
      return std::move(corrected->secret);
    }
  }
  return absl::DataLossError(absl::StrFormat(
      "the %s of member %d cannot be reconstructed from %d shares",
      kind == v1::UnmaskShares::SELF_MASK ? "self mask" : "mask key",
      static_cast<int>(owner), static_cast<int>(shares.size())));
}

absl::Status ServerSession::RemoveMasks() {
  std::vector<std::uint64_t> points;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].has_unmask) points.push_back(i + 1);
  }
  // Random to the holders, yet the same after a restart.
  crypto::SeededRng rng(key_->Sign(ShareCheckBytes(session_)));
  const ShareSet holders(std::move(points), manifest_.threshold(), rng);
  const auto remove = [&](const crypto::Secret<32>& seed, Sign sign) {
    for (const VectorSpec& spec : params_.vectors) {
      AddMask(params_.prg, VectorKey(seed, spec.name), spec.bits, sign,
              accumulator_[spec.name]);
    }
  };
  for (std::size_t owner = 0; owner < members_.size(); ++owner) {
    if (!TestBit(u2_, owner)) continue;
    if (TestBit(u3_, owner)) {
      SOTTO_ASSIGN_OR_RETURN(
          const auto seed,
          Reconstruct(holders, owner, v1::UnmaskShares::SELF_MASK));
      remove(seed, Sign::kMinus);
      continue;
    }
    SOTTO_ASSIGN_OR_RETURN(
        const auto scalar,
        Reconstruct(holders, owner, v1::UnmaskShares::MASK_KEY));
    const auto key = crypto::X25519Key::FromBytes(scalar);
    for (std::size_t u = 0; u < members_.size(); ++u) {
      if (!TestBit(u3_, u)) continue;
      SOTTO_ASSIGN_OR_RETURN(const auto shared,
                             key.Agree(MaskKeyOf(members_[u].advertisement)));
      const auto seed = crypto::HkdfKey(
          shared.Reveal(), {},
          MaskInfo(session_, manifest_, static_cast<std::uint32_t>(u),
                   static_cast<std::uint32_t>(owner)));
      // The survivor added it if its index is the smaller one.
      remove(seed, u < owner ? Sign::kMinus : Sign::kPlus);
    }
  }
  for (const VectorSpec& spec : params_.vectors) {
    ReduceLanes(spec.bits, accumulator_[spec.name]);
  }
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
