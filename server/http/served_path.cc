#include "server/http/served_path.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/status.h"

namespace sotto::server {
namespace {

bool IsSafe(std::string_view path) {
  std::size_t start = 0;
  while (true) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    for (const char c : part) {
      if (static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == 0x7f) {
        return false;
      }
    }
    if (end == path.size()) return true;
    start = end + 1;
  }
}

absl::StatusOr<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) {
      return absl::InvalidArgumentError("URL: a damaged escape");
    }
    SOTTO_ASSIGN_OR_RETURN(const Bytes byte, HexDecode(text.substr(i + 1, 2)));
    decoded += static_cast<char>(byte[0]);
    i += 2;
  }
  return decoded;
}

}  // namespace

absl::StatusOr<std::string> ServedPath(const std::string& folder,
                                       std::string_view rest) {
  rest = rest.substr(0, rest.find('?'));
  SOTTO_ASSIGN_OR_RETURN(const std::string decoded, PercentDecode(rest));
  if (!IsSafe(rest) || !IsSafe(decoded)) {
    return absl::InvalidArgumentError("URL: not a path below the folder");
  }
  for (const std::string& name : {std::string(rest), decoded}) {
    const std::string path = folder + "/" + name;
    if (FileExists(path)) return path;
  }
  return absl::NotFoundError("URL: no such file");
}

}  // namespace sotto::server
