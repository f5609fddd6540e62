// sotto rollout assign: the same computation as on the device, over the rules
// that the director has signed. Older rules are found through the digests that
// each document holds of the one before.

#include "tools/sotto/rollout_assign.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/rng.h"
#include "crypto/sha2.h"
#include "model_store/rollout/assignment.h"
#include "model_store/rollout/document.h"
#include "model_store/tuf/updater.h"
#include "tools/sotto/command.h"

namespace sotto::tools {
namespace {

using model_store::RolloutDocument;

constexpr std::uint64_t kMaxRootBytes = 1 << 20;
constexpr std::uint64_t kMaxDocumentBytes = 256 * 1024;
constexpr std::size_t kDeviceIdBytes = 16;

struct AssignFlags {
  std::string store, root, app, model, device, attributes = "{}", at;
  bool json = false;
};

// Removed with what is in it.
class ScratchFolder {
 public:
  ScratchFolder() {
    Bytes name(8);
    crypto::SystemRng().Fill(name);
    path_ = (std::filesystem::temp_directory_path() /
             ("sotto-assign-" + HexEncode(name)))
                .string();
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

absl::StatusOr<Bytes> NewestRules(const AssignFlags& flags) {
  const std::string app = flags.app.empty()
                              ? flags.model.substr(0, flags.model.find('/'))
                              : flags.app;
  const std::string root_file = flags.root.empty()
                                    ? flags.store + "/director-root/1.root.json"
                                    : flags.root;
  SOTTO_ASSIGN_OR_RETURN(const Bytes root, ReadFile(root_file, kMaxRootBytes));
  const ScratchFolder trusted;
  SOTTO_RETURN_IF_ERROR(MakeFolder(trusted.path()));
  model_store::FolderFetcher fetcher(flags.store + "/director");
  SOTTO_ASSIGN_OR_RETURN(
      model_store::Updater updater,
      model_store::Updater::Open(trusted.path(), root, fetcher, SystemClock()));
  const std::string where = "director repository of '" + flags.store + "'";
  SOTTO_RETURN_IF_ERROR(Annotate(updater.Refresh(), where));
  const auto target = updater.FindTarget("rollout/" + app + ".fb");
  if (!target.ok()) return Annotate(target.status(), where);
  return updater.FetchTarget(*target);
}

absl::StatusOr<Bytes> RulesOfDigest(const std::string& store,
                                    const Bytes& digest) {
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           store + "/director/targets", error)) {
    if (entry.path().extension() != ".fb") continue;
    SOTTO_ASSIGN_OR_RETURN(Bytes bytes,
                           ReadFile(entry.path().string(), kMaxDocumentBytes));
    if (AsText(crypto::Sha256(bytes)) == AsText(digest)) return bytes;
  }
  return absl::NotFoundError(absl::StrFormat(
      "'%s/director/targets' has no rules of digest %s; they were removed, ask "
      "for a later time",
      store, HexEncode(digest)));
}

// The rules in force at `at_ms`.
absl::StatusOr<RolloutDocument> RulesAt(const AssignFlags& flags,
                                        std::int64_t at_ms) {
  SOTTO_ASSIGN_OR_RETURN(Bytes bytes, NewestRules(flags));
  SOTTO_ASSIGN_OR_RETURN(RolloutDocument document,
                         model_store::DecodeRollout(bytes));
  if (document.model != flags.model) {
    return absl::NotFoundError(
        absl::StrFormat("the rules of app '%s' are for model '%s', not '%s'",
                        document.app, document.model, flags.model));
  }
  while (document.signed_at_ms > at_ms) {
    if (document.prev_digest.empty()) {
      return absl::NotFoundError(
          absl::StrFormat("model '%s' had no rules at %s; the first are of %s",
                          flags.model, model_store::FormatTufTime(at_ms),
                          model_store::FormatTufTime(document.signed_at_ms)));
    }
    SOTTO_ASSIGN_OR_RETURN(bytes,
                           RulesOfDigest(flags.store, document.prev_digest));
    SOTTO_ASSIGN_OR_RETURN(document, model_store::DecodeRollout(bytes));
  }
  return document;
}

absl::Status Assign(const AssignFlags& flags) {
  const auto id = HexDecode(flags.device);
  if (!id.ok() || id->size() != kDeviceIdBytes) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--device '%s': wants 32 hex digits, see `sotto device list`",
        flags.device));
  }
  std::int64_t at_ms = SystemClock().NowMillis();
  if (!flags.at.empty()) {
    const auto parsed = model_store::ParseTufTime(flags.at);
    if (!parsed.ok()) return Annotate(parsed.status(), "--at");
    at_ms = *parsed;
  }
  SOTTO_ASSIGN_OR_RETURN(const RolloutDocument rules, RulesAt(flags, at_ms));
  SOTTO_ASSIGN_OR_RETURN(
      const model_store::Assignment assigned,
      model_store::Assign(rules, HexEncode(*id), flags.attributes));
  const std::string state = model_store::RolloutStateName(rules.state);
  if (flags.json) {
    const nlohmann::json report = {
        {"device", HexEncode(*id)},
        {"arm", assigned.arm},
        {"release", assigned.release},
        {"reason", assigned.reason},
        {"seq", rules.seq},
        {"state", state},
        {"step_bp", rules.step_bp},
        {"signed_at", model_store::FormatTufTime(rules.signed_at_ms)}};
    std::printf("%s\n", report.dump().c_str());
    return absl::OkStatus();
  }
  std::printf(
      "device %s: %s, release %llu of '%s'\n  why: %s\n"
      "  rules %llu of %s: %s at %.1f %%\n",
      HexEncode(*id).c_str(),
      assigned.arm.empty() ? "in no arm" : ("arm " + assigned.arm).c_str(),
      static_cast<unsigned long long>(assigned.release), rules.model.c_str(),
      assigned.reason.c_str(), static_cast<unsigned long long>(rules.seq),
      model_store::FormatTufTime(rules.signed_at_ms).c_str(), state.c_str(),
      rules.step_bp / 100.0);
  return absl::OkStatus();
}

}  // namespace

void AddRolloutAssign(CLI::App& family) {
  auto flags = std::make_shared<AssignFlags>();
  CLI::App& command = *family.add_subcommand(
      "assign", "which arm a device is in, and why, from the signed rules");
  command.add_option("--store", flags->store, "model store folder")->required();
  command.add_option("--root", flags->root,
                     "trusted director root; default: the store's first one");
  command.add_option("--model", flags->model, "family, digits/cnn")->required();
  command.add_option("--app", flags->app,
                     "the app's name; default: the family up to '/'");
  command.add_option("--device", flags->device, "its id in hex")->required();
  command.add_option("--attributes", flags->attributes,
                     "the device's attributes, a JSON object");
  command.add_option("--at", flags->at,
                     "rules in force then, 2026-01-31T12:00:00Z; default: now");
  command.add_flag("--json", flags->json, "one JSON object");
  SetAction(command, [flags] { return Assign(*flags); });
}

}  // namespace sotto::tools
