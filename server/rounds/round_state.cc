#include "server/rounds/round_state.h"

namespace sotto::server {

using secure_agg::Phase;

std::string StateOf(Phase phase) {
  switch (phase) {
    case Phase::kAdvertise:
      return kSelecting;
    case Phase::kShares:
      return kConfigured;
    case Phase::kInputs:
      return kCollecting;
    case Phase::kConsistency:
    case Phase::kUnmask:
    case Phase::kFinished:
    case Phase::kFailed:
      return kAggregating;
  }
  return kAggregating;
}

std::optional<Phase> PhaseOf(const v1::StepRequest& request) {
  switch (request.message_case()) {
    case v1::StepRequest::kAdvertise:
      return Phase::kAdvertise;
    case v1::StepRequest::kShares:
      return Phase::kShares;
    case v1::StepRequest::kInput:
      return Phase::kInputs;
    case v1::StepRequest::kSurvivorSignature:
      return Phase::kConsistency;
    case v1::StepRequest::kUnmask:
      return Phase::kUnmask;
    default:
      return std::nullopt;
  }
}

char LetterOf(Phase phase) {
  switch (phase) {
    case Phase::kAdvertise:
      return '[';
    case Phase::kShares:
      return ']';
    case Phase::kInputs:
      return '^';
    case Phase::kConsistency:
      return 's';
    default:
      return 'u';
  }
}

}  // namespace sotto::server
