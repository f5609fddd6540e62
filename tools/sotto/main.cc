// `sotto`: the command line of the engineer and the operator. Exit code 0 is
// success, 1 a failure, 2 a wrong command line.

#include <cstdio>

#include "tools/command_line.h"
#include "tools/sotto/command.h"
#include "tools/sotto/device_issue.h"

int main(int argc, char** argv) {
  CLI::App app("Sotto: federated learning and model delivery");
  app.name("sotto");
  app.require_subcommand(1);
  sotto::tools::AddModelCommands(app);
  sotto::tools::AddTrainCommand(app);
  sotto::tools::AddTaskCommands(app);
  sotto::tools::AddRolloutCommands(app);
  sotto::tools::AddPrivacyCommands(app);
  sotto::tools::AddDeviceCommands(app);
  sotto::tools::AddDeviceIssue(*app.get_subcommand("device"));
  sotto::tools::AddStoreCommands(app);
  if (const auto code = sotto::tools::ParseCommandLine(app, argc, argv)) {
    return *code;
  }
  const absl::Status& outcome = sotto::tools::Outcome();
  if (outcome.ok()) return 0;
  std::fprintf(stderr, "sotto: %s\n", outcome.ToString().c_str());
  return 1;
}
