// The packages of a release: who gets one, and what plaintext is inside.

#ifndef SOTTO_TOOLS_SOTTO_STORE_PACKAGES_H_
#define SOTTO_TOOLS_SOTTO_STORE_PACKAGES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/sign.h"
#include "watermark/fingerprint/packager.h"

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
  // are the master itself. NOT_FOUND: no such file. INVALID_ARGUMENT: no such
  // key, or a master that cannot be marked.
  static absl::StatusOr<Packager> Create(Bytes master,
                                         const std::string& fingerprint_key,
                                         std::uint64_t release);

  // `recipient` as ReadRecipients gives it. The number of the release is the
  // label that `sotto-watermark trace --release` gets.
  absl::StatusOr<Bytes> CopyFor(const std::string& recipient) const;

 private:
  Packager(Bytes master, std::uint64_t release)
      : master_(std::move(master)), release_(std::to_string(release)) {}

  Bytes master_;
  std::string release_;
  std::shared_ptr<const watermark::OwnerKey> key_;  // what marker_ refers to
  std::optional<watermark::Packager> marker_;
};

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_STORE_PACKAGES_H_
