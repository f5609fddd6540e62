// sotto store publish-plan | publish-policy: small targets that the offline
// keys of `targets` sign.

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "model_store/rollout/policy.h"
#include "model_store/tuf/repository.h"
#include "proto/messages/plan.pb.h"
#include "tools/sotto/command.h"
#include "tools/sotto/store_commands.h"
#include "tools/sotto/store_keys.h"

namespace sotto::tools {
namespace {

constexpr std::uint64_t kMaxDocumentBytes = 64 * 1024;
constexpr char kRole[] = "targets";

struct DocumentFlags {
  StoreOptions common;
  std::string name, file;
};

absl::Status CheckName(const std::string& what, const std::string& name) {
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!plain) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s name '%s': wants letters, digits, '-' and '_'", what, name));
    }
  }
  if (!name.empty() && name.size() <= 128) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s name '%s': wants 1 to 128 letters", what, name));
}

absl::Status PublishDocument(const DocumentFlags& flags,
                             const std::string& target, const Bytes& bytes) {
  SOTTO_ASSIGN_OR_RETURN(const StoreKeys keys,
                         StoreKeys::Read(flags.common.keys));
  SOTTO_ASSIGN_OR_RETURN(
      model_store::Repository repository,
      model_store::Repository::Open(flags.common.store + "/models",
                                    keys.ModelsRoles(), SystemClock()));
  SOTTO_RETURN_IF_ERROR(repository.AddTargets(
      kRole, {{.name = target, .bytes = bytes, .custom_json = ""}}));
  if (flags.common.json) {
    const nlohmann::json report = {
        {"target", target},
        {"bytes", bytes.size()},
        {"sha256", HexEncode(crypto::Sha256(bytes))}};
    std::printf("%s\n", report.dump().c_str());
  } else {
    std::printf("%s: %zu bytes, signed\n", target.c_str(), bytes.size());
  }
  return absl::OkStatus();
}

absl::Status PublishPlan(const DocumentFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const Bytes bytes,
                         ReadFile(flags.file, kMaxDocumentBytes));
  v1::Plan plan;
  if (!plan.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      plan.task().empty()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "'%s' is no plan; write one with `sotto task plan`", flags.file));
  }
  SOTTO_RETURN_IF_ERROR(CheckName("task", plan.task()));
  return PublishDocument(flags, "plan/" + plan.task() + ".plan", bytes);
}

absl::Status PublishPolicy(const DocumentFlags& flags) {
  SOTTO_RETURN_IF_ERROR(CheckName("policy", flags.name));
  SOTTO_ASSIGN_OR_RETURN(const Bytes bytes,
                         ReadFile(flags.file, kMaxDocumentBytes));
  const auto policy = model_store::ParseRolloutPolicy(bytes);
  if (!policy.ok()) return Annotate(policy.status(), "'" + flags.file + "'");
  return PublishDocument(flags, "policy/" + flags.name + ".json", bytes);
}

}  // namespace

void AddStorePublishPlan(CLI::App& store) {
  auto flags = std::make_shared<DocumentFlags>();
  CLI::App& command = *store.add_subcommand(
      "publish-plan", "sign a task's plan as plan/TASK.plan");
  AddStoreOptions(command, flags->common, true);
  command.add_option("--plan", flags->file, "file of `sotto task plan`")
      ->required();
  SetAction(command, [flags] { return PublishPlan(*flags); });
}

void AddStorePublishPolicy(CLI::App& store) {
  auto flags = std::make_shared<DocumentFlags>();
  CLI::App& command = *store.add_subcommand(
      "publish-policy", "sign what rollouts may do as policy/NAME.json");
  AddStoreOptions(command, flags->common, true);
  command.add_option("--name", flags->name, "of the policy")->required();
  command
      .add_option("--policy", flags->file,
                  "JSON file {\"max_step_bp\": N, \"min_dwell_ms\": N}")
      ->required();
  SetAction(command, [flags] { return PublishPolicy(*flags); });
}

}  // namespace sotto::tools
