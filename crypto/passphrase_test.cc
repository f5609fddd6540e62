#include "crypto/passphrase.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::crypto {
namespace {

using ::testing::HasSubstr;

PassphraseSalt Salt(std::string_view text) {
  PassphraseSalt salt = {};
  std::ranges::copy(text, salt.begin());
  return salt;
}

// Values of the reference implementation, version 20190702.
TEST(PassphraseTest, MatchesTheReferenceImplementation) {
  const auto key =
      KeyFromPassphrase(AsBytes("password"), Salt("somesaltsomesalt"),
                        {.passes = 2, .memory_kib = 1024});
  ASSERT_THAT(key, IsOk());
  EXPECT_EQ(HexEncode(key->Reveal()),
            "08a19ee7f6d7f589c2ab6af18d6e724172b19f7d6fd462b38430ab31ceabeaf0");
  const auto empty = KeyFromPassphrase({}, {}, {.passes = 1, .memory_kib = 64});
  ASSERT_THAT(empty, IsOk());
  EXPECT_EQ(HexEncode(empty->Reveal()),
            "f24ddb88266372cdb69dd078ee8543f647ba749c7ad94c0ed4dc3384c67e5a0b");
}

TEST(PassphraseTest, RefusesCostsThatAFileShouldNotDecide) {
  EXPECT_THAT(
      KeyFromPassphrase({}, {}, {.passes = 0}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("passes")));
  EXPECT_THAT(
      KeyFromPassphrase({}, {}, {.passes = 65}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("passes")));
  EXPECT_THAT(
      KeyFromPassphrase({}, {}, {.memory_kib = 63}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("memory_kib")));
  EXPECT_THAT(
      KeyFromPassphrase({}, {}, {.memory_kib = 1024 * 1024 + 1}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("memory_kib")));
}

}  // namespace
}  // namespace sotto::crypto
