// sotto store: the registration of its parts.

#include "tools/sotto/store_commands.h"

#include "tools/sotto/command.h"

namespace sotto::tools {

void AddStoreOptions(CLI::App& command, StoreOptions& options, bool signs) {
  command.add_option("--store", options.store, "folder of the model store")
      ->required();
  if (signs) {
    command.add_option("--keys", options.keys, "folder of the private keys")
        ->required();
  }
  command.add_flag("--json", options.json, "print JSON");
}

void AddStoreCommands(CLI::App& app) {
  CLI::App& store = *app.add_subcommand(
      "store", "make a model store, publish and sign what is in it");
  store.require_subcommand(1);
  AddStoreInit(store);
  AddStorePublish(store);
  AddStorePublishPlan(store);
  AddStorePublishPolicy(store);
  AddStoreRefresh(store);
  AddStoreInspect(store);
}

}  // namespace sotto::tools
