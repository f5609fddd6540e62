#include "tools/sotto/command.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace sotto::tools {
namespace {

absl::Status& MutableOutcome() {
  static absl::Status outcome;
  return outcome;
}

}  // namespace

void SetAction(CLI::App& command, std::function<absl::Status()> action) {
  command.callback(
      [action = std::move(action)] { MutableOutcome() = action(); });
}

const absl::Status& Outcome() { return MutableOutcome(); }

absl::Status CheckFlag(bool holds, const char* flag, const char* wants) {
  if (holds) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("--%s: wants %s", flag, wants));
}

}  // namespace sotto::tools
