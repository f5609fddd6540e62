// sotto-device: a headless device, the SDK in a process. What a Raspberry Pi
// would run, and what integration tests run.

#include "CLI/CLI.hpp"
#include "tools/command_line.h"
#include "tools/device/commands.h"

int main(int argc, char** argv) {
  CLI::App app("A headless Sotto device.", "sotto-device");
  app.require_subcommand(1);
  int exit_code = 0;
  sotto::tools::AddDevicePrograms(app, &exit_code);
  if (const auto code = sotto::tools::ParseCommandLine(app, argc, argv)) {
    return *code;
  }
  return exit_code;
}
