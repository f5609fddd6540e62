// The noise of `sotto task plan`: its flags, what they put into the plan, and
// what the plan's budget buys.

#ifndef SOTTO_TOOLS_SOTTO_PLAN_NOISE_H_
#define SOTTO_TOOLS_SOTTO_PLAN_NOISE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "proto/messages/plan.pb.h"
#include "tools/sotto/command.h"

namespace sotto::tools {

struct NoiseFlags {
  std::string noise, unit, sampling;  // empty: not given
  std::optional<double> noise_std, noise_multiplier, epsilon, delta;
  std::optional<std::uint64_t> noise_rounds;
  std::optional<std::uint32_t> bands;
};

// `flags` outlives the command.
void AddNoiseOptions(CLI::App& command, NoiseFlags& flags);
extern const char kNoiseHelp[];  // for the command's footer

// INVALID_ARGUMENT names the flag that is missing, or too many.
absl::Status CheckNoiseFlags(const NoiseFlags& flags);

// Of flags that were checked, with noise.
void SetNoise(const NoiseFlags& flags, v1::Plan::Privacy& privacy);

struct NoiseCost {
  double one_round = 0;                 // epsilon
  std::optional<std::uint64_t> rounds;  // that the budget pays for; absent: any
};

// INVALID_ARGUMENT: the plan's noise is out of range, or its budget does not
// pay for one round.
absl::StatusOr<NoiseCost> CostOf(const v1::Plan& plan, std::size_t num_weights);
// For people, without a line's end.
std::string Describe(const NoiseCost& cost, const v1::Plan& plan);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_PLAN_NOISE_H_
