// The subcommands of sotto-device:
//
//   init                 makes an identity and the request to have it certified
//   install-certificate  keeps what the issuer gave
//   run                  the agent, until SIGTERM or --max-rounds
//   export-model         writes the decrypted model: what a person with root
//                        on the device can do. For the leak demonstration.

#ifndef SOTTO_TOOLS_DEVICE_COMMANDS_H_
#define SOTTO_TOOLS_DEVICE_COMMANDS_H_

#include <cstdint>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"

namespace sotto::tools {

// Adds them to `app`; a chosen one stores 0 or 1 in `exit_code`, after writing
// why to standard error.
void AddDevicePrograms(CLI::App& app, int* exit_code);

// Events go to standard output, one JSON object a line, flushed. OK after
// SIGTERM, SIGINT or `max_rounds`.
absl::Status RunDevice(const std::string& config_file,
                       std::uint32_t max_rounds);

// Works beside a running device: it takes no lock.
absl::Status ExportDeviceModel(const std::string& config_file,
                               const std::string& out_file);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_DEVICE_COMMANDS_H_
