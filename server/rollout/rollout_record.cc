#include "server/rollout/rollout_record.h"

#include "base/codec.h"
#include "base/status.h"

namespace sotto::server {
namespace {

constexpr char kTag[] = "sotto/rollout-record/v1";

template <typename Message>
absl::Status Parse(ByteView bytes, Message& message) {
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();
  }
  return absl::DataLossError("rollout record: not a message");
}

}  // namespace

Bytes EncodeRecord(const RolloutRecord& record) {
  return Encoder(kTag)
      .Octets(record.request.SerializeAsString())
      .Octets(record.status.SerializeAsString())
      .Octets(model_store::EncodeRollout(record.document))
      .U32(record.step_index)
      .I64(record.step_started_ms)
      .U64(record.start_seq)
      .U64(record.revert_seq)
      .bytes();
}

absl::StatusOr<RolloutRecord> DecodeRecord(ByteView bytes) {
  Decoder decoder(bytes);
  RolloutRecord record;
  const absl::Status status = [&]() -> absl::Status {
    SOTTO_RETURN_IF_ERROR(decoder.Tag(kTag));
    SOTTO_ASSIGN_OR_RETURN(const ByteView request, decoder.Octets("request"));
    SOTTO_RETURN_IF_ERROR(Parse(request, record.request));
    SOTTO_ASSIGN_OR_RETURN(const ByteView state, decoder.Octets("status"));
    SOTTO_RETURN_IF_ERROR(Parse(state, record.status));
    SOTTO_ASSIGN_OR_RETURN(const ByteView document, decoder.Octets("document"));
    SOTTO_ASSIGN_OR_RETURN(record.document,
                           model_store::DecodeRollout(document));
    SOTTO_ASSIGN_OR_RETURN(record.step_index, decoder.U32("step_index"));
    SOTTO_ASSIGN_OR_RETURN(record.step_started_ms, decoder.I64("started"));
    SOTTO_ASSIGN_OR_RETURN(record.start_seq, decoder.U64("start_seq"));
    SOTTO_ASSIGN_OR_RETURN(record.revert_seq, decoder.U64("revert_seq"));
    return decoder.Finish();
  }();
  if (!status.ok()) {
    return absl::DataLossError("rollout record: " +
                               std::string(status.message()));
  }
  return record;
}

}  // namespace sotto::server
