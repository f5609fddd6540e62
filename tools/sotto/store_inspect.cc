// sotto store inspect: versions, expiries and targets, as a client that trusts
// 1.root.json verifies them.

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "model_store/tuf/metadata.h"
#include "model_store/tuf/package_facts.h"
#include "tools/sotto/command.h"
#include "tools/sotto/store_commands.h"

namespace sotto::tools {
namespace {

using model_store::TufEnvelope;
using nlohmann::json;

// Reads the chain from root to targets and verifies each file with the keys of
// the one before. Expired metadata is shown, not refused.
class Inspection {
 public:
  explicit Inspection(const std::string& store)
      : folder_(store + "/models/metadata/"), now_(SystemClock().NowMillis()) {}

  absl::Status Run();
  const json& roles() const { return roles_; }
  const json& targets() const { return targets_; }

 private:
  absl::StatusOr<TufEnvelope> Read(const std::string& file) {
    SOTTO_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(folder_ + file));
    auto envelope = model_store::ParseEnvelope(bytes);
    if (envelope.ok()) return envelope;
    return Annotate(envelope.status(), folder_ + file);
  }
  void AddRole(const std::string& name, std::uint64_t version,
               std::int64_t expires_ms, const model_store::TufRole& role) {
    roles_.push_back({{"role", name},
                      {"version", version},
                      {"expires", model_store::FormatTufTime(expires_ms)},
                      {"expired", now_ >= expires_ms},
                      {"keys", role.key_ids.size()},
                      {"threshold", role.threshold}});
  }
  absl::StatusOr<model_store::TufRoot> ReadRoots();
  absl::StatusOr<model_store::TufTargets> ReadTargets(
      const std::string& role, const model_store::TufSnapshot& snapshot,
      const model_store::TufKeys& keys, const model_store::TufRole& said);

  const std::string folder_;
  const std::int64_t now_;
  json roles_ = json::array(), targets_ = json::array();
};

absl::StatusOr<model_store::TufRoot> Inspection::ReadRoots() {
  model_store::TufRoot root;
  std::uint64_t version = 1;
  do {
    SOTTO_ASSIGN_OR_RETURN(const TufEnvelope envelope,
                           Read(std::to_string(version) + ".root.json"));
    SOTTO_ASSIGN_OR_RETURN(model_store::TufRoot next,
                           model_store::ParseRoot(envelope));
    SOTTO_RETURN_IF_ERROR(model_store::VerifyRole("root", envelope, next.keys,
                                                  next.roles["root"]));
    if (version > 1) {
      SOTTO_RETURN_IF_ERROR(model_store::VerifyRole("root", envelope, root.keys,
                                                    root.roles["root"]));
    }
    root = std::move(next);
    ++version;
  } while (FileExists(folder_ + std::to_string(version) + ".root.json"));
  return root;
}

absl::StatusOr<model_store::TufTargets> Inspection::ReadTargets(
    const std::string& role, const model_store::TufSnapshot& snapshot,
    const model_store::TufKeys& keys, const model_store::TufRole& said) {
  const auto file = snapshot.files.find(role + ".json");
  if (file == snapshot.files.end()) {
    return absl::InvalidArgumentError("snapshot does not name role '" + role +
                                      "'");
  }
  SOTTO_ASSIGN_OR_RETURN(const TufEnvelope envelope,
                         Read(std::to_string(file->second.version) + "." +
                              model_store::EncodeRoleName(role) + ".json"));
  SOTTO_RETURN_IF_ERROR(model_store::VerifyRole(role, envelope, keys, said));
  SOTTO_ASSIGN_OR_RETURN(model_store::TufTargets out,
                         model_store::ParseTargets(envelope));
  AddRole(role, out.version, out.expires_ms, said);
  for (const auto& [name, target] : out.targets) {
    json entry = {{"role", role}, {"target", name}, {"bytes", target.length}};
    SOTTO_ASSIGN_OR_RETURN(const model_store::PackageFacts facts,
                           model_store::ParsePackageFacts(target));
    if (facts.release_counter != 0) {
      entry["release"] = facts.release_counter;
      entry["version"] = facts.version;
      entry["sha256"] = HexEncode(facts.digest);
      entry["recipient"] = model_store::PackageRecipient(name);
      if (facts.min_release_counter != 0) {
        entry["min_release"] = facts.min_release_counter;
      }
    }
    targets_.push_back(std::move(entry));
  }
  return out;
}

absl::Status Inspection::Run() {
  SOTTO_ASSIGN_OR_RETURN(model_store::TufRoot root, ReadRoots());
  AddRole("root", root.version, root.expires_ms, root.roles["root"]);
  SOTTO_ASSIGN_OR_RETURN(const TufEnvelope t, Read("timestamp.json"));
  SOTTO_RETURN_IF_ERROR(model_store::VerifyRole("timestamp", t, root.keys,
                                                root.roles["timestamp"]));
  SOTTO_ASSIGN_OR_RETURN(model_store::TufSnapshot stamp,
                         model_store::ParseTimestamp(t));
  AddRole("timestamp", stamp.version, stamp.expires_ms,
          root.roles["timestamp"]);
  SOTTO_ASSIGN_OR_RETURN(
      const TufEnvelope s,
      Read(std::to_string(stamp.files["snapshot.json"].version) +
           ".snapshot.json"));
  SOTTO_RETURN_IF_ERROR(model_store::VerifyRole("snapshot", s, root.keys,
                                                root.roles["snapshot"]));
  SOTTO_ASSIGN_OR_RETURN(const model_store::TufSnapshot snapshot,
                         model_store::ParseSnapshot(s));
  AddRole("snapshot", snapshot.version, snapshot.expires_ms,
          root.roles["snapshot"]);
  SOTTO_ASSIGN_OR_RETURN(
      const model_store::TufTargets top,
      ReadTargets("targets", snapshot, root.keys, root.roles["targets"]));
  for (const auto& delegation : top.delegations) {
    SOTTO_RETURN_IF_ERROR(ReadTargets(delegation.name, snapshot,
                                      top.delegated_keys, delegation.role)
                              .status());
  }
  return absl::OkStatus();
}

absl::Status Inspect(const StoreOptions& options) {
  Inspection inspection(options.store);
  SOTTO_RETURN_IF_ERROR(inspection.Run());
  if (options.json) {
    const json report = {{"roles", inspection.roles()},
                         {"targets", inspection.targets()}};
    std::printf(
        "%s\n",
        report.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
    return absl::OkStatus();
  }
  for (const json& role : inspection.roles()) {
    std::printf("%-20s version %-6llu %s %s, %u of %u keys\n",
                role["role"].get<std::string>().c_str(),
                role["version"].get<unsigned long long>(),
                role["expired"].get<bool>() ? "EXPIRED" : "expires",
                role["expires"].get<std::string>().c_str(),
                role["threshold"].get<unsigned>(),
                role["keys"].get<unsigned>());
  }
  for (const json& target : inspection.targets()) {
    std::printf("%12llu  %s\n", target["bytes"].get<unsigned long long>(),
                target["target"].get<std::string>().c_str());
  }
  return absl::OkStatus();
}

}  // namespace

void AddStoreInspect(CLI::App& store) {
  auto options = std::make_shared<StoreOptions>();
  CLI::App& command = *store.add_subcommand(
      "inspect", "verify the metadata; show versions, expiries, targets");
  AddStoreOptions(command, *options, false);
  SetAction(command, [options] { return Inspect(*options); });
}

}  // namespace sotto::tools
