// Which arm a device is in. Anyone can recompute it: hashing, ranges,
// namespaces and conditions follow GrowthBook's public semantics (hash version
// 2).
//
// Pure functions, thread-safe.

#ifndef SOTTO_MODEL_STORE_ROLLOUT_ASSIGNMENT_H_
#define SOTTO_MODEL_STORE_ROLLOUT_ASSIGNMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/rollout/document.h"

namespace sotto::model_store {

// FNV-1a, 32 bits.
std::uint32_t Fnv1a32(std::string_view text);

// In [0, 1). Version 2: fnv(fnv(seed + value) in decimal) mod 10 000 / 10 000;
// version 1: fnv(value + seed) mod 1000 / 1000. Nullopt: another version.
std::optional<double> BucketHash(std::string_view seed, std::string_view value,
                                 int version);

using BucketRange = std::pair<double, double>;
// Ranges of `count` variations that together cover `coverage` (clamped to
// [0, 1]) with the given weights (equal ones if they do not fit or do not sum
// to 1): variation i starts where full coverage would start it.
std::vector<BucketRange> BucketRanges(std::size_t count, double coverage,
                                      const std::vector<double>& weights);
std::vector<double> EqualWeights(int count);
// Index of the half-open range that holds n, or -1.
int ChooseVariation(double n, const std::vector<BucketRange>& ranges);
bool InNamespace(std::string_view value, const RolloutNamespace& name_space);

struct Assignment {
  std::string arm;            // "" outside every arm
  std::uint64_t release = 0;  // what to run
  std::string reason;         // "gate 0.1234 is outside 0.1000"
};

// `device` is the device id in hex; `attributes_json` the device's attributes
// for conditions. INVALID_ARGUMENT: attributes or condition are no JSON
// objects.
absl::StatusOr<Assignment> Assign(const RolloutDocument& document,
                                  const std::string& device,
                                  const std::string& attributes_json);

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_ROLLOUT_ASSIGNMENT_H_
