// Test support: a TUF repository written by hand, so that every field can be
// spoiled and every file signed by whoever the test wants.

#ifndef SOTTO_MODEL_STORE_TUF_TEST_METADATA_FORGE_H_
#define SOTTO_MODEL_STORE_TUF_TEST_METADATA_FORGE_H_

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "crypto/sha2.h"
#include "model_store/tuf/canonical_json.h"
#include "model_store/tuf/updater.h"

namespace sotto::model_store {

// Files by path, with a hook before each request; counts what is asked.
class MemoryFetcher final : public Fetcher {
 public:
  absl::StatusOr<Bytes> Fetch(const std::string& path,
                              std::uint64_t max_bytes) override {
    requests.push_back(path);
    limits[path] = max_bytes;
    if (before) {
      const absl::Status status = before(path);
      if (!status.ok()) return status;
    }
    const auto found = files.find(path);
    if (found == files.end()) return absl::NotFoundError(path);
    if (found->second.size() > max_bytes && keeps_limits) {
      return absl::ResourceExhaustedError(path);
    }
    served_bytes += found->second.size();
    return found->second;
  }

  std::map<std::string, Bytes> files;
  std::map<std::string, std::uint64_t> limits;
  std::vector<std::string> requests;
  std::uint64_t served_bytes = 0;
  std::function<absl::Status(const std::string&)> before;
  bool keeps_limits = true;
};

// Root, snapshot and timestamp have one key each, targets two of three; the
// role "family/digits" may name "digits/*" and signs two of two.
class MetadataForge {
 public:
  using Json = nlohmann::json;
  using Names = std::vector<std::string>;

  explicit MetadataForge(const std::string& expires) : expires_(expires) {
    signers_ = {{"root", {"root"}},
                {"snapshot", {"snapshot"}},
                {"timestamp", {"timestamp"}},
                {"targets", {"targets-1", "targets-2"}},
                {"family/digits", {"family-1", "family-2"}}};
    root = Body("root");
    root["consistent_snapshot"] = true;
    root["keys"] = Json::object();
    SetRole("root", {"root"}, 1);
    SetRole("targets", {"targets-1", "targets-2", "targets-3"}, 2);
    SetRole("snapshot", {"snapshot"}, 1);
    SetRole("timestamp", {"timestamp"}, 1);
    timestamp = Body("timestamp");
    snapshot = Body("snapshot");
    snapshot["meta"] = Json::object();
    targets = Body("targets");
    targets["targets"] = {{"plain.txt", Entry("plain")}};
    targets["delegations"] = {
        {"keys", KeysOf({"family-1", "family-2"})},
        {"roles",
         {Delegation("family/digits", {"digits/*"}, {"family-1", "family-2"})}},
    };
    delegated["family/digits"] = Body("targets");
    delegated["family/digits"]["targets"] = {{"digits/a", Entry("model a")}};
  }

  Json Body(const std::string& type) const {
    return {{"_type", type},
            {"spec_version", "1.0.34"},
            {"version", 1},
            {"expires", expires_}};
  }
  static Json Entry(std::string_view content) {
    return {
        {"length", content.size()},
        {"hashes", {{"sha512", HexEncode(crypto::Sha512(AsBytes(content)))}}}};
  }
  Json KeysOf(const Names& names) const {
    Json keys = Json::object();
    for (const std::string& name : names) {
      keys[IdOf(name)] = {
          {"keytype", "ed25519"},
          {"scheme", "ed25519"},
          {"keyval", {{"public", HexEncode(KeyOf(name).public_key())}}}};
    }
    return keys;
  }
  static std::string IdOf(const std::string& name) {
    return TufKeyId(KeyOf(name).public_key());
  }
  static Json RoleOf(const Names& names, int threshold) {
    Json ids = Json::array();
    for (const std::string& name : names) ids.push_back(IdOf(name));
    return {{"keyids", ids}, {"threshold", threshold}};
  }
  static Json Delegation(const std::string& name, const Names& paths,
                         const Names& keys, bool terminating = true) {
    Json entry = RoleOf(keys, static_cast<int>(keys.size()));
    entry["name"] = name;
    entry["paths"] = paths;
    entry["terminating"] = terminating;
    return entry;
  }
  // In root: who may sign `role`.
  void SetRole(const std::string& role, const Names& names, int threshold) {
    root["roles"][role] = RoleOf(names, threshold);
    root["keys"].update(KeysOf(names));
  }
  // Who signs `role` in Publish, allowed or not.
  void SignAs(const std::string& role, const Names& names) {
    signers_[role] = names;
  }

  static Bytes Seal(const Json& body, const Names& signers) {
    const std::string text = CanonicalJson(body);
    Json signatures = Json::array();
    for (const std::string& name : signers) {
      signatures.push_back(
          {{"keyid", IdOf(name)},
           {"sig", HexEncode(KeyOf(name).Sign(AsBytes(text)))}});
    }
    const Json envelope = {{"signed", body}, {"signatures", signatures}};
    return ToBytes(envelope.dump());
  }
  Bytes SealedRoot() const { return Seal(root, signers_.at("root")); }

  static std::string FileName(const std::string& role, const Json& body) {
    return "metadata/" + std::to_string(body["version"].get<std::uint64_t>()) +
           "." + EncodeRoleName(role) + ".json";
  }

  // Writes all files, with the lengths and hashes that they then have.
  void Publish(std::map<std::string, Bytes>& files) {
    files[FileName("root", root)] = SealedRoot();
    Write(files, "targets", targets);
    for (const auto& [role, body] : delegated) Write(files, role, body);
    PublishSnapshot(files);
  }
  // With snapshot["meta"] as it is.
  void PublishSnapshot(std::map<std::string, Bytes>& files) {
    const Bytes bytes = Seal(snapshot, signers_.at("snapshot"));
    files[FileName("snapshot", snapshot)] = bytes;
    timestamp["meta"] = {{"snapshot.json", FileEntry(snapshot, bytes)}};
    PublishTimestamp(files);
  }
  void PublishTimestamp(std::map<std::string, Bytes>& files) {
    files["metadata/timestamp.json"] =
        Seal(timestamp, signers_.at("timestamp"));
  }
  // The next version of everything but root.
  void Bump() {
    for (Json* body : {&timestamp, &snapshot, &targets}) Next(*body);
    for (auto& [role, body] : delegated) Next(body);
  }
  static void Next(Json& body) {
    body["version"] = body["version"].get<std::uint64_t>() + 1;
  }

  Json root, timestamp, snapshot, targets;
  std::map<std::string, Json> delegated;

 private:
  static crypto::SigningKey KeyOf(const std::string& name) {
    crypto::Secret<32> seed;
    std::ranges::copy(crypto::Sha256(AsBytes(name)),
                      seed.RevealMutable().begin());
    return crypto::SigningKey::FromSeed(seed);
  }
  static Json FileEntry(const Json& body, ByteView bytes) {
    return {{"version", body["version"]},
            {"length", bytes.size()},
            {"hashes", {{"sha512", HexEncode(crypto::Sha512(bytes))}}}};
  }
  void Write(std::map<std::string, Bytes>& files, const std::string& role,
             const Json& body) {
    const Bytes bytes = Seal(body, signers_.at(role));
    files[FileName(role, body)] = bytes;
    snapshot["meta"][role + ".json"] = FileEntry(body, bytes);
  }

  std::string expires_;
  std::map<std::string, Names> signers_;
};

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_TUF_TEST_METADATA_FORGE_H_
