#include "base/status.h"

#include "absl/strings/str_cat.h"

namespace sotto {

absl::Status Annotate(const absl::Status& status, const std::string& prefix) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(prefix, ": ", status.message()));
}

StatusCode ToStatusCode(absl::StatusCode code) {
  const int number = static_cast<int>(code);
  if (number < 0 || number > 16) return StatusCode::kUnknown;
  return static_cast<StatusCode>(number);
}

absl::StatusCode AbslCodeFromInt(int number) {
  if (number < 0 || number > 16) return absl::StatusCode::kUnknown;
  return static_cast<absl::StatusCode>(number);
}

absl::StatusCode ToAbslCode(StatusCode code) {
  return AbslCodeFromInt(static_cast<int>(code));
}

}  // namespace sotto
