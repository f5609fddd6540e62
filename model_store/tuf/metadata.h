// TUF metadata, specification 1.0.34: roles, keys, thresholds, and what each
// file says. Parsing is total; unknown fields are kept in the signed bytes and
// ignored.

#ifndef SOTTO_MODEL_STORE_TUF_METADATA_H_
#define SOTTO_MODEL_STORE_TUF_METADATA_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/sign.h"

namespace sotto::model_store {

struct TufRole {
  std::vector<std::string> key_ids;
  std::uint32_t threshold = 1;
};

// Ed25519 keys by id; keys of other types are left out, so they do not count.
using TufKeys = std::map<std::string, crypto::PublicKey>;

struct TufRoot {
  std::uint64_t version = 0;
  std::int64_t expires_ms = 0;
  TufKeys keys;
  std::map<std::string, TufRole> roles;  // root targets snapshot timestamp
};

struct TufFileVersion {
  std::uint64_t version = 0;
  std::uint64_t length = 0;  // 0: not said
  std::string sha512;        // hex; empty: not said
};

struct TufSnapshot {  // and timestamp, whose only entry is snapshot.json
  std::uint64_t version = 0;
  std::int64_t expires_ms = 0;
  std::map<std::string, TufFileVersion> files;  // "targets.json", ...
};

struct TufTarget {
  std::string name;
  std::uint64_t length = 0;
  std::string sha512;       // hex
  std::string custom_json;  // compact JSON, "{}" when absent
};

struct TufDelegation {
  std::string name;
  TufRole role;
  std::vector<std::string> paths;  // `*` and `?` match within a segment
  bool terminating = false;
};

struct TufTargets {
  std::uint64_t version = 0;
  std::int64_t expires_ms = 0;
  std::map<std::string, TufTarget> targets;
  TufKeys delegated_keys;
  std::vector<TufDelegation> delegations;
};

// The `signed` part as it was signed, and who signed.
struct TufEnvelope {
  std::string type;    // "root", "timestamp", "snapshot", "targets"
  Bytes signed_bytes;  // canonical JSON
  // The same as plain JSON: canonical JSON does not escape line breaks, as PEM
  // keys have them, and so does not always parse again.
  std::string body;
  std::map<std::string, Bytes> signatures;  // by key id; empty ones left out
};

// INVALID_ARGUMENT names what is malformed: no envelope, a repeated key id in
// the signatures, a wrong type, a field that is missing or out of range.
absl::StatusOr<TufEnvelope> ParseEnvelope(ByteView bytes);
absl::StatusOr<TufRoot> ParseRoot(const TufEnvelope& envelope);
absl::StatusOr<TufSnapshot> ParseTimestamp(const TufEnvelope& envelope);
absl::StatusOr<TufSnapshot> ParseSnapshot(const TufEnvelope& envelope);
absl::StatusOr<TufTargets> ParseTargets(const TufEnvelope& envelope);

// PERMISSION_DENIED: fewer than threshold different keys of the role signed.
absl::Status VerifyRole(const std::string& name, const TufEnvelope& envelope,
                        const TufKeys& keys, const TufRole& role);

// Hex SHA-256 of the canonical key object.
std::string TufKeyId(const crypto::PublicKey& key);
// `expires` as TUF writes it, "2030-01-31T00:00:00Z". INVALID_ARGUMENT.
absl::StatusOr<std::int64_t> ParseTufTime(const std::string& text);
std::string FormatTufTime(std::int64_t ms);

// Whether a delegation's pattern covers a target name.
bool MatchesPath(const std::string& pattern, const std::string& name);
// Role names in file names: percent-encoded but for letters, digits, `-._`.
std::string EncodeRoleName(const std::string& name);

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_TUF_METADATA_H_
