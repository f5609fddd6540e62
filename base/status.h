// absl::Status helpers for host code: two propagation macros, a message prefix,
// and the checked border to StatusCode.

#ifndef SOTTO_BASE_STATUS_H_
#define SOTTO_BASE_STATUS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "base/status_code.h"

namespace sotto {

// Same code, message `prefix: message`. OK stays OK.
absl::Status Annotate(const absl::Status& status, const std::string& prefix);

// Both directions are total: a number outside 0..16 becomes UNKNOWN.
StatusCode ToStatusCode(absl::StatusCode code);
absl::StatusCode ToAbslCode(StatusCode code);
absl::StatusCode AbslCodeFromInt(int number);

}  // namespace sotto

// Returns the status from the enclosing function unless it is OK.
#define SOTTO_RETURN_IF_ERROR(expression)          \
  do {                                             \
    absl::Status sotto_status_ = (expression);     \
    if (!sotto_status_.ok()) return sotto_status_; \
  } while (false)

#define SOTTO_CONCAT_INNER_(a, b) a##b
#define SOTTO_CONCAT_(a, b) SOTTO_CONCAT_INNER_(a, b)

// SOTTO_ASSIGN_OR_RETURN(auto x, MakeX()): declares or assigns, or returns.
#define SOTTO_ASSIGN_OR_RETURN(target, expression)                    \
  SOTTO_ASSIGN_OR_RETURN_(SOTTO_CONCAT_(sotto_or_, __LINE__), target, \
                          expression)
#define SOTTO_ASSIGN_OR_RETURN_(temporary, target, expression) \
  auto temporary = (expression);                               \
  if (!temporary.ok()) return temporary.status();              \
  target = *std::move(temporary)

#endif  // SOTTO_BASE_STATUS_H_
