// From the unmasked sum of a round to the next global model. A pure function:
// the same sum gives the same bits, whatever the order of arrival or the number
// of restarts.

#ifndef SOTTO_SERVER_ROUNDS_COMMITTED_MODEL_H_
#define SOTTO_SERVER_ROUNDS_COMMITTED_MODEL_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "proto/messages/plan.pb.h"
#include "proto/messages/secure_agg.pb.h"
#include "server/rounds/coordinator_noise.h"

namespace sotto::server {

inline constexpr double kLossUnit = 1.0 / 256;

struct RoundSum {
  std::vector<std::uint32_t> update;   // residues mod 2^bits
  std::vector<std::uint32_t> metrics;  // privacy/rounds/exact_metrics.h
  std::uint32_t included = 0;          // devices in the sum
  std::uint32_t cohort = 0;            // devices the encoding was bounded for
  // Of the session; needed, and `metrics` empty, where the plan adds noise.
  const v1::SessionManifest* manifest = nullptr;
  // Needed where that noise is the coordinator's; its rows are moved out.
  CoordinatorNoise* noise = nullptr;
};

struct RoundMetrics {
  double eval_count = 0;
  double eval_correct = 0;
  double train_examples = 0;
  double train_loss = 0;  // mean over examples
};

struct ServerStep {
  double learning_rate = 1.0;
  double momentum = 0.0;
};

struct CommittedModel {
  Bytes weights;   // raw little-endian f32
  Bytes velocity;  // the server's momentum, f32, or empty
  RoundMetrics metrics = {};
  double near_boundary = 0;  // of a noisy sum (noisy_sum.h)
  std::vector<privacy::BandedRow> noise_rows = {};  // coordinator_noise.h
};

// FAILED_PRECONDITION: a release predicate does not hold, and the message says
// which: fewer devices than the plan's minimum, no weight, a weight that the
// devices cannot have, a mean update longer than the clip allows, a result that
// is not finite; with noise, see noisy_sum.h. INVALID_ARGUMENT: sizes
// disagree.
absl::StatusOr<CommittedModel> ApplySum(const v1::Plan& plan,
                                        const ServerStep& step,
                                        ByteView weights, ByteView velocity,
                                        const RoundSum& sum);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_COMMITTED_MODEL_H_
