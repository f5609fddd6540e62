#include "client/policy/retry_policy.h"

#include "base/bytes.h"
#include "gtest/gtest.h"

namespace sotto::client {
namespace {

using std::chrono::milliseconds;

const RetryWindows kWindows{
    .transient = {milliseconds(100), milliseconds(200)},
    .transient_cap = milliseconds(1000),
    .permanent = {milliseconds(5000), milliseconds(6000)}};

TEST(RetryPolicy, TransientWindowsDoubleUpToTheCap) {
  crypto::SeededRng rng(AsBytes("retry"));
  RetryPolicy policy(rng, kWindows);
  int low = 100;
  for (int failure = 0; failure < 10; ++failure) {
    const milliseconds delay =
        policy.AfterFailure(absl::StatusCode::kUnavailable);
    EXPECT_GE(delay.count(), std::min(low, 800));
    EXPECT_LE(delay.count(), std::min(2 * low, 1000));
    low = std::min(2 * low, 800);
  }
}

TEST(RetryPolicy, ASuccessStartsOver) {
  crypto::SeededRng rng(AsBytes("retry"));
  RetryPolicy policy(rng, kWindows);
  for (int i = 0; i < 5; ++i) {
    policy.AfterFailure(absl::StatusCode::kUnavailable);
  }
  policy.Succeeded();
  EXPECT_LE(policy.AfterFailure(absl::StatusCode::kUnavailable).count(), 200);
}

TEST(RetryPolicy, APermanentFailureWaitsItsOwnWindow) {
  crypto::SeededRng rng(AsBytes("retry"));
  RetryPolicy policy(rng, kWindows);
  const milliseconds delay =
      policy.AfterFailure(absl::StatusCode::kPermissionDenied);
  EXPECT_GE(delay.count(), 5000);
  EXPECT_LE(delay.count(), 6000);
}

TEST(RetryPolicy, TheServersWindowWins) {
  crypto::SeededRng rng(AsBytes("retry"));
  RetryPolicy policy(rng, kWindows);
  for (int i = 0; i < 5; ++i) {
    policy.AfterFailure(absl::StatusCode::kUnavailable);
  }
  for (int i = 0; i < 50; ++i) {
    const milliseconds delay =
        policy.AfterServerWindow({milliseconds(3), milliseconds(5)});
    EXPECT_GE(delay.count(), 3);
    EXPECT_LE(delay.count(), 5);
  }
}

TEST(RetryPolicy, DamagedBytesAreWorthAnotherTry) {
  EXPECT_EQ(ClassOf(absl::StatusCode::kDataLoss), RetryClass::kTransient);
  EXPECT_EQ(ClassOf(absl::StatusCode::kUnauthenticated),
            RetryClass::kPermanent);
}

}  // namespace
}  // namespace sotto::client
