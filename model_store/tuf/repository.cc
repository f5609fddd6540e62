#include "model_store/tuf/repository.h"

#include <algorithm>

#include "base/file.h"
#include "base/status.h"
#include "crypto/sha2.h"
#include "model_store/tuf/canonical_json.h"
#include "model_store/tuf/updater.h"

namespace sotto::model_store {
namespace {

using nlohmann::json;

json KeyObject(const crypto::PublicKey& key) {
  return {{"keytype", "ed25519"},
          {"scheme", "ed25519"},
          {"keyval", {{"public", HexEncode(key)}}}};
}

json RoleObject(const SigningRole& role) {
  json ids = json::array();
  for (const auto* key : role.keys) ids.push_back(TufKeyId(key->public_key()));
  return {{"keyids", ids}, {"threshold", role.threshold}};
}

json Body(const char* type, std::uint64_t version, std::int64_t expires_ms) {
  return {{"_type", type},
          {"spec_version", "1.0.34"},
          {"version", version},
          {"expires", FormatTufTime(expires_ms)}};
}

absl::StatusOr<Bytes> Sign(const json& body, const SigningRole& role,
                           const std::string& name) {
  if (role.keys.size() < role.threshold) {
    return absl::FailedPreconditionError(
        absl::StrFormat("role '%s' needs %d keys to sign, %d are at hand", name,
                        role.threshold, role.keys.size()));
  }
  const std::string canonical = CanonicalJson(body);
  json signatures = json::array();
  for (const auto* key : role.keys) {
    signatures.push_back({{"keyid", TufKeyId(key->public_key())},
                          {"sig", HexEncode(key->Sign(AsBytes(canonical)))}});
  }
  // Plain JSON: the canonical form leaves line breaks unescaped.
  const json envelope = {{"signed", body}, {"signatures", signatures}};
  return ToBytes(envelope.dump() + "\n");
}

json FileObject(std::uint64_t version, ByteView bytes) {
  return {{"version", version},
          {"length", bytes.size()},
          {"hashes", {{"sha512", HexEncode(crypto::Sha512(bytes))}}}};
}

}  // namespace

absl::StatusOr<Bytes> MakeRoot(const RepositoryRoles& roles,
                               std::int64_t now_ms) {
  json body = Body("root", 1, now_ms + roles.root.lifetime_ms);
  body["consistent_snapshot"] = true;
  json keys = json::object(), role_objects = json::object();
  for (const auto& [name, role] : {std::pair{"root", &roles.root},
                                   {"targets", &roles.targets},
                                   {"snapshot", &roles.snapshot},
                                   {"timestamp", &roles.timestamp}}) {
    role_objects[name] = RoleObject(*role);
    for (const auto* key : role->keys) {
      keys[TufKeyId(key->public_key())] = KeyObject(key->public_key());
    }
  }
  body["keys"] = keys;
  body["roles"] = role_objects;
  return Sign(body, roles.root, "root");
}

absl::StatusOr<Repository> Repository::Open(const std::string& folder,
                                            const RepositoryRoles& roles,
                                            Clock& clock) {
  Repository made(folder, roles, clock);
  if (!FileExists(folder + "/metadata/1.root.json")) {
    return absl::NotFoundError("repository '" + folder +
                               "' has no metadata/1.root.json");
  }
  SOTTO_RETURN_IF_ERROR(MakeFolder(folder + "/targets"));
  SOTTO_RETURN_IF_ERROR(made.Load());
  return made;
}

const SigningRole* Repository::FindRole(const std::string& name) const {
  if (name == "targets") return &roles_.targets;
  for (const DelegatedRole& delegated : roles_.delegated) {
    if (delegated.name == name) return &delegated.role;
  }
  return nullptr;
}

absl::Status Repository::Load() {
  const std::string metadata = folder_ + "/metadata/";
  const auto timestamp = ReadFile(metadata + "timestamp.json");
  if (absl::IsNotFound(timestamp.status())) {
    for (const DelegatedRole& delegated : roles_.delegated) {
      targets_[delegated.name] = {};
      SOTTO_RETURN_IF_ERROR(WriteTargets(delegated.name));
    }
    targets_["targets"] = {};
    SOTTO_RETURN_IF_ERROR(WriteTargets("targets"));
    return WriteSnapshot();
  }
  SOTTO_RETURN_IF_ERROR(timestamp.status());
  SOTTO_ASSIGN_OR_RETURN(const TufEnvelope t, ParseEnvelope(*timestamp));
  SOTTO_ASSIGN_OR_RETURN(TufSnapshot stamp, ParseTimestamp(t));
  timestamp_version_ = stamp.version;
  snapshot_version_ = stamp.files["snapshot.json"].version;
  SOTTO_ASSIGN_OR_RETURN(const Bytes snapshot,
                         ReadFile(metadata + std::to_string(snapshot_version_) +
                                  ".snapshot.json"));
  SOTTO_ASSIGN_OR_RETURN(const TufEnvelope s, ParseEnvelope(snapshot));
  SOTTO_ASSIGN_OR_RETURN(const TufSnapshot files, ParseSnapshot(s));
  for (const auto& [name, file] : files.files) {
    const std::string role = name.substr(0, name.size() - 5);
    SOTTO_ASSIGN_OR_RETURN(const Bytes bytes,
                           ReadFile(metadata + std::to_string(file.version) +
                                    "." + EncodeRoleName(role) + ".json"));
    SOTTO_ASSIGN_OR_RETURN(const TufEnvelope envelope, ParseEnvelope(bytes));
    SOTTO_ASSIGN_OR_RETURN(targets_[role], ParseTargets(envelope));
  }
  return absl::OkStatus();
}

absl::Status Repository::WriteTargets(const std::string& role) {
  const SigningRole* signers = FindRole(role);
  TufTargets& targets = targets_[role];
  json body = Body("targets", targets.version + 1,
                   clock_->NowMillis() + signers->lifetime_ms);
  json entries = json::object();
  for (const auto& [name, target] : targets.targets) {
    json entry = {{"length", target.length},
                  {"hashes", {{"sha512", target.sha512}}}};
    if (target.custom_json != "{}") {
      SOTTO_ASSIGN_OR_RETURN(entry["custom"],
                             ParseStrictJson(AsBytes(target.custom_json)));
    }
    entries[name] = std::move(entry);
  }
  body["targets"] = std::move(entries);
  if (role == "targets" && !roles_.delegated.empty()) {
    json keys = json::object(), delegated = json::array();
    for (const DelegatedRole& d : roles_.delegated) {
      for (const auto* key : d.role.keys) {
        keys[TufKeyId(key->public_key())] = KeyObject(key->public_key());
      }
      json entry = RoleObject(d.role);
      entry["name"] = d.name;
      entry["paths"] = d.paths;
      entry["terminating"] = true;
      delegated.push_back(std::move(entry));
    }
    body["delegations"] = {{"keys", keys}, {"roles", delegated}};
  }
  SOTTO_ASSIGN_OR_RETURN(const Bytes bytes, Sign(body, *signers, role));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(
      folder_ + "/metadata/" + std::to_string(targets.version + 1) + "." +
          EncodeRoleName(role) + ".json",
      bytes));
  ++targets.version;
  return absl::OkStatus();
}

absl::Status Repository::WriteSnapshot() {
  const std::int64_t now = clock_->NowMillis();
  const std::string metadata = folder_ + "/metadata/";
  json body = Body("snapshot", snapshot_version_ + 1,
                   now + roles_.snapshot.lifetime_ms);
  json meta = json::object();
  for (const auto& [role, targets] : targets_) {
    SOTTO_ASSIGN_OR_RETURN(const Bytes bytes,
                           ReadFile(metadata + std::to_string(targets.version) +
                                    "." + EncodeRoleName(role) + ".json"));
    meta[role + ".json"] = FileObject(targets.version, bytes);
  }
  body["meta"] = meta;
  SOTTO_ASSIGN_OR_RETURN(const Bytes snapshot,
                         Sign(body, roles_.snapshot, "snapshot"));
  json stamp = Body("timestamp", timestamp_version_ + 1,
                    now + roles_.timestamp.lifetime_ms);
  stamp["meta"] = {
      {"snapshot.json", FileObject(snapshot_version_ + 1, snapshot)}};
  SOTTO_ASSIGN_OR_RETURN(const Bytes timestamp,
                         Sign(stamp, roles_.timestamp, "timestamp"));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(
      metadata + std::to_string(snapshot_version_ + 1) + ".snapshot.json",
      snapshot));
  SOTTO_RETURN_IF_ERROR(
      WriteFileAtomically(metadata + "timestamp.json", timestamp));
  ++snapshot_version_;
  ++timestamp_version_;
  return absl::OkStatus();
}

absl::Status Repository::CheckName(const std::string& role,
                                   const std::string& name) const {
  if (FindRole(role) == nullptr || targets_.count(role) == 0) {
    return absl::InvalidArgumentError("repository '" + folder_ +
                                      "' has no role '" + role + "'");
  }
  const auto strange = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (name.empty() || name.front() == '/' || name.back() == '/' ||
      std::ranges::any_of(name, strange) ||
      !ParseStrictJson(AsBytes(CanonicalJson(json(name)))).ok() ||  // no UTF-8
      ("/" + name + "/").find("/../") != std::string::npos ||
      ("/" + name + "/").find("/./") != std::string::npos ||
      name.find("//") != std::string::npos) {
    return absl::InvalidArgumentError("target name '" + name +
                                      "' is no plain relative path");
  }
  for (const DelegatedRole& d : roles_.delegated) {
    if (d.name == role &&
        !std::ranges::any_of(d.paths, [&](const std::string& path) {
          return MatchesPath(path, name);
        })) {
      return absl::InvalidArgumentError("role '" + role +
                                        "' may not name target '" + name + "'");
    }
  }
  return absl::OkStatus();
}

absl::Status Repository::Stage(const std::string& role,
                               const NewTarget& target) {
  SOTTO_RETURN_IF_ERROR(CheckName(role, target.name));
  TufTarget entry;
  entry.name = target.name;
  entry.length = target.bytes.size();
  entry.sha512 = HexEncode(crypto::Sha512(target.bytes));
  if (!target.custom_json.empty()) {
    SOTTO_ASSIGN_OR_RETURN(const json custom,
                           ParseStrictJson(AsBytes(target.custom_json)));
    entry.custom_json = custom.dump();
  } else {
    entry.custom_json = "{}";
  }
  const std::string path = folder_ + "/" + Updater::TargetPath(entry);
  SOTTO_RETURN_IF_ERROR(MakeFolder(path.substr(0, path.rfind('/'))));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(path, target.bytes));
  targets_[role].targets[target.name] = std::move(entry);
  return absl::OkStatus();
}

absl::Status Repository::Publish(const std::string& role) {
  SOTTO_RETURN_IF_ERROR(WriteTargets(role));
  return WriteSnapshot();
}

absl::Status Repository::AddTargets(const std::string& role,
                                    const std::vector<NewTarget>& added) {
  for (const NewTarget& target : added) {
    SOTTO_RETURN_IF_ERROR(CheckName(role, target.name));
  }
  for (const NewTarget& target : added) {
    SOTTO_RETURN_IF_ERROR(Stage(role, target));
  }
  return Publish(role);
}

absl::Status Repository::RefreshOnline() { return WriteSnapshot(); }

absl::Status Repository::Refresh() {
  for (auto& [role, targets] : targets_) {
    SOTTO_RETURN_IF_ERROR(WriteTargets(role));
  }
  return WriteSnapshot();
}

absl::StatusOr<std::vector<TufTarget>> Repository::Targets(
    const std::string& role) const {
  const auto found = targets_.find(role);
  if (found == targets_.end()) {
    return absl::NotFoundError("no role '" + role + "'");
  }
  std::vector<TufTarget> out;
  for (const auto& [name, target] : found->second.targets) {
    out.push_back(target);
  }
  return out;
}

}  // namespace sotto::model_store
