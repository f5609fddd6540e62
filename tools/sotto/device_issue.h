// sotto device issue: certifies a device's request.

#ifndef SOTTO_TOOLS_SOTTO_DEVICE_ISSUE_H_
#define SOTTO_TOOLS_SOTTO_DEVICE_ISSUE_H_

#include <CLI/CLI.hpp>

namespace sotto::tools {

// Adds `issue` to `device`, the family's command.
void AddDeviceIssue(CLI::App& device);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_DEVICE_ISSUE_H_
