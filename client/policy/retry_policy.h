// When to try again. Two classes of failure with windows of their own, a
// uniform draw inside the window so that devices do not come back together, and
// a window named by the server wins over both.

#ifndef SOTTO_CLIENT_POLICY_RETRY_POLICY_H_
#define SOTTO_CLIENT_POLICY_RETRY_POLICY_H_

#include <chrono>
#include <cstdint>

#include "absl/status/status.h"
#include "crypto/rng.h"

namespace sotto::client {

enum class RetryClass : std::uint8_t {
  kTransient,  // the network, the server's load, bytes damaged on the way
  kPermanent,  // a person must act: revoked, refused, misconfigured
};
RetryClass ClassOf(absl::StatusCode code);

struct RetryWindow {
  std::chrono::milliseconds min{0};
  std::chrono::milliseconds max{0};
};

struct RetryWindows {
  // The transient window doubles with each failure in a row, up to the cap.
  RetryWindow transient{std::chrono::milliseconds(100),
                        std::chrono::milliseconds(400)};
  std::chrono::milliseconds transient_cap{10'000};
  RetryWindow permanent{std::chrono::milliseconds(15'000),
                        std::chrono::milliseconds(30'000)};
};

// Uniform in [min, max]; min when max is not larger.
std::chrono::milliseconds DrawWithin(const RetryWindow& window,
                                     crypto::Rng& rng);

class RetryPolicy {
 public:
  // `rng` outlives it.
  explicit RetryPolicy(crypto::Rng& rng, RetryWindows windows = {})
      : rng_(rng), windows_(windows) {}

  std::chrono::milliseconds AfterFailure(absl::StatusCode code);
  // The server asked for this window; counts as a success.
  std::chrono::milliseconds AfterServerWindow(const RetryWindow& window);
  void Succeeded() { failures_in_a_row_ = 0; }

 private:
  crypto::Rng& rng_;
  const RetryWindows windows_;
  int failures_in_a_row_ = 0;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_POLICY_RETRY_POLICY_H_
