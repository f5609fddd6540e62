#include "crypto/key_file.h"

#include <algorithm>

#include "base/file.h"
#include "base/status.h"
#include "nlohmann/json.hpp"

namespace sotto::crypto {
namespace {

absl::Status Write(const std::string& path, const std::string& type,
                   const Secret<32>& secret, ByteView public_key) {
  std::string text = absl::StrFormat(
      "{\"type\": \"%s\", \"private\": \"%s\", \"public\": \"%s\"}\n", type,
      HexEncode(secret.Reveal()), HexEncode(public_key));
  const absl::Status status =
      WriteFileAtomically(path, text, FileMode::kPrivate);
  Wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return status;
}

absl::StatusOr<Secret<32>> Read(const std::string& path,
                                const std::string& type) {
  SOTTO_ASSIGN_OR_RETURN(std::string text, ReadTextFile(path, 4096));
  auto json = nlohmann::json::parse(text, nullptr, false);
  Wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (!json.is_object() || !json.contains("type") || json["type"] != type ||
      !json.contains("private") || !json["private"].is_string()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s' is no %s key file", path, type));
  }
  auto& hex = json["private"].get_ref<std::string&>();
  absl::StatusOr<Bytes> bytes = HexDecode(hex);
  Wipe({reinterpret_cast<std::uint8_t*>(hex.data()), hex.size()});
  if (!bytes.ok() || bytes->size() != 32) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s': the private key is not 64 hex digits", path));
  }
  auto secret = Secret<32>::FromBytes(ByteView(*bytes).first<32>());
  Wipe(*bytes);
  return secret;
}

}  // namespace

absl::Status WriteKeyFile(const std::string& path, const SigningKey& key) {
  return Write(path, "ed25519", key.seed(), key.public_key());
}
absl::Status WriteKeyFile(const std::string& path, const X25519Key& key) {
  return Write(path, "x25519", key.scalar(), key.public_key());
}
absl::StatusOr<SigningKey> ReadSigningKeyFile(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(const Secret<32> seed, Read(path, "ed25519"));
  return SigningKey::FromSeed(seed);
}
absl::StatusOr<X25519Key> ReadX25519KeyFile(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(const Secret<32> scalar, Read(path, "x25519"));
  return X25519Key::FromBytes(scalar);
}

}  // namespace sotto::crypto
