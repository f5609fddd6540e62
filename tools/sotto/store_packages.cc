#include "tools/sotto/store_packages.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "crypto/certificate.h"
#include "tools/passphrase.h"
#include "watermark/evidence/key_file.h"

namespace sotto::tools {
namespace {

constexpr std::uint64_t kMaxCertificateBytes = 64 * 1024;

absl::StatusOr<std::vector<std::string>> CertificateFiles(
    const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    if (FileExists(path)) return std::vector<std::string>{path};
    return absl::NotFoundError(
        absl::StrFormat("--recipients '%s' does not exist; it names a device "
                        "certificate or a folder of them",
                        path));
  }
  std::vector<std::string> files;
  std::filesystem::directory_iterator folder(path, error);
  for (; !error && folder != std::filesystem::directory_iterator();
       folder.increment(error)) {
    std::error_code ignored;
    if (folder->is_regular_file(ignored)) files.push_back(folder->path());
  }
  if (error) {
    return absl::UnavailableError(absl::StrFormat(
        "cannot list --recipients '%s': %s", path, error.message()));
  }
  if (files.empty()) {
    return absl::NotFoundError(absl::StrFormat(
        "--recipients '%s' holds no certificate; copy those of `sotto device "
        "issue` there",
        path));
  }
  return files;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadRecipients(
    const std::string& path, const crypto::PublicKey& issuer, UnixTime now) {
  if (path.empty()) return std::vector<std::string>{""};
  SOTTO_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                         CertificateFiles(path));
  std::vector<std::string> recipients;
  for (const std::string& file : files) {
    SOTTO_ASSIGN_OR_RETURN(const Bytes bytes,
                           ReadFile(file, kMaxCertificateBytes));
    const auto certificate = crypto::VerifyCertificate(bytes, issuer, now);
    if (!certificate.ok()) {
      return Annotate(certificate.status(),
                      "certificate '" + file +
                          "' (take it out of the folder, or issue it again)");
    }
    recipients.push_back(HexEncode(certificate->device_id));
  }
  std::ranges::sort(recipients);
  recipients.erase(std::unique(recipients.begin(), recipients.end()),
                   recipients.end());
  return recipients;
}

absl::StatusOr<Packager> Packager::Create(Bytes master,
                                          const std::string& fingerprint_key,
                                          std::uint64_t release) {
  Packager packager(std::move(master), release);
  if (fingerprint_key.empty()) return packager;
  SOTTO_ASSIGN_OR_RETURN(
      watermark::OwnerKey key,
      watermark::ReadOwnerKeyFile(fingerprint_key, [&] {
        return ReadPassphrase("passphrase of " + fingerprint_key);
      }));
  packager.key_ = std::make_shared<const watermark::OwnerKey>(std::move(key));
  SOTTO_ASSIGN_OR_RETURN(
      packager.marker_,
      watermark::Packager::Create(packager.master_, *packager.key_));
  return packager;
}

absl::StatusOr<Bytes> Packager::CopyFor(const std::string& recipient) const {
  if (!marker_.has_value()) return master_;
  return marker_->Package(release_, recipient);
}

}  // namespace sotto::tools
