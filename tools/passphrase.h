// Where a program gets a passphrase from: the first line of the file that
// $SOTTO_PASSPHRASE_FILE names, or else the terminal, without echo.

#ifndef SOTTO_TOOLS_PASSPHRASE_H_
#define SOTTO_TOOLS_PASSPHRASE_H_

#include <string>

#include "absl/status/statusor.h"
#include "crypto/secret.h"

namespace sotto::tools {

// FAILED_PRECONDITION: neither is there. INVALID_ARGUMENT: an empty line, or
// one of more than 1024 bytes. Errors of ReadFile for the file.
absl::StatusOr<crypto::SecretBytes> ReadPassphrase(const std::string& prompt);

// For a new key: on a terminal asks twice. INVALID_ARGUMENT also: the two
// differ.
absl::StatusOr<crypto::SecretBytes> ChoosePassphrase(const std::string& prompt);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_PASSPHRASE_H_
