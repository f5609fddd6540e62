#include "tools/passphrase.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/file.h"
#include "base/status.h"

namespace sotto::tools {
namespace {

constexpr char kVariable[] = "SOTTO_PASSPHRASE_FILE";
constexpr std::size_t kMaxBytes = 1024;

// What lies before the first line feed.
absl::StatusOr<crypto::SecretBytes> FirstLine(ByteView bytes) {
  const auto end = std::find(bytes.begin(), bytes.end(), '\n');
  const auto size = static_cast<std::size_t>(end - bytes.begin());
  if (size == 0 || size > kMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a passphrase has 1 to %d bytes, this one %d",
                        static_cast<int>(kMaxBytes), static_cast<int>(size)));
  }
  return crypto::SecretBytes::FromBytes(bytes.first(size));
}

absl::StatusOr<crypto::SecretBytes> FromFile(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(Bytes bytes, ReadFile(path, 64 << 10));
  absl::StatusOr<crypto::SecretBytes> line = FirstLine(bytes);
  crypto::Wipe(bytes);
  if (!line.ok()) return Annotate(line.status(), "'" + path + "'");
  return line;
}

// No echo while it lives.
class SilentTerminal {
 public:
  SilentTerminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~SilentTerminal() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

 private:
  termios before_ = {};
  bool changed_ = false;
};

absl::StatusOr<crypto::SecretBytes> FromTerminal(const std::string& prompt) {
  std::fprintf(stderr, "%s: ", prompt.c_str());
  std::array<std::uint8_t, kMaxBytes + 2> buffer = {};
  std::size_t size = 0;
  {
    const SilentTerminal silent;
    // Past the standard library, whose buffer would keep the passphrase. A
    // terminal hands out one line a read.
    const ::ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    size = count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  std::fputc('\n', stderr);
  absl::StatusOr<crypto::SecretBytes> line =
      FirstLine(ByteView(buffer).first(size));
  crypto::Wipe(buffer);
  return line;
}

absl::StatusOr<crypto::SecretBytes> Get(const std::string& prompt, bool twice) {
  if (const char* path = std::getenv(kVariable); path != nullptr) {
    return FromFile(path);
  }
  if (::isatty(STDIN_FILENO) != 1) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the key needs a passphrase: run this on a terminal, or let $%s name a "
        "file that holds it",
        kVariable));
  }
  SOTTO_ASSIGN_OR_RETURN(crypto::SecretBytes first, FromTerminal(prompt));
  if (!twice) return first;
  SOTTO_ASSIGN_OR_RETURN(const crypto::SecretBytes second,
                         FromTerminal(prompt + ", again"));
  if (!crypto::ConstantTimeEqual(first.Reveal(), second.Reveal())) {
    return absl::InvalidArgumentError("the two passphrases differ");
  }
  return first;
}

}  // namespace

absl::StatusOr<crypto::SecretBytes> ReadPassphrase(const std::string& prompt) {
  return Get(prompt, /*twice=*/false);
}

absl::StatusOr<crypto::SecretBytes> ChoosePassphrase(
    const std::string& prompt) {
  return Get(prompt, /*twice=*/true);
}

}  // namespace sotto::tools
