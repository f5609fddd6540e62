#include "crypto/key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::crypto {
namespace {

TEST(KeyFileTest, KeysComeBackAndTheFileIsPrivate) {
  const std::string path =
      ::testing::TempDir() + "sotto_key_" + std::to_string(::getpid());
  const SigningKey key = SigningKey::Generate(SystemRng());
  ASSERT_THAT(WriteKeyFile(path, key), IsOk());
  struct stat info = {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(ReadSigningKeyFile(path)->public_key(), key.public_key());
  EXPECT_THAT(
      ReadX25519KeyFile(path),
      StatusIs(absl::StatusCode::kInvalidArgument, ::testing::HasSubstr(path)));
  for (const char* bad :
       {"", "{}", "[1]", "{\"type\":\"ed25519\",\"private\":1}",
        "{\"type\":\"ed25519\",\"private\":\"ab\"}"}) {
    ASSERT_THAT(WriteFileAtomically(path, bad), IsOk());
    EXPECT_THAT(ReadSigningKeyFile(path),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  ASSERT_THAT(RemoveFile(path), IsOk());
  EXPECT_THAT(ReadSigningKeyFile(path), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace sotto::crypto
