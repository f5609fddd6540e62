#include "server/config.h"

#include <map>
#include <set>

#include "base/file.h"
#include "base/status.h"
#include "nlohmann/json.hpp"

namespace sotto::server {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMinTokenLifetimeMs = 1000;

absl::Status Bad(const std::string& key, const std::string& wants) {
  return absl::InvalidArgumentError(
      absl::StrFormat("key '%s': wants %s", key, wants));
}

absl::Status ReadText(const Json& object, const std::string& prefix,
                      const std::string& key, bool required,
                      std::string* value) {
  const auto found = object.find(key);
  if (found == object.end()) {
    return required ? Bad(prefix + key, "a value; it is missing")
                    : absl::OkStatus();
  }
  if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
    return Bad(prefix + key, "a text that is not empty");
  }
  *value = found->get<std::string>();
  return absl::OkStatus();
}

absl::Status RefuseUnknown(const Json& object, const std::string& prefix,
                           const std::set<std::string>& known) {
  for (const auto& [key, value] : object.items()) {
    if (!known.contains(key)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "unknown key '%s'; server/config.h lists the keys", prefix + key));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> WithoutScheme(const std::string& key,
                                          const std::string& value,
                                          const std::string& scheme) {
  const std::size_t colon = value.find(':');
  if (colon == std::string::npos || colon + 1 == value.size()) {
    return Bad(key, scheme + ":PATH, got '" + value + "'");
  }
  if (value.substr(0, colon) != scheme) {
    return absl::UnimplementedError(
        absl::StrFormat("key '%s': this build knows %s:PATH only, got '%s'",
                        key, scheme, value));
  }
  return value.substr(colon + 1);
}

absl::Status ReadKeys(const Json& root, Config* config) {
  const auto keys = root.find("keys");
  if (keys == root.end() || !keys->is_object()) {
    return Bad(
        "keys",
        "an object with coordinator, broker, broker_signing, director and "
        "issuer_public");
  }
  SOTTO_RETURN_IF_ERROR(
      RefuseUnknown(*keys, "keys.",
                    {"coordinator", "broker", "broker_signing", "director",
                     "issuer_public"}));
  for (const auto& [key, target] : std::map<std::string, std::string*>{
           {"coordinator", &config->coordinator_key},
           {"broker", &config->broker_key},
           {"broker_signing", &config->broker_signing_key},
           {"director", &config->director_key},
           {"issuer_public", &config->issuer_public_hex}}) {
    SOTTO_RETURN_IF_ERROR(ReadText(*keys, "keys.", key, true, target));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Address> ParseAddress(std::string_view text,
                                     std::string_view key) {
  const std::size_t colon = text.rfind(':');
  const std::string wants =
      "HOST:PORT with a port of 0 to 65535, got '" + std::string(text) + "'";
  if (colon == std::string_view::npos || colon == 0 ||
      colon + 1 == text.size() || text.size() - colon > 6) {
    return Bad(std::string(key), wants);
  }
  std::uint32_t port = 0;
  for (const char digit : text.substr(colon + 1)) {
    if (digit < '0' || digit > '9') return Bad(std::string(key), wants);
    port = port * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  if (port > 65535) return Bad(std::string(key), wants);
  return Address{std::string(text.substr(0, colon)),
                 static_cast<std::uint16_t>(port)};
}

absl::StatusOr<Config> ParseConfig(std::string_view text) {
  const Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) {
    return absl::InvalidArgumentError("not a JSON object");
  }
  SOTTO_RETURN_IF_ERROR(
      RefuseUnknown(root, "",
                    {"listen", "http_listen", "http_url", "tls_certificate",
                     "tls_key", "state", "blobs", "model_store", "keys",
                     "admin_token_file", "log_level", "token_lifetime_ms"}));
  Config config;
  std::string listen, http_listen, state, blobs;
  for (const auto& [key, target] : std::map<std::string, std::string*>{
           {"listen", &listen},
           {"http_listen", &http_listen},
           {"tls_certificate", &config.tls_certificate},
           {"tls_key", &config.tls_key},
           {"state", &state},
           {"blobs", &blobs},
           {"model_store", &config.model_store},
           {"admin_token_file", &config.admin_token_file}}) {
    SOTTO_RETURN_IF_ERROR(ReadText(root, "", key, true, target));
  }
  SOTTO_RETURN_IF_ERROR(
      ReadText(root, "", "http_url", false, &config.http_url));
  SOTTO_RETURN_IF_ERROR(
      ReadText(root, "", "log_level", false, &config.log_level));
  SOTTO_ASSIGN_OR_RETURN(config.listen, ParseAddress(listen, "listen"));
  SOTTO_ASSIGN_OR_RETURN(config.http_listen,
                         ParseAddress(http_listen, "http_listen"));
  SOTTO_ASSIGN_OR_RETURN(config.state_path,
                         WithoutScheme("state", state, "sqlite"));
  SOTTO_ASSIGN_OR_RETURN(config.blobs_folder,
                         WithoutScheme("blobs", blobs, "file"));
  SOTTO_RETURN_IF_ERROR(ReadKeys(root, &config));
  if (const auto lifetime = root.find("token_lifetime_ms");
      lifetime != root.end()) {
    if (!lifetime->is_number_integer() ||
        lifetime->get<std::int64_t>() < kMinTokenLifetimeMs) {
      return Bad("token_lifetime_ms", "a whole number of at least 1000");
    }
    config.token_lifetime_ms = lifetime->get<std::int64_t>();
  }
  return config;
}

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(const std::string text,
                         ReadTextFile(path, /*max_bytes=*/1 << 20));
  absl::StatusOr<Config> config = ParseConfig(text);
  if (!config.ok()) {
    return Annotate(config.status(), "configuration '" + path + "'");
  }
  return config;
}

}  // namespace sotto::server
