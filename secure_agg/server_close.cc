// What happens when a phase ends.

#include <algorithm>

#include "base/status.h"
#include "secure_agg/graph/parameters.h"
#include "secure_agg/server_session.h"
#include "secure_agg/signed_bytes.h"

namespace sotto::secure_agg {

static_assert(std::uint64_t{kMaxCompleteCohort} * (kMaxCompleteCohort - 1) <=
              kMaxRelayedShares);

absl::StatusOr<GraphParams> SessionGraph(const ServerParams& params,
                                         std::uint32_t size) {
  const bool must_be_complete = size <= params.complete_up_to;
  SOTTO_ASSIGN_OR_RETURN(
      const GraphParams graph,
      must_be_complete
          ? CompleteGraph(size, params.corrupted_fraction)
          : ChooseGraph({.cohort_size = size,
                         .corrupted_fraction = params.corrupted_fraction,
                         .dropout_fraction = params.dropout_fraction,
                         .security_bits = params.security_bits,
                         .correctness_bits = params.correctness_bits,
                         .min_survivors = params.min_cohort}));
  if (std::uint64_t{size} * graph.neighbours <= kMaxRelayedShares) return graph;
  if (must_be_complete) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a cohort of %d has to take the complete graph, which is for %d "
        "members at most",
        size, kMaxCompleteCohort));
  }
  if (graph.neighbours == size - 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "no ring of %d members bears a corrupted fraction of %g, a dropout "
        "fraction of %g and as few as %d survivors, and the complete graph is "
        "for %d members at most",
        size, params.corrupted_fraction, params.dropout_fraction,
        params.min_cohort, kMaxCompleteCohort));
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "a ring of %d members that bears a corrupted fraction of %g, a dropout "
      "fraction of %g and as few as %d survivors has %d neighbours each, and "
      "at most %d are served",
      size, params.corrupted_fraction, params.dropout_fraction,
      params.min_cohort, graph.neighbours, kMaxRelayedShares / size));
}

void ServerSession::DropMissing() {
  for (Member& member : members_) {
    if (!IsExpected(member) || HasAnswered(member)) continue;
    member.dropped = true;
    member.dropped_in = phase_;
    member.reason = "no answer";
    store_->Drop(static_cast<std::uint32_t>(&member - members_.data()));
  }
}

absl::Status ServerSession::Fail(const std::string& reason) {
  phase_ = Phase::kFailed;
  counts_.reset();
  failure_ = reason;
  return absl::AbortedError(reason);
}

absl::Status ServerSession::Close() {
  const absl::Status closed = CloseOpenPhase();
  counts_.reset();
  return closed;
}

absl::Status ServerSession::CloseOpenPhase() {
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

absl::Status ServerSession::Join() {
  std::vector<crypto::Sha256Digest> leaves;
  for (const Member& member : members_) {
    leaves.push_back(LeafHash(member.advertisement));
  }
  tree_.emplace(std::move(leaves));
  manifest_.set_key_root(ToString(tree_->root()));
  SOTTO_ASSIGN_OR_RETURN(
      ring_, Ring::Create(tree_->root(), params_.task, params_.round,
                          static_cast<std::uint32_t>(members_.size()),
                          manifest_.neighbours()));
  near_.clear();
  for (std::uint32_t u = 0; u < ring_->size(); ++u) {
    near_.push_back(ring_->NeighboursOf(u));
  }
  return absl::OkStatus();
}

absl::Status ServerSession::CloseAdvertise() {
  const auto n = static_cast<std::uint32_t>(waiting_.size());
  if (n < params_.min_cohort) {
    return Fail(absl::StrFormat("%d devices joined, %d are needed", n,
                                params_.min_cohort));
  }
  const auto graph = SessionGraph(params_, n);
  if (!graph.ok()) return Fail(std::string(graph.status().message()));
  const absl::Status vectors = CheckVectors(params_.vectors, n);
  if (!vectors.ok()) return Fail(std::string(vectors.message()));
  for (const auto& [device, advertisement] : waiting_) {  // sorted by id
    Member member;
    member.advertisement = advertisement;
    SOTTO_ASSIGN_OR_RETURN(
        member.certificate,
        crypto::DecodeCertificate(AsBytes(advertisement.certificate())));
    members_.push_back(std::move(member));
  }
  waiting_.clear();
  key_owners_.clear();
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
    v->set_modular(spec.modular);
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
  manifest_.set_deadline_ms(params_.deadline_ms);
  manifest_.set_prg(std::string(crypto::Prg::Name(params_.prg)));
  SOTTO_RETURN_IF_ERROR(Join());
  session_ = SessionIdOf(manifest_);
  const crypto::Signature signature = key_->Sign(ManifestBytes(manifest_));
  manifest_signature_.assign(signature.begin(), signature.end());
  phase_ = Phase::kShares;
  return absl::OkStatus();
}

template <typename Property>
std::optional<std::size_t> ServerSession::FindStranded(
    const Property& property) const {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (TestBit(u2_, i) && CountNeighbours(i, property) < manifest_.threshold())
      return i;
  }
  return std::nullopt;
}

void ServerSession::FindUnmaskers() {
  const auto has_signed = [this](std::size_t v) {
    return !members_[v].survivor_signature.empty();
  };
  for (std::size_t i = 0; i < members_.size(); ++i) {
    members_[i].can_unmask = has_signed(i) && CountNeighbours(i, has_signed) >=
                                                  manifest_.threshold();
  }
}

// Members with too few neighbours left could not go on; without these, others
// may have too few.
absl::Status ServerSession::CloseShares() {
  DropMissing();
  Bytes set((members_.size() + 7) / 8, 0);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].has_shares && !members_[i].dropped) SetBit(set, i);
  }
  const std::size_t shared = CountBits(set);
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (!TestBit(set, i)) continue;
      const std::uint32_t near =
          CountNeighbours(i, [&](std::uint32_t v) { return TestBit(set, v); });
      if (near >= manifest_.threshold()) continue;
      ClearBit(set, i);
      members_[i].dropped = true;
      members_[i].dropped_in = phase_;
      members_[i].reason = absl::StrFormat(
          "%d of its neighbours shared their keys, %d are needed", near,
          manifest_.threshold());
      again = true;
    }
  }
  if (CountBits(set) < params_.min_cohort) {
    return Fail(absl::StrFormat(
        "%d of %d members shared their keys, %d of them have %d such "
        "neighbours; %d are needed",
        static_cast<int>(shared), static_cast<int>(members_.size()),
        static_cast<int>(CountBits(set)), manifest_.threshold(),
        params_.min_cohort));
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
  const auto stranded =
      FindStranded([&](std::uint32_t v) { return TestBit(set, v); });
  if (CountBits(set) < params_.min_cohort || stranded) {
    return Fail(absl::StrFormat(
        "%d of %d masked inputs arrived, %d are needed, and %d among the %d "
        "neighbours of each member",
        static_cast<int>(CountBits(set)), static_cast<int>(CountBits(u2_)),
        params_.min_cohort, manifest_.threshold(), manifest_.neighbours()));
  }
  u3_ = set;
  phase_ = Phase::kConsistency;
  return absl::OkStatus();
}

absl::Status ServerSession::CloseConsistency() {
  DropMissing();
  FindUnmaskers();
  if (FindStranded(
          [this](std::uint32_t v) { return members_[v].can_unmask; })) {
    const auto signers = std::ranges::count_if(members_, [](const Member& m) {
      return !m.survivor_signature.empty();
    });
    return Fail(absl::StrFormat(
        "%d of %d survivors signed the survivor set, %d are needed among the "
        "%d neighbours of each member",
        static_cast<int>(signers), static_cast<int>(CountBits(u3_)),
        manifest_.threshold(), manifest_.neighbours()));
  }
  phase_ = Phase::kUnmask;
  return absl::OkStatus();
}

absl::Status ServerSession::CloseUnmask() {
  // Who was not waited for did nothing wrong.
  if (!EnoughArrived()) DropMissing();
  if (FindStranded(
          [this](std::uint32_t v) { return members_[v].has_unmask; })) {
    const auto answers = std::ranges::count_if(
        members_, [](const Member& m) { return m.has_unmask; });
    return Fail(absl::StrFormat(
        "%d survivors revealed shares, %d are needed among the %d neighbours "
        "of each member",
        static_cast<int>(answers), manifest_.threshold(),
        manifest_.neighbours()));
  }
  const absl::Status status = RemoveMasks();
  if (!status.ok()) return Fail(std::string(status.message()));
  for (Member& member : members_) {
    member.shares.Clear();
    member.unmask.Clear();
  }
  phase_ = Phase::kFinished;
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
