// Targeting conditions: MongoDB-style documents over a device's attributes,
// with GrowthBook's semantics. Saved groups are given with the call.

#ifndef SOTTO_MODEL_STORE_ROLLOUT_CONDITION_H_
#define SOTTO_MODEL_STORE_ROLLOUT_CONDITION_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace sotto::model_store {

// A condition, or attributes, as text. INVALID_ARGUMENT: not a JSON object, or
// nested deeper than 64, which recursion over it would not bear.
absl::StatusOr<nlohmann::json> ParseConditionJson(std::string_view text);

// `condition` and `attributes` are objects; `saved_groups` maps names to
// arrays. An operator that is unknown makes its field false.
bool EvaluateCondition(
    const nlohmann::json& attributes, const nlohmann::json& condition,
    const nlohmann::json& saved_groups = nlohmann::json::object());

// Versions as comparable text: numbers padded, build metadata dropped, releases
// after their pre-releases.
std::string PaddedVersion(const std::string& version);

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_ROLLOUT_CONDITION_H_
