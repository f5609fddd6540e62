#include "model_store/tuf/metadata.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <set>

#include "base/status.h"
#include "crypto/sha2.h"
#include "model_store/tuf/canonical_json.h"

namespace sotto::model_store {
namespace {

using nlohmann::json;

absl::Status Bad(const std::string& what) {
  return absl::InvalidArgumentError("metadata: " + what);
}

absl::StatusOr<const json*> Field(const json& object, const char* key,
                                  json::value_t type) {
  if (!object.is_object() || !object.contains(key)) {
    return Bad(absl::StrFormat("'%s' is missing", key));
  }
  const json& value = object.at(key);
  const bool number = type == json::value_t::number_unsigned &&
                      value.is_number_integer() && value >= 0;
  if (value.type() != type && !number) {
    return Bad(absl::StrFormat("'%s' has a wrong type", key));
  }
  return &value;
}

absl::StatusOr<std::string> Text(const json& object, const char* key) {
  SOTTO_ASSIGN_OR_RETURN(const json* value,
                         Field(object, key, json::value_t::string));
  return value->get<std::string>();
}

absl::StatusOr<std::uint64_t> Number(const json& object, const char* key) {
  SOTTO_ASSIGN_OR_RETURN(const json* value,
                         Field(object, key, json::value_t::number_unsigned));
  return value->get<std::uint64_t>();
}

struct Common {
  std::uint64_t version;
  std::int64_t expires_ms;
  json body;
};

absl::StatusOr<Common> ParseCommon(const TufEnvelope& envelope,
                                   const std::string& type) {
  if (envelope.type != type) {
    return Bad(absl::StrFormat("its type is '%s', expected '%s'", envelope.type,
                               type));
  }
  Common common;
  SOTTO_ASSIGN_OR_RETURN(common.body, ParseStrictJson(AsBytes(envelope.body)));
  SOTTO_ASSIGN_OR_RETURN(const std::string spec,
                         Text(common.body, "spec_version"));
  if (spec.rfind("1.", 0) != 0) {
    return Bad("spec_version '" + spec + "' is not 1.x");
  }
  SOTTO_ASSIGN_OR_RETURN(common.version, Number(common.body, "version"));
  if (common.version < 1) return Bad("version is 0");
  SOTTO_ASSIGN_OR_RETURN(const std::string expires,
                         Text(common.body, "expires"));
  SOTTO_ASSIGN_OR_RETURN(common.expires_ms, ParseTufTime(expires));
  return common;
}

absl::StatusOr<TufKeys> ParseKeys(const json& object) {
  TufKeys keys;
  for (const auto& [id, value] : object.items()) {
    SOTTO_ASSIGN_OR_RETURN(const std::string type, Text(value, "keytype"));
    SOTTO_ASSIGN_OR_RETURN(const std::string scheme, Text(value, "scheme"));
    SOTTO_ASSIGN_OR_RETURN(const json* keyval,
                           Field(value, "keyval", json::value_t::object));
    if (type != "ed25519" || scheme != "ed25519") continue;
    SOTTO_ASSIGN_OR_RETURN(const std::string hex, Text(*keyval, "public"));
    SOTTO_ASSIGN_OR_RETURN(keys[id], crypto::ParsePublicKeyHex(hex, "key"));
  }
  return keys;
}

absl::StatusOr<TufRole> ParseRole(const json& object) {
  TufRole role;
  SOTTO_ASSIGN_OR_RETURN(const json* ids,
                         Field(object, "keyids", json::value_t::array));
  std::set<std::string> seen;
  for (const json& id : *ids) {
    if (!id.is_string() || !seen.insert(id.get<std::string>()).second) {
      return Bad("a role's key id is no text, or repeated");
    }
    role.key_ids.push_back(id.get<std::string>());
  }
  SOTTO_ASSIGN_OR_RETURN(const std::uint64_t threshold,
                         Number(object, "threshold"));
  if (threshold < 1 || threshold > 1000)
    return Bad("a threshold is out of range");
  role.threshold = static_cast<std::uint32_t>(threshold);
  return role;
}

absl::StatusOr<TufSnapshot> ParseVersions(const TufEnvelope& envelope,
                                          const std::string& type) {
  SOTTO_ASSIGN_OR_RETURN(const Common common, ParseCommon(envelope, type));
  TufSnapshot out;
  out.version = common.version;
  out.expires_ms = common.expires_ms;
  SOTTO_ASSIGN_OR_RETURN(const json* meta,
                         Field(common.body, "meta", json::value_t::object));
  for (const auto& [name, value] : meta->items()) {
    TufFileVersion& file = out.files[name];
    SOTTO_ASSIGN_OR_RETURN(file.version, Number(value, "version"));
    if (value.contains("length")) {
      SOTTO_ASSIGN_OR_RETURN(file.length, Number(value, "length"));
    }
    if (value.contains("hashes") && value["hashes"].is_object() &&
        value["hashes"].contains("sha512")) {
      SOTTO_ASSIGN_OR_RETURN(file.sha512, Text(value["hashes"], "sha512"));
    }
  }
  return out;
}

absl::Status ParseDelegations(const json& object, TufTargets& out) {
  SOTTO_ASSIGN_OR_RETURN(const json* keys,
                         Field(object, "keys", json::value_t::object));
  SOTTO_ASSIGN_OR_RETURN(out.delegated_keys, ParseKeys(*keys));
  SOTTO_ASSIGN_OR_RETURN(const json* roles,
                         Field(object, "roles", json::value_t::array));
  std::set<std::string> names = {"root", "targets", "snapshot", "timestamp"};
  for (const json& value : *roles) {
    TufDelegation delegation;
    SOTTO_ASSIGN_OR_RETURN(delegation.name, Text(value, "name"));
    // Trusted files are named after their roles: a delegation must not take the
    // place of a top-level role's file, nor of another's.
    if (delegation.name.empty() || !names.insert(delegation.name).second) {
      return Bad("delegation '" + delegation.name +
                 "' is repeated or has the name of a top-level role");
    }
    SOTTO_ASSIGN_OR_RETURN(delegation.role, ParseRole(value));
    SOTTO_ASSIGN_OR_RETURN(const json* paths,
                           Field(value, "paths", json::value_t::array));
    for (const json& path : *paths) {
      if (!path.is_string()) return Bad("a delegation's path is no text");
      delegation.paths.push_back(path.get<std::string>());
    }
    SOTTO_ASSIGN_OR_RETURN(const json* terminating,
                           Field(value, "terminating", json::value_t::boolean));
    delegation.terminating = terminating->get<bool>();
    out.delegations.push_back(std::move(delegation));
  }
  return absl::OkStatus();
}

// Days since 1970-01-01 of a proleptic Gregorian date (Hinnant's algorithm).
std::int64_t DaysOf(std::int64_t year, int month, int day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t yoe = year - era * 400;
  const std::int64_t doy =
      (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

}  // namespace

absl::StatusOr<TufEnvelope> ParseEnvelope(ByteView bytes) {
  SOTTO_ASSIGN_OR_RETURN(const json value, ParseStrictJson(bytes));
  SOTTO_ASSIGN_OR_RETURN(const json* body,
                         Field(value, "signed", json::value_t::object));
  SOTTO_ASSIGN_OR_RETURN(const json* list,
                         Field(value, "signatures", json::value_t::array));
  TufEnvelope envelope;
  SOTTO_ASSIGN_OR_RETURN(envelope.type, Text(*body, "_type"));
  envelope.signed_bytes = ToBytes(CanonicalJson(*body));
  envelope.body = body->dump();
  std::set<std::string> seen;
  for (const json& item : *list) {
    SOTTO_ASSIGN_OR_RETURN(const std::string id, Text(item, "keyid"));
    SOTTO_ASSIGN_OR_RETURN(const std::string hex, Text(item, "sig"));
    if (!seen.insert(id).second) return Bad("a key id signs twice");
    const absl::StatusOr<Bytes> signature = HexDecode(hex);
    // Empty or odd signatures are legal and do not count.
    if (signature.ok() && !signature->empty()) {
      envelope.signatures[id] = *signature;
    }
  }
  return envelope;
}

absl::StatusOr<TufRoot> ParseRoot(const TufEnvelope& envelope) {
  SOTTO_ASSIGN_OR_RETURN(const Common common, ParseCommon(envelope, "root"));
  TufRoot out;
  out.version = common.version;
  out.expires_ms = common.expires_ms;
  SOTTO_ASSIGN_OR_RETURN(const json* keys,
                         Field(common.body, "keys", json::value_t::object));
  SOTTO_ASSIGN_OR_RETURN(out.keys, ParseKeys(*keys));
  SOTTO_ASSIGN_OR_RETURN(const json* roles,
                         Field(common.body, "roles", json::value_t::object));
  for (const char* name : {"root", "targets", "snapshot", "timestamp"}) {
    SOTTO_ASSIGN_OR_RETURN(const json* role,
                           Field(*roles, name, json::value_t::object));
    SOTTO_ASSIGN_OR_RETURN(out.roles[name], ParseRole(*role));
  }
  return out;
}

absl::StatusOr<TufSnapshot> ParseTimestamp(const TufEnvelope& envelope) {
  SOTTO_ASSIGN_OR_RETURN(TufSnapshot out, ParseVersions(envelope, "timestamp"));
  if (out.files.size() != 1 || out.files.count("snapshot.json") != 1) {
    return Bad("timestamp does not name snapshot.json alone");
  }
  return out;
}

absl::StatusOr<TufSnapshot> ParseSnapshot(const TufEnvelope& envelope) {
  SOTTO_ASSIGN_OR_RETURN(TufSnapshot out, ParseVersions(envelope, "snapshot"));
  if (out.files.count("targets.json") != 1) {
    return Bad("snapshot does not name targets.json");
  }
  return out;
}

absl::StatusOr<TufTargets> ParseTargets(const TufEnvelope& envelope) {
  SOTTO_ASSIGN_OR_RETURN(const Common common, ParseCommon(envelope, "targets"));
  TufTargets out;
  out.version = common.version;
  out.expires_ms = common.expires_ms;
  SOTTO_ASSIGN_OR_RETURN(const json* targets,
                         Field(common.body, "targets", json::value_t::object));
  for (const auto& [name, value] : targets->items()) {
    TufTarget& target = out.targets[name];
    target.name = name;
    SOTTO_ASSIGN_OR_RETURN(target.length, Number(value, "length"));
    SOTTO_ASSIGN_OR_RETURN(const json* hashes,
                           Field(value, "hashes", json::value_t::object));
    SOTTO_ASSIGN_OR_RETURN(target.sha512, Text(*hashes, "sha512"));
    target.custom_json =
        value.contains("custom") ? value["custom"].dump() : "{}";
  }
  if (common.body.contains("delegations")) {
    SOTTO_RETURN_IF_ERROR(ParseDelegations(common.body["delegations"], out));
  }
  return out;
}

absl::Status VerifyRole(const std::string& name, const TufEnvelope& envelope,
                        const TufKeys& keys, const TufRole& role) {
  std::set<crypto::PublicKey> signers;  // one key under two ids counts once
  for (const std::string& id : role.key_ids) {
    const auto key = keys.find(id);
    const auto signature = envelope.signatures.find(id);
    if (key == keys.end() || signature == envelope.signatures.end()) continue;
    if (crypto::Verify(key->second, envelope.signed_bytes, signature->second)
            .ok()) {
      signers.insert(key->second);
    }
  }
  if (signers.size() >= role.threshold) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrFormat(
      "metadata: role '%s' has %d valid signatures, its threshold is %d", name,
      static_cast<int>(signers.size()), static_cast<int>(role.threshold)));
}

std::string TufKeyId(const crypto::PublicKey& key) {
  const json object = {{"keytype", "ed25519"},
                       {"scheme", "ed25519"},
                       {"keyval", {{"public", HexEncode(key)}}}};
  return HexEncode(crypto::Sha256(AsBytes(CanonicalJson(object))));
}

absl::StatusOr<std::int64_t> ParseTufTime(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
  const auto fits = [](char c, char form) {
    return form == 'd' ? c >= '0' && c <= '9' : c == form;
  };
  if (!std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), fits) ||
      std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ", &year, &month, &day,
                  &hour, &minute, &second) != 6 ||
      month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
      minute > 59 || second > 60 || year < 1970) {
    return Bad("'" + text + "' is no time of the form 2030-01-31T00:00:00Z");
  }
  return (DaysOf(year, month, day) * 86400 + hour * 3600 + minute * 60 +
          second) *
         1000;
}

std::string FormatTufTime(std::int64_t ms) {
  std::int64_t seconds = ms / 1000;
  const std::int64_t days = seconds / 86400;
  seconds %= 86400;
  // The inverse of DaysOf.
  const std::int64_t z = days + 719468, era = z / 146097,
                     doe = z - era * 146097;
  const std::int64_t yoe =
      (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const std::int64_t day = doy - (153 * mp + 2) / 5 + 1;
  const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day,
                         seconds / 3600, seconds / 60 % 60, seconds % 60);
}

bool MatchesPath(const std::string& pattern, const std::string& name) {
  // `*` matches any run of characters but '/', `?` one of them.
  std::size_t p = 0, n = 0;
  std::size_t star = std::string::npos, mark = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = n;
    } else if (p < pattern.size() && (pattern[p] == name[n] ||
                                      (pattern[p] == '?' && name[n] != '/'))) {
      ++p;
      ++n;
    } else if (star != std::string::npos && name[mark] != '/') {
      p = star + 1;
      n = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string EncodeRoleName(const std::string& name) {
  std::string out;
  for (const unsigned char c : name) {
    if (std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_') {
      out += static_cast<char>(c);
    } else {
      out += absl::StrFormat("%%%02X", c);
    }
  }
  // A name of dots alone would be a folder.
  if (out == "." || out == "..") out = "%2E" + out.substr(1);
  return out;
}

}  // namespace sotto::model_store
