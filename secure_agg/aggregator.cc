#include "secure_agg/aggregator.h"

namespace sotto::secure_agg {

std::string PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kAdvertise:
      return "advertise";
    case Phase::kShares:
      return "share_keys";
    case Phase::kInputs:
      return "masked_input";
    case Phase::kConsistency:
      return "consistency";
    case Phase::kUnmask:
      return "unmask";
    case Phase::kFinished:
      return "finished";
    case Phase::kFailed:
      return "failed";
  }
  return "unknown";
}

}  // namespace sotto::secure_agg
