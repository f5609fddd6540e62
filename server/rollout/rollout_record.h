// One model's rollout as it is kept in the state store: everything the
// controller needs to go on after a kill, in one blob written before it acts.

#ifndef SOTTO_SERVER_ROLLOUT_ROLLOUT_RECORD_H_
#define SOTTO_SERVER_ROLLOUT_ROLLOUT_RECORD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "model_store/rollout/document.h"
#include "proto/rpc/admin.pb.h"

namespace sotto::server {

// draft -> running step i -> (next step | held | reverting) -> done | reverted
struct RolloutRecord {
  v1::StartRolloutRequest request;
  v1::RolloutStatus status;  // finished steps, the current one last
  model_store::RolloutDocument document;
  std::uint32_t step_index = 0;
  std::int64_t step_started_ms = 0;
  std::uint64_t start_seq = 0;   // the experiment's first document
  std::uint64_t revert_seq = 0;  // 0: not reverted
};

Bytes EncodeRecord(const RolloutRecord& record);
// DATA_LOSS: damaged.
absl::StatusOr<RolloutRecord> DecodeRecord(ByteView bytes);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROLLOUT_ROLLOUT_RECORD_H_
