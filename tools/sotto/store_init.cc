// sotto store init: all keys of a deployment and two empty repositories.

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "model_store/tuf/repository.h"
#include "tools/sotto/command.h"
#include "tools/sotto/store_commands.h"
#include "tools/sotto/store_keys.h"

namespace sotto::tools {
namespace {

struct InitFlags {
  StoreOptions common;
  KeyCounts counts;
};

absl::Status Init(const InitFlags& flags) {
  const std::string models = flags.common.store + "/models";
  const std::string root = models + "/metadata/1.root.json";
  const std::string director =
      flags.common.store + "/director-root/1.root.json";
  for (const std::string& file : {root, director}) {
    if (FileExists(file)) {
      return absl::AlreadyExistsError(absl::StrFormat(
          "'%s' exists; a store is never overwritten: choose another folder",
          file));
    }
  }
  SOTTO_RETURN_IF_ERROR(
      StoreKeys::Make(flags.common.keys, flags.counts, crypto::SystemRng()));
  SOTTO_ASSIGN_OR_RETURN(const StoreKeys keys,
                         StoreKeys::Read(flags.common.keys));
  Clock& clock = SystemClock();
  for (const std::string& folder : {models + "/metadata", models + "/targets",
                                    flags.common.store + "/director-root",
                                    flags.common.store + "/escrow"}) {
    SOTTO_RETURN_IF_ERROR(MakeFolder(folder));
  }
  SOTTO_ASSIGN_OR_RETURN(
      const Bytes director_root,
      model_store::MakeRoot(keys.DirectorRoles(), clock.NowMillis()));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(director, director_root));
  const model_store::RepositoryRoles roles = keys.ModelsRoles();
  SOTTO_ASSIGN_OR_RETURN(const Bytes models_root,
                         model_store::MakeRoot(roles, clock.NowMillis()));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(root, models_root));
  SOTTO_RETURN_IF_ERROR(
      model_store::Repository::Open(models, roles, clock).status());
  if (flags.common.json) {
    const nlohmann::json report = {
        {"store", flags.common.store},
        {"keys", flags.common.keys},
        {"models_root", root},
        {"director_root", director},
        {"public", flags.common.keys + "/public.json"}};
    std::printf("%s\n", report.dump().c_str());
    return absl::OkStatus();
  }
  std::printf(
      "store '%s' is made, its keys are in '%s'\n"
      "apps ship with %s and %s\n"
      "keep root*.key, targets*.key and issuer.key offline; the coordinator "
      "needs coordinator.key, director.key, broker.key and "
      "broker-signing.key\n",
      flags.common.store.c_str(), flags.common.keys.c_str(), root.c_str(),
      director.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddStoreInit(CLI::App& store) {
  auto flags = std::make_shared<InitFlags>();
  CLI::App& command =
      *store.add_subcommand("init", "make the keys and an empty store");
  AddStoreOptions(command, flags->common, true);
  command
      .add_option("--family", flags->counts.families,
                  "family of models, such as digits; may be repeated")
      ->required();
  command
      .add_option("--root-keys", flags->counts.root_keys,
                  "private root keys to make")
      ->capture_default_str();
  command
      .add_option("--root-threshold", flags->counts.root_threshold,
                  "how many of them must sign a new root")
      ->capture_default_str();
  command
      .add_option("--targets-keys", flags->counts.targets_keys,
                  "private targets keys to make")
      ->capture_default_str();
  command
      .add_option("--targets-threshold", flags->counts.targets_threshold,
                  "how many of them must sign families and policies")
      ->capture_default_str();
  SetAction(command, [flags] { return Init(*flags); });
}

}  // namespace sotto::tools
