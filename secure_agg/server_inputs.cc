// What inputs have changed in a session, as bytes for the journal: base/codec
// "sotto/secagg/inputs/v3". Besides the sums it has a bit a member, so that
// a cohort's ciphertexts are not written again with every input.

#include "base/codec.h"
#include "base/status.h"
#include "secure_agg/server_session.h"
#include "secure_agg/snapshot_bytes.h"

namespace sotto::secure_agg {
namespace {

constexpr char kInputsTag[] = "sotto/secagg/inputs/v3";

}  // namespace

Bytes ServerSession::InputSnapshot() const {
  Encoder e(kInputsTag);
  e.Octets(session_).U32(static_cast<std::uint32_t>(members_.size()));
  Bytes arrived((members_.size() + 7) / 8, 0);
  std::vector<std::uint32_t> left;
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    const Member& m = members_[i];
    if (m.has_input) SetBit(arrived, i);
    if (m.dropped && m.dropped_in == Phase::kInputs) left.push_back(i);
  }
  e.Octets(arrived).U32(static_cast<std::uint32_t>(left.size()));
  for (const std::uint32_t i : left) e.U32(i).Text(members_[i].reason);
  for (const Member& m : members_) {
    if (m.has_input) e.Octets(m.members_signature);
  }
  for (const VectorSpec& v : params_.vectors) {
    e.Octets(LanesOf(accumulator_.at(v.name)));
  }
  return WithCheck(std::move(e));
}

absl::Status ServerSession::RestoreInputs(ByteView snapshot) {
  const auto damaged = [](const char* what) {
    return absl::DataLossError(absl::StrFormat("snapshot of inputs: %s", what));
  };
  SOTTO_RETURN_IF_ERROR(ExpectPhase(Phase::kInputs));
  SOTTO_ASSIGN_OR_RETURN(const ByteView body, CheckedBody(snapshot));
  Decoder d(body);
  SOTTO_RETURN_IF_ERROR(Annotate(d.Tag(kInputsTag), "snapshot of inputs"));
  SOTTO_ASSIGN_OR_RETURN(const ByteView session, d.Octets("session"));
  SOTTO_ASSIGN_OR_RETURN(const std::uint32_t count, d.U32("members"));
  if (!std::ranges::equal(session, session_) || count != members_.size()) {
    return damaged("it is of another session");
  }
  SOTTO_ASSIGN_OR_RETURN(const ByteView arrived, d.Octets("arrived"));
  if (!CheckBitmap(arrived, count).ok()) {
    return damaged("its members are not those of the session");
  }
  SOTTO_ASSIGN_OR_RETURN(const std::uint32_t num_left, d.U32("left"));
  std::map<std::uint32_t, std::string> left;  // with its reason
  for (std::uint32_t i = 0; i < num_left; ++i) {
    SOTTO_ASSIGN_OR_RETURN(const std::uint32_t index, d.U32("member"));
    if (index >= count) return damaged("who left is no member");
    SOTTO_ASSIGN_OR_RETURN(left[index], d.Text("reason"));
  }
  std::vector<ByteView> members_signatures(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!TestBit(arrived, i)) continue;
    SOTTO_ASSIGN_OR_RETURN(members_signatures[i], d.Octets("members"));
  }
  NamedVectors sums = accumulator_;
  for (const VectorSpec& v : params_.vectors) {
    SOTTO_ASSIGN_OR_RETURN(const ByteView lanes, d.Octets("accumulator"));
    if (!FillLanes(lanes, sums[v.name])) {
      return damaged("an accumulator has a wrong length");
    }
  }
  SOTTO_RETURN_IF_ERROR(Annotate(d.Finish(), "snapshot of inputs"));
  for (std::size_t i = 0; i < count; ++i) {
    members_[i].has_input = TestBit(arrived, i);
    members_[i].members_signature.assign(members_signatures[i].begin(),
                                         members_signatures[i].end());
  }
  for (auto& [index, reason] : left) {
    Member& m = members_[index];
    m.complained = m.dropped = true;
    m.dropped_in = Phase::kInputs;
    m.reason = std::move(reason);
  }
  counts_.reset();
  accumulator_ = std::move(sums);
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
