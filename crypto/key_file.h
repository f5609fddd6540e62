// Private keys at rest: one JSON object a file, mode 0600,
//   {"type": "ed25519" | "x25519", "private": hex, "public": hex}
//
// Errors of ReadFile; INVALID_ARGUMENT names the file and what is wrong with
// it.

#ifndef SOTTO_CRYPTO_KEY_FILE_H_
#define SOTTO_CRYPTO_KEY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "crypto/kex.h"
#include "crypto/sign.h"

namespace sotto::crypto {

absl::Status WriteKeyFile(const std::string& path, const SigningKey& key);
absl::Status WriteKeyFile(const std::string& path, const X25519Key& key);
absl::StatusOr<SigningKey> ReadSigningKeyFile(const std::string& path);
absl::StatusOr<X25519Key> ReadX25519KeyFile(const std::string& path);

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_KEY_FILE_H_
