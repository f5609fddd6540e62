// What inputs have changed in a session, as bytes for the journal: base/codec
// "sotto/secagg/inputs/v1". Besides the sums it has a few bytes a member, so
// that a cohort's ciphertexts are not written again with every input.

#include "base/codec.h"
#include "base/status.h"
#include "secure_agg/server_session.h"
#include "secure_agg/snapshot_bytes.h"

namespace sotto::secure_agg {
namespace {

constexpr char kInputsTag[] = "sotto/secagg/inputs/v1";

}  // namespace

Bytes ServerSession::InputSnapshot() const {
  Encoder e(kInputsTag);
  e.Octets(session_).U32(static_cast<std::uint32_t>(members_.size()));
  for (const Member& m : members_) {
    e.U8(static_cast<std::uint8_t>(m.has_input | m.complained << 1 |
                                   m.dropped << 2));
    e.U8(static_cast<std::uint8_t>(m.dropped_in)).Text(m.reason);
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
  struct Change {
    std::uint8_t flags = 0, dropped_in = 0;
    std::string reason;
  };
  std::vector<Change> changes(count);
  for (Change& change : changes) {
    SOTTO_ASSIGN_OR_RETURN(change.flags, d.U8("flags"));
    SOTTO_ASSIGN_OR_RETURN(change.dropped_in, d.U8("dropped_in"));
    if (change.dropped_in > static_cast<std::uint8_t>(Phase::kFailed)) {
      return damaged("unknown phase");
    }
    SOTTO_ASSIGN_OR_RETURN(change.reason, d.Text("reason"));
  }
  NamedVectors sums = accumulator_;
  for (const VectorSpec& v : params_.vectors) {
    SOTTO_ASSIGN_OR_RETURN(const ByteView lanes, d.Octets("accumulator"));
    if (!FillLanes(lanes, sums[v.name])) {
      return damaged("an accumulator has a wrong length");
    }
  }
  SOTTO_RETURN_IF_ERROR(Annotate(d.Finish(), "snapshot of inputs"));
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Member& m = members_[i];
    m.has_input = (changes[i].flags & 1) != 0;
    m.complained = (changes[i].flags & 2) != 0;
    m.dropped = (changes[i].flags & 4) != 0;
    m.dropped_in = static_cast<Phase>(changes[i].dropped_in);
    m.reason = std::move(changes[i].reason);
  }
  accumulator_ = std::move(sums);
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
