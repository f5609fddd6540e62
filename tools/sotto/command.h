// What every family of `sotto` subcommands shares: an action that returns a
// status, and the exit code that follows from it.

#ifndef SOTTO_TOOLS_SOTTO_COMMAND_H_
#define SOTTO_TOOLS_SOTTO_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>

#include "absl/status/status.h"

namespace sotto::tools {

// Runs `action` when the command line names `command`. Its status becomes the
// exit code: OK is 0, anything else prints `sotto: CODE: message` to the
// standard error and is 1. A command line that does not parse is 2.
void SetAction(CLI::App& command, std::function<absl::Status()> action);

// What the action returned; OK before it ran.
const absl::Status& Outcome();

// INVALID_ARGUMENT "--flag: wants ..." unless it holds.
absl::Status CheckFlag(bool holds, const char* flag, const char* wants);

// One per family, each in its own files.
void AddModelCommands(CLI::App& app);
void AddStoreCommands(CLI::App& app);
void AddTrainCommand(CLI::App& app);
void AddTaskCommands(CLI::App& app);
void AddRolloutCommands(CLI::App& app);
void AddPrivacyCommands(CLI::App& app);
void AddDeviceCommands(CLI::App& app);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_COMMAND_H_
