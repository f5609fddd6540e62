// The parts of `sotto task`, one a file.

#ifndef SOTTO_TOOLS_SOTTO_TASK_COMMANDS_H_
#define SOTTO_TOOLS_SOTTO_TASK_COMMANDS_H_

#include <CLI/CLI.hpp>

namespace sotto::tools {

// sotto task plan: writes a plan file from flags, without a coordinator.
void AddTaskPlan(CLI::App& family);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_TASK_COMMANDS_H_
