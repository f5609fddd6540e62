#include "tools/sotto/command.h"

#include <utility>

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

}  // namespace sotto::tools
