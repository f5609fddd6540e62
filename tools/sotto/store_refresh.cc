// sotto store refresh: new expiry, before the old one passes.

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/status.h"
#include "model_store/tuf/repository.h"
#include "tools/sotto/command.h"
#include "tools/sotto/store_commands.h"
#include "tools/sotto/store_keys.h"

namespace sotto::tools {
namespace {

struct RefreshFlags {
  StoreOptions common;
  bool all = false;
};

absl::Status Refresh(const RefreshFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const StoreKeys keys,
                         StoreKeys::Read(flags.common.keys));
  const std::string folder = flags.common.store + "/models";
  SOTTO_ASSIGN_OR_RETURN(
      model_store::Repository repository,
      model_store::Repository::Open(folder, keys.ModelsRoles(), SystemClock()));
  SOTTO_RETURN_IF_ERROR(flags.all ? repository.Refresh()
                                  : repository.RefreshOnline());
  const char* what =
      flags.all ? "all roles but root" : "snapshot and timestamp";
  if (flags.common.json) {
    const nlohmann::json report = {{"repository", folder}, {"signed", what}};
    std::printf("%s\n", report.dump().c_str());
  } else {
    std::printf("%s: %s signed again\n", folder.c_str(), what);
  }
  return absl::OkStatus();
}

}  // namespace

void AddStoreRefresh(CLI::App& store) {
  auto flags = std::make_shared<RefreshFlags>();
  CLI::App& command = *store.add_subcommand(
      "refresh", "sign snapshot and timestamp again, daily with cron");
  AddStoreOptions(command, flags->common, true);
  command.add_flag("--all", flags->all,
                   "targets and families too: needs the offline keys");
  SetAction(command, [flags] { return Refresh(*flags); });
}

}  // namespace sotto::tools
