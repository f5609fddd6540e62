#include "client/policy/retry_policy.h"

#include <algorithm>

namespace sotto::client {

RetryClass ClassOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kUnimplemented:
      return RetryClass::kPermanent;
    default:
      return RetryClass::kTransient;
  }
}

std::chrono::milliseconds DrawWithin(const RetryWindow& window,
                                     crypto::Rng& rng) {
  if (window.max <= window.min) return window.min;
  const auto width =
      static_cast<std::uint64_t>((window.max - window.min).count()) + 1;
  return window.min +
         std::chrono::milliseconds(crypto::UniformBelow(rng, width));
}

std::chrono::milliseconds RetryPolicy::AfterFailure(absl::StatusCode code) {
  if (ClassOf(code) == RetryClass::kPermanent) {
    return DrawWithin(windows_.permanent, rng_);
  }
  RetryWindow window = windows_.transient;
  for (int i = 0; i < failures_in_a_row_ && window.max < windows_.transient_cap;
       ++i) {
    window.min *= 2;
    window.max *= 2;
  }
  window.max = std::min(window.max, windows_.transient_cap);
  window.min = std::min(window.min, window.max);
  ++failures_in_a_row_;
  return DrawWithin(window, rng_);
}

std::chrono::milliseconds RetryPolicy::AfterServerWindow(
    const RetryWindow& window) {
  failures_in_a_row_ = 0;
  return DrawWithin(window, rng_);
}

}  // namespace sotto::client
