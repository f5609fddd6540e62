#include "tools/watermark/command.h"

#include <cstdio>
#include <ctime>
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "crypto/sha2.h"
#include "runtime/loader/model_file.h"
#include "tools/passphrase.h"
#include "watermark/evidence/key_file.h"

namespace sotto::tools {
namespace {

ExitCode& MutableOutcome() {
  static ExitCode outcome = ExitCode::kOk;
  return outcome;
}

}  // namespace

void SetAction(CLI::App& command,
               std::function<absl::StatusOr<ExitCode>()> action) {
  command.callback([action = std::move(action)] {
    const absl::StatusOr<ExitCode> code = action();
    if (!code.ok()) {
      std::fprintf(stderr, "sotto-watermark: %s\n",
                   code.status().ToString().c_str());
    }
    MutableOutcome() = code.ok() ? *code : ExitCode::kCannot;
  });
}

ExitCode Outcome() { return MutableOutcome(); }

absl::StatusOr<ModelInput> ReadModel(const std::string& path) {
  ModelInput input = {.path = path, .bytes = {}, .sha256 = {}, .model = {}};
  SOTTO_ASSIGN_OR_RETURN(input.bytes, ReadFile(path));
  input.sha256 = HexEncode(crypto::Sha256(input.bytes));
  absl::StatusOr<runtime::Model> model = runtime::ParseModel(input.bytes);
  if (!model.ok()) return Annotate(model.status(), "'" + path + "'");
  input.model = *std::move(model);
  return input;
}

absl::StatusOr<watermark::OwnerKey> ReadKey(const std::string& path) {
  return watermark::ReadOwnerKeyFile(
      path, [&path] { return ReadPassphrase("passphrase of " + path); });
}

std::string TimeText(std::int64_t time_ms) {
  const auto seconds = static_cast<std::time_t>(time_ms / 1000);
  std::tm utc = {};
  if (gmtime_r(&seconds, &utc) == nullptr) return "out of range";
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return text;
}

}  // namespace sotto::tools
