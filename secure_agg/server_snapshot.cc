// A session as bytes, for the journal: base/codec "sotto/secagg/snapshot/v5".

#include <bit>

#include "base/codec.h"
#include "base/status.h"
#include "secure_agg/server_session.h"
#include "secure_agg/signed_bytes.h"
#include "secure_agg/snapshot_bytes.h"

namespace sotto::secure_agg {
namespace {

constexpr char kTag[] = "sotto/secagg/snapshot/v5";

template <typename Message>
absl::Status Parse(ByteView bytes, const char* what, Message& out) {
  if (out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("snapshot: its %s does not parse", what));
}

template <typename Array>
absl::Status CopyExact(ByteView bytes, const char* what, Array& out) {
  if (bytes.size() != out.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("snapshot: its %s has a wrong length", what));
  }
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return absl::OkStatus();
}

void EncodeParams(Encoder& e, const ServerParams& p) {
  e.Text(p.task).U64(p.round).Octets(p.round_id);
  e.U32(static_cast<std::uint32_t>(p.vectors.size()));
  for (const VectorSpec& v : p.vectors) {
    e.Text(v.name).U32(v.length).U32(v.bits).U64(v.bound);
    e.U8(v.modular ? 1 : 0);
  }
  e.U32(p.max_cohort).U32(p.min_cohort);
  e.U64(std::bit_cast<std::uint64_t>(p.corrupted_fraction));
  e.U64(std::bit_cast<std::uint64_t>(p.dropout_fraction));
  e.Text(p.population);
  e.U32(p.security_bits).U32(p.correctness_bits);
  e.U32(p.complete_up_to);
  e.Octets(p.model_hash).Octets(p.plan_hash).Octets(p.previous_model_hash);
  e.I64(p.deadline_ms).U8(static_cast<std::uint8_t>(p.prg)).Octets(p.issuer);
}

absl::Status DecodeParams(Decoder& d, ServerParams& p) {
  SOTTO_ASSIGN_OR_RETURN(p.task, d.Text("task"));
  SOTTO_ASSIGN_OR_RETURN(p.round, d.U64("round"));
  SOTTO_ASSIGN_OR_RETURN(const ByteView round_id, d.Octets("round_id"));
  SOTTO_RETURN_IF_ERROR(CopyExact(round_id, "round_id", p.round_id));
  SOTTO_ASSIGN_OR_RETURN(const std::uint32_t count, d.U32("vectors"));
  for (std::uint32_t i = 0; i < count; ++i) {
    VectorSpec v;
    SOTTO_ASSIGN_OR_RETURN(v.name, d.Text("vector name"));
    SOTTO_ASSIGN_OR_RETURN(v.length, d.U32("vector length"));
    SOTTO_ASSIGN_OR_RETURN(v.bits, d.U32("vector bits"));
    SOTTO_ASSIGN_OR_RETURN(v.bound, d.U64("vector bound"));
    SOTTO_ASSIGN_OR_RETURN(const std::uint8_t modular, d.U8("vector modular"));
    v.modular = modular != 0;
    p.vectors.push_back(std::move(v));
  }
  SOTTO_ASSIGN_OR_RETURN(p.max_cohort, d.U32("max_cohort"));
  SOTTO_ASSIGN_OR_RETURN(p.min_cohort, d.U32("min_cohort"));
  SOTTO_ASSIGN_OR_RETURN(const std::uint64_t gamma, d.U64("gamma"));
  SOTTO_ASSIGN_OR_RETURN(const std::uint64_t delta, d.U64("delta"));
  p.corrupted_fraction = std::bit_cast<double>(gamma);
  p.dropout_fraction = std::bit_cast<double>(delta);
  SOTTO_ASSIGN_OR_RETURN(p.population, d.Text("population"));
  SOTTO_ASSIGN_OR_RETURN(p.security_bits, d.U32("security_bits"));
  SOTTO_ASSIGN_OR_RETURN(p.correctness_bits, d.U32("correctness_bits"));
  SOTTO_ASSIGN_OR_RETURN(p.complete_up_to, d.U32("complete_up_to"));
  SOTTO_ASSIGN_OR_RETURN(const ByteView model, d.Octets("model_hash"));
  SOTTO_RETURN_IF_ERROR(CopyExact(model, "model_hash", p.model_hash));
  SOTTO_ASSIGN_OR_RETURN(const ByteView plan, d.Octets("plan_hash"));
  SOTTO_RETURN_IF_ERROR(CopyExact(plan, "plan_hash", p.plan_hash));
  SOTTO_ASSIGN_OR_RETURN(const ByteView previous, d.Octets("previous"));
  p.previous_model_hash.assign(previous.begin(), previous.end());
  SOTTO_ASSIGN_OR_RETURN(p.deadline_ms, d.I64("deadline_ms"));
  SOTTO_ASSIGN_OR_RETURN(const std::uint8_t prg, d.U8("prg"));
  if (prg > 1) return absl::InvalidArgumentError("snapshot: unknown prg");
  p.prg = static_cast<crypto::Prg::Kind>(prg);
  SOTTO_ASSIGN_OR_RETURN(const ByteView issuer, d.Octets("issuer"));
  return CopyExact(issuer, "issuer", p.issuer);
}

}  // namespace

Bytes ServerSession::Snapshot() const {
  Encoder e(kTag);
  EncodeParams(e, params_);
  e.U8(static_cast<std::uint8_t>(phase_)).Text(failure_);
  e.U32(static_cast<std::uint32_t>(waiting_.size()));
  for (const auto& [device, advertisement] : waiting_) {
    e.Octets(advertisement.SerializeAsString());
  }
  e.U32(static_cast<std::uint32_t>(members_.size()));
  for (const Member& m : members_) {
    e.Octets(m.advertisement.SerializeAsString());
    e.U8(FlagByte(
        {m.has_shares, m.has_input, m.has_unmask, m.complained, m.dropped}));
    e.Octets(m.shares.SerializeAsString()).Octets(m.members_signature);
    e.Octets(m.survivor_signature);
    e.Octets(m.unmask.SerializeAsString());
    e.U8(static_cast<std::uint8_t>(m.dropped_in)).Text(m.reason);
  }
  e.Octets(manifest_.SerializeAsString()).Octets(manifest_signature_);
  e.Octets(u2_).Octets(u3_);
  for (const VectorSpec& v : params_.vectors) {
    e.Octets(LanesOf(accumulator_.at(v.name)));
  }
  e.U32(static_cast<std::uint32_t>(suspects_.size()));
  for (const std::uint32_t suspect : suspects_) e.U32(suspect);
  return WithCheck(std::move(e));
}

absl::StatusOr<std::unique_ptr<ServerSession>> ServerSession::Restore(
    ByteView snapshot, const crypto::SigningKey& key,
    std::unique_ptr<InputStore> store) {
  SOTTO_ASSIGN_OR_RETURN(const ByteView body, CheckedBody(snapshot));
  Decoder d(body);
  ServerParams params;
  SOTTO_RETURN_IF_ERROR(Annotate(d.Tag(kTag), "snapshot"));
  SOTTO_RETURN_IF_ERROR(DecodeParams(d, params));
  SOTTO_ASSIGN_OR_RETURN(std::unique_ptr<ServerSession> s,
                         Create(params, key, std::move(store)));
  SOTTO_ASSIGN_OR_RETURN(const std::uint8_t phase, d.U8("phase"));
  if (phase > static_cast<std::uint8_t>(Phase::kFailed)) {
    return absl::DataLossError("snapshot: unknown phase");
  }
  s->phase_ = static_cast<Phase>(phase);
  SOTTO_ASSIGN_OR_RETURN(s->failure_, d.Text("failure"));
  SOTTO_ASSIGN_OR_RETURN(const std::uint32_t waiting, d.U32("waiting"));
  for (std::uint32_t i = 0; i < waiting; ++i) {
    SOTTO_ASSIGN_OR_RETURN(const ByteView bytes, d.Octets("advertisement"));
    v1::KeyAdvertisement advertisement;
    SOTTO_RETURN_IF_ERROR(Parse(bytes, "advertisement", advertisement));
    SOTTO_ASSIGN_OR_RETURN(
        const auto certificate,
        crypto::DecodeCertificate(AsBytes(advertisement.certificate())));
    s->Wait(certificate.device_id, advertisement);
  }
  SOTTO_ASSIGN_OR_RETURN(const std::uint32_t count, d.U32("members"));
  for (std::uint32_t i = 0; i < count; ++i) {
    Member m;
    SOTTO_ASSIGN_OR_RETURN(const ByteView advertisement,
                           d.Octets("advertisement"));
    SOTTO_RETURN_IF_ERROR(
        Parse(advertisement, "advertisement", m.advertisement));
    SOTTO_ASSIGN_OR_RETURN(
        m.certificate,
        crypto::DecodeCertificate(AsBytes(m.advertisement.certificate())));
    SOTTO_ASSIGN_OR_RETURN(const std::uint8_t flags, d.U8("flags"));
    SetFlags(flags, {&m.has_shares, &m.has_input, &m.has_unmask, &m.complained,
                     &m.dropped});
    SOTTO_ASSIGN_OR_RETURN(const ByteView shares, d.Octets("shares"));
    SOTTO_RETURN_IF_ERROR(Parse(shares, "shares", m.shares));
    SOTTO_ASSIGN_OR_RETURN(const ByteView told, d.Octets("members"));
    m.members_signature.assign(told.begin(), told.end());
    SOTTO_ASSIGN_OR_RETURN(const ByteView signature, d.Octets("signature"));
    m.survivor_signature.assign(signature.begin(), signature.end());
    SOTTO_ASSIGN_OR_RETURN(const ByteView unmask, d.Octets("unmask"));
    SOTTO_RETURN_IF_ERROR(Parse(unmask, "unmask shares", m.unmask));
    SOTTO_ASSIGN_OR_RETURN(const std::uint8_t dropped_in, d.U8("dropped_in"));
    if (dropped_in > static_cast<std::uint8_t>(Phase::kFailed)) {
      return absl::DataLossError("snapshot: unknown phase");
    }
    m.dropped_in = static_cast<Phase>(dropped_in);
    SOTTO_ASSIGN_OR_RETURN(m.reason, d.Text("reason"));
    s->members_.push_back(std::move(m));
  }
  SOTTO_ASSIGN_OR_RETURN(const ByteView manifest, d.Octets("manifest"));
  SOTTO_RETURN_IF_ERROR(Parse(manifest, "manifest", s->manifest_));
  SOTTO_ASSIGN_OR_RETURN(const ByteView signature, d.Octets("signature"));
  s->manifest_signature_.assign(signature.begin(), signature.end());
  if (!s->members_.empty()) SOTTO_RETURN_IF_ERROR(s->Join());
  s->session_ = SessionIdOf(s->manifest_);
  SOTTO_ASSIGN_OR_RETURN(const ByteView u2, d.Octets("u2"));
  s->u2_.assign(u2.begin(), u2.end());
  SOTTO_ASSIGN_OR_RETURN(const ByteView u3, d.Octets("u3"));
  s->u3_.assign(u3.begin(), u3.end());
  for (const VectorSpec& v : params.vectors) {
    SOTTO_ASSIGN_OR_RETURN(const ByteView lanes, d.Octets("accumulator"));
    if (!FillLanes(lanes, s->accumulator_[v.name])) {
      return absl::DataLossError("snapshot: accumulator has a wrong length");
    }
  }
  SOTTO_ASSIGN_OR_RETURN(const std::uint32_t suspects, d.U32("suspects"));
  for (std::uint32_t i = 0; i < suspects; ++i) {
    SOTTO_ASSIGN_OR_RETURN(const std::uint32_t suspect, d.U32("suspect"));
    s->suspects_.push_back(suspect);
  }
  SOTTO_RETURN_IF_ERROR(Annotate(d.Finish(), "snapshot"));
  if (s->phase_ == Phase::kUnmask || s->phase_ == Phase::kFinished) {
    s->FindUnmaskers();
    for (std::size_t i = 0; i < s->members_.size(); ++i) {
      if (!s->members_[i].has_unmask) continue;
      for (const std::uint32_t v : s->near_[i]) ++s->members_[v].revealed;
    }
  }
  return s;
}

}  // namespace sotto::secure_agg
