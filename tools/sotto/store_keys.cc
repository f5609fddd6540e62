#include "tools/sotto/store_keys.h"

#include <algorithm>

#include "base/file.h"
#include "base/status.h"
#include "crypto/key_file.h"
#include "nlohmann/json.hpp"

namespace sotto::tools {
namespace {

using nlohmann::json;

constexpr std::uint32_t kMaxKeys = 32;
constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;

bool IsFamilyName(const std::string& name) {
  return !name.empty() && name.size() <= 64 &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

absl::Status CheckCounts(const std::string& role, std::uint32_t keys,
                         std::uint32_t threshold) {
  if (threshold >= 1 && threshold <= keys && keys <= kMaxKeys) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "role '%s': %d keys with a threshold of %d; wants 1 to %d keys and a "
      "threshold of at most as many",
      role, keys, threshold, kMaxKeys));
}

absl::StatusOr<std::string> MakeSigningKey(const std::string& folder,
                                           const std::string& name,
                                           crypto::Rng& rng) {
  const auto key = crypto::SigningKey::Generate(rng);
  SOTTO_RETURN_IF_ERROR(
      crypto::WriteKeyFile(folder + "/" + name + ".key", key));
  return HexEncode(key.public_key());
}

}  // namespace

absl::Status StoreKeys::Make(const std::string& folder, const KeyCounts& counts,
                             crypto::Rng& rng) {
  SOTTO_RETURN_IF_ERROR(
      CheckCounts("root", counts.root_keys, counts.root_threshold));
  SOTTO_RETURN_IF_ERROR(
      CheckCounts("targets", counts.targets_keys, counts.targets_threshold));
  for (const std::string& family : counts.families) {
    if (!IsFamilyName(family)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "family '%s': wants small letters, digits, '-' and '_', such as "
          "'digits'",
          family));
    }
  }
  for (const char* file : {"/public.json", "/issuer.key", "/root1.key"}) {
    if (FileExists(folder + file)) {
      return absl::AlreadyExistsError(absl::StrFormat(
          "'%s%s' exists; keys are never overwritten: choose another folder",
          folder, file));
    }
  }
  SOTTO_RETURN_IF_ERROR(MakeFolder(folder));
  json publics = {{"root_threshold", counts.root_threshold},
                  {"targets_threshold", counts.targets_threshold},
                  {"root", json::array()},
                  {"targets", json::array()},
                  {"family", json::object()}};
  for (const char* name :
       {"issuer", "coordinator", "director", "snapshot", "timestamp"}) {
    SOTTO_ASSIGN_OR_RETURN(publics[name], MakeSigningKey(folder, name, rng));
  }
  SOTTO_ASSIGN_OR_RETURN(publics["broker_signing"],
                         MakeSigningKey(folder, "broker-signing", rng));
  const auto broker = crypto::X25519Key::Generate(rng);
  SOTTO_RETURN_IF_ERROR(crypto::WriteKeyFile(folder + "/broker.key", broker));
  publics["broker"] = HexEncode(broker.public_key());
  for (const auto& [role, count] : {std::pair{"root", counts.root_keys},
                                    {"targets", counts.targets_keys}}) {
    for (std::uint32_t i = 1; i <= count; ++i) {
      SOTTO_ASSIGN_OR_RETURN(
          const std::string hex,
          MakeSigningKey(folder, role + std::to_string(i), rng));
      publics[role].push_back(hex);
    }
  }
  for (const std::string& family : counts.families) {
    SOTTO_ASSIGN_OR_RETURN(publics["family"][family],
                           MakeSigningKey(folder, "family-" + family, rng));
  }
  return WriteFileAtomically(folder + "/public.json", publics.dump(1) + "\n");
}

absl::StatusOr<StoreKeys> StoreKeys::Read(const std::string& folder) {
  const std::string path = folder + "/public.json";
  absl::StatusOr<std::string> text = ReadTextFile(path, 1 << 20);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrFormat(
        "'%s' does not exist; make keys with `sotto store init`", path));
  }
  if (!text.ok()) return text.status();
  const json publics = json::parse(*text, nullptr, false);
  const auto bad = [&](const std::string& field) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "'%s': field '%s' is missing or malformed", path, field));
  };
  if (!publics.is_object()) return bad("(all)");
  StoreKeys made;
  made.folder_ = folder;
  for (const auto& [field, out] :
       {std::pair{"root_threshold", &made.root_threshold_},
        {"targets_threshold", &made.targets_threshold_}}) {
    const json value = publics.value(field, json());
    if (!value.is_number_unsigned()) return bad(field);
    *out = value.get<std::uint32_t>();
  }
  for (const auto& [field, out] :
       {std::pair{"issuer", &made.issuer_}, {"broker", &made.broker_}}) {
    const json value = publics.value(field, json());
    if (!value.is_string()) return bad(field);
    SOTTO_ASSIGN_OR_RETURN(
        *out, crypto::ParsePublicKeyHex(value.get<std::string>(), field));
  }
  const json families = publics.value("family", json());
  if (!families.is_object()) return bad("family");
  std::vector<std::string> names = {"director", "snapshot", "timestamp"};
  for (const auto& [family, hex] : families.items()) {
    if (!IsFamilyName(family)) return bad("family");
    made.families_.push_back(family);
    names.push_back("family-" + family);
  }
  for (std::uint32_t i = 1; i <= kMaxKeys; ++i) {
    names.push_back("root" + std::to_string(i));
    names.push_back("targets" + std::to_string(i));
  }
  for (const std::string& name : names) {
    auto key = crypto::ReadSigningKeyFile(folder + "/" + name + ".key");
    if (absl::IsNotFound(key.status())) continue;  // kept elsewhere
    if (!key.ok()) return key.status();
    made.keys_.emplace(name, *std::move(key));
  }
  return made;
}

std::vector<const crypto::SigningKey*> StoreKeys::Named(
    const std::string& prefix) const {
  std::vector<const crypto::SigningKey*> found;
  for (const auto& [name, key] : keys_) {
    const std::string rest =
        name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : "x";
    if (std::ranges::all_of(rest,
                            [](char c) { return c >= '0' && c <= '9'; })) {
      found.push_back(&key);
    }
  }
  return found;
}

model_store::RepositoryRoles StoreKeys::ModelsRoles() const {
  model_store::RepositoryRoles roles;
  roles.root = {Named("root"), root_threshold_, 365 * kDayMs};
  roles.targets = {Named("targets"), targets_threshold_, 90 * kDayMs};
  roles.snapshot = {Named("snapshot"), 1, 7 * kDayMs};
  roles.timestamp = {Named("timestamp"), 1, kDayMs};
  for (const std::string& family : families_) {
    roles.delegated.push_back(
        {.name = "family/" + family,
         .role = {Named("family-" + family), 1, 30 * kDayMs},
         // FAMILY/NAME/RELEASE.mseal and FAMILY/NAME/RELEASE/DEVICE.mseal: `*`
         // stays within a path segment.
         .paths = {family + "/*/*", family + "/*/*/*"}});
  }
  return roles;
}

model_store::RepositoryRoles StoreKeys::DirectorRoles() const {
  // The same people sign its root; all else is the coordinator's, online.
  const model_store::SigningRole online = {Named("director"), 1, 7 * kDayMs};
  return {.root = {Named("root"), root_threshold_, 365 * kDayMs},
          .targets = online,
          .snapshot = online,
          .timestamp = online,
          .delegated = {}};
}

absl::StatusOr<std::string> StoreKeys::RoleOf(const std::string& model) const {
  const std::size_t slash = model.find('/');
  const std::string family = model.substr(0, slash);
  const std::string rest =
      slash == std::string::npos ? "" : model.substr(slash + 1);
  if (rest.empty() || rest.find('/') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--name is '%s', expected FAMILY/NAME such as digits/cnn", model));
  }
  if (std::ranges::find(families_, family) != families_.end()) {
    return "family/" + family;
  }
  return absl::NotFoundError(absl::StrFormat(
      "the keys in '%s' have no family '%s'; families are named when a store "
      "is made (`sotto store init --family`)",
      folder_, family));
}

}  // namespace sotto::tools
