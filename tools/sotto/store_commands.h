// The parts of `sotto store`, one a file. `store` is the family's command.

#ifndef SOTTO_TOOLS_SOTTO_STORE_COMMANDS_H_
#define SOTTO_TOOLS_SOTTO_STORE_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <string>

namespace sotto::tools {

// What all of them take.
struct StoreOptions {
  std::string store, keys;
  bool json = false;
};

// --store and --json, and --keys where the command signs.
void AddStoreOptions(CLI::App& command, StoreOptions& options, bool signs);

void AddStoreInit(CLI::App& store);
void AddStorePublish(CLI::App& store);
void AddStorePublishPlan(CLI::App& store);
void AddStorePublishPolicy(CLI::App& store);
void AddStoreRefresh(CLI::App& store);
void AddStoreInspect(CLI::App& store);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_STORE_COMMANDS_H_
