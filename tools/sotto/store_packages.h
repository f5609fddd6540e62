// The packages of a release: who gets one, and what plaintext is inside.

#ifndef SOTTO_TOOLS_SOTTO_STORE_PACKAGES_H_
#define SOTTO_TOOLS_SOTTO_STORE_PACKAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/sign.h"

namespace sotto::tools {

// Device ids in hex, sorted, of the certificates in `path`: a file, or a folder
// of them. An empty path is one package for everybody: {""}.
// NOT_FOUND: no such path, or no certificate in it. INVALID_ARGUMENT: a file
// that is no certificate. UNAUTHENTICATED: not of `issuer`, or expired. Each
// names the file.
absl::StatusOr<std::vector<std::string>> ReadRecipients(
    const std::string& path, const crypto::PublicKey& issuer, UnixTime now);

// Makes the copy of a recipient.
class Packager {
 public:
  // `fingerprint_key` is a file of `sotto-watermark keygen`, or empty: copies
  // are the master itself. INVALID_ARGUMENT: no such key, or a master that
  // cannot be marked.
  static absl::StatusOr<Packager> Create(Bytes master,
                                         const std::string& fingerprint_key,
                                         const std::string& model,
                                         std::uint64_t release);

  absl::StatusOr<Bytes> CopyFor(const std::string& recipient) const;

 private:
  explicit Packager(Bytes master) : master_(std::move(master)) {}

  Bytes master_;
};

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_STORE_PACKAGES_H_
