// EXPECT_THAT(status_or_statusor, IsOk()) and StatusIs(code[, message
// matcher]), with short names of the codes that are expected most.

#ifndef SOTTO_TESTS_SUPPORT_STATUS_MATCHERS_H_
#define SOTTO_TESTS_SUPPORT_STATUS_MATCHERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"

namespace sotto {

inline constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
inline constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
inline constexpr auto kDamaged = absl::StatusCode::kDataLoss;
inline constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}
MATCHER_P(StatusIs, code, "has the code") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}
MATCHER_P2(StatusIs, code, message, "has the code and the message") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code &&
         ::testing::ExplainMatchResult(
             message, std::string(StatusOf(arg).message()), result_listener);
}

}  // namespace sotto

#endif  // SOTTO_TESTS_SUPPORT_STATUS_MATCHERS_H_
