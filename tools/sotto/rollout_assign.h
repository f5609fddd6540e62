// `sotto rollout assign`: which arm a device is in, from the signed rules in a
// model store, without a coordinator.

#ifndef SOTTO_TOOLS_SOTTO_ROLLOUT_ASSIGN_H_
#define SOTTO_TOOLS_SOTTO_ROLLOUT_ASSIGN_H_

#include <CLI/CLI.hpp>

namespace sotto::tools {

// Adds the subcommand to the family `rollout`.
void AddRolloutAssign(CLI::App& family);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_ROLLOUT_ASSIGN_H_
