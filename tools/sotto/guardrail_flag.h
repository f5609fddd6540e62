// The values of `sotto rollout start` flags.

#ifndef SOTTO_TOOLS_SOTTO_GUARDRAIL_FLAG_H_
#define SOTTO_TOOLS_SOTTO_GUARDRAIL_FLAG_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "proto/rpc/admin.pb.h"

namespace sotto::tools {

// "METRIC:alpha=0.05,n=5000,min=100", each part after the colon optional.
// INVALID_ARGUMENT names the part.
absl::StatusOr<v1::StartRolloutRequest::Guardrail> ParseGuardrail(
    const std::string& text);

// Percent with up to two decimals to basis points, in (0, 10000].
absl::StatusOr<std::uint32_t> ParseStep(const std::string& text);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_GUARDRAIL_FLAG_H_
