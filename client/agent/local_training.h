// One device's work in a round: evaluates the round's model on its own
// examples, trains, and gives the clipped difference.

#ifndef SOTTO_CLIENT_AGENT_LOCAL_TRAINING_H_
#define SOTTO_CLIENT_AGENT_LOCAL_TRAINING_H_

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "proto/messages/plan.pb.h"
#include "runtime/loader/model.h"
#include "sotto/examples.h"

namespace sotto::client {

struct LocalResult {
  std::vector<float> update;  // trained - start, L2 norm at most clip_norm
  std::uint64_t examples = 0;
  double loss_sum = 0;  // over `examples`, each its mean over the epochs
  std::uint64_t eval_count = 0;
  std::uint64_t eval_correct = 0;
};

struct LocalTraining {
  const runtime::Model* graph = nullptr;  // weights do not matter
  const v1::Plan* plan = nullptr;
  std::span<const float> weights;  // of the round's checkpoint
  const Examples* examples = nullptr;
  const Examples* evaluation = nullptr;  // null: evaluates on `examples`
  ByteView device_id;
  std::uint64_t round = 0;
  const std::atomic<bool>* cancel = nullptr;
};

// INVALID_ARGUMENT: the plan or the examples do not fit the model.
// UNIMPLEMENTED: the plan trains some weights only. FAILED_PRECONDITION: fewer
// examples than the plan wants. CANCELLED: `cancel` was set. INTERNAL: training
// diverged. Deterministic: the same inputs give the same bits.
absl::StatusOr<LocalResult> TrainLocally(const LocalTraining& work);

struct ModelQuality {
  std::uint64_t count = 0;
  std::uint64_t correct = 0;
};
// How well `model` does on `examples`. Errors as above.
absl::StatusOr<ModelQuality> MeasureModel(const runtime::Model& model,
                                          const Examples& examples);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_AGENT_LOCAL_TRAINING_H_
