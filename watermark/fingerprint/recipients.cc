#include "watermark/fingerprint/recipients.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "base/status.h"
#include "crypto/certificate.h"

namespace sotto::watermark {
namespace {

constexpr std::uint64_t kMaxCertificateBytes = 64 << 10;
constexpr std::uint64_t kMaxListBytes = 64 << 20;

std::vector<std::string> ReadLines(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
    line = line.substr(0, line.find('#'));
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) continue;
    const std::size_t last = line.find_last_not_of(" \t\r");
    names.emplace_back(line.substr(first, last - first + 1));
  }
  return names;
}

bool Printable(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) {
    return byte == '\n' || byte == '\r' || byte == '\t' ||
           (byte >= 0x20 && byte != 0x7f);
  });
}

absl::StatusOr<std::string> ReadCertificate(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(const Bytes bytes,
                         ReadFile(path, kMaxCertificateBytes));
  const auto certificate = crypto::DecodeCertificate(bytes);
  if (!certificate.ok()) {
    return Annotate(certificate.status(), "'" + path + "'");
  }
  return HexEncode(certificate->device_id);
}

absl::StatusOr<std::vector<std::string>> ReadFolder(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator at(path, error), end;
  while (!error && at != end) {
    if (at->is_regular_file(error) && !error) {
      SOTTO_ASSIGN_OR_RETURN(std::string name,
                             ReadCertificate(at->path().string()));
      names.push_back(std::move(name));
    }
    if (!error) at.increment(error);
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrFormat("'%s': %s", path, error.message()));
  }
  return names;
}

absl::StatusOr<std::vector<std::string>> ReadNames(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return ReadFolder(path);
  SOTTO_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(path, kMaxListBytes));
  if (Printable(bytes)) return ReadLines(AsText(bytes));
  SOTTO_ASSIGN_OR_RETURN(std::string name, ReadCertificate(path));
  return std::vector<std::string>{std::move(name)};
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadRecipients(
    const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(std::vector<std::string> names, ReadNames(path));
  if (names.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s' names no recipient", path));
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace sotto::watermark
