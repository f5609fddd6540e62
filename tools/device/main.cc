// sotto-device: a headless device, the SDK in a process. What a Raspberry Pi
// would run, and what integration tests run.

#include <iostream>

#include "CLI/CLI.hpp"
#include "tools/device/commands.h"

int main(int argc, char** argv) {
  CLI::App app("A headless Sotto device.", "sotto-device");
  app.require_subcommand(1);
  int exit_code = 0;
  sotto::tools::AddDevicePrograms(app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // The library throws; here it ends. 2 is a usage error, 0 is --help.
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}
