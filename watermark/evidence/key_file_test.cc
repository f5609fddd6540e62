#include "watermark/evidence/key_file.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "watermark/test_models.h"

namespace sotto::watermark {
namespace {

using ::testing::HasSubstr;

constexpr crypto::PassphraseCost kCheap = {.passes = 1, .memory_kib = 64};

PassphraseSource Saying(std::string text) {
  return [text] { return crypto::SecretBytes::FromBytes(AsBytes(text)); };
}

class KeyFileTest : public ::testing::Test {
 protected:
  KeyFileTest()
      : path_(::testing::TempDir() + "sotto_owner_key_" +
              std::to_string(::getpid())) {
    std::filesystem::remove(path_);
  }
  ~KeyFileTest() override { std::filesystem::remove(path_); }

  Bytes Sealed(const std::string& passphrase) {
    return SealOwnerKey(key_, AsBytes(passphrase), kCheap, rng_).value();
  }

  const std::string path_;
  const OwnerKey key_ = KeyFor(1);
  crypto::SeededRng rng_ = RngFor("salts", 1);
};

TEST_F(KeyFileTest, KeepsItsKeyAndIsNeverOverwritten) {
  ASSERT_THAT(WriteOwnerKeyFile(path_, SerializeOwnerKey(key_)), IsOk());
  EXPECT_EQ(
      std::filesystem::status(path_).permissions(),
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_THAT(WriteOwnerKeyFile(path_, SerializeOwnerKey(KeyFor(2))),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(path_)));
  const auto read = ReadOwnerKeyFile(path_);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->public_key(), key_.public_key());
}

TEST_F(KeyFileTest, OpensUnderItsPassphraseOnly) {
  ASSERT_THAT(WriteOwnerKeyFile(path_, Sealed("open sesame")), IsOk());
  const auto read = ReadOwnerKeyFile(path_, Saying("open sesame"));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->public_key(), key_.public_key());
  EXPECT_THAT(ReadOwnerKeyFile(path_, Saying("open sesame ")),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(path_)));
  EXPECT_THAT(ReadOwnerKeyFile(path_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(KeyFileTest, TheSecretIsNotInASealedFile) {
  const Bytes sealed = Sealed("open sesame");
  const auto secret = key_.secret().Reveal();
  EXPECT_EQ(std::search(sealed.begin(), sealed.end(), secret.begin(),
                        secret.begin() + 8),
            sealed.end());
  EXPECT_NE(sealed, Sealed("open sesame"));  // another salt
}

TEST_F(KeyFileTest, AnyChangeOfASealedFileIsNoticed) {
  const Bytes good = Sealed("open sesame");
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(ParseOwnerKey(bad, Saying("open sesame")).ok()) << i;
  }
}

TEST_F(KeyFileTest, ThePassphraseIsAskedForOnlyWhereThereIsOne) {
  bool asked = false;
  const PassphraseSource ask = [&]() -> absl::StatusOr<crypto::SecretBytes> {
    asked = true;
    return absl::CancelledError("closed");
  };
  EXPECT_THAT(ParseOwnerKey(SerializeOwnerKey(key_), ask), IsOk());
  EXPECT_THAT(ParseOwnerKey(AsBytes("something else"), ask),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(asked);
  EXPECT_THAT(ParseOwnerKey(Sealed("x"), ask),
              StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(KeyFileTest, WhatIsNoKeyIsRefused) {
  for (const Bytes& good : {SerializeOwnerKey(key_), Sealed("open sesame")}) {
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_THAT(ParseOwnerKey(ByteView(good).first(size), Saying("x")),
                  StatusIs(absl::StatusCode::kInvalidArgument));
    }
  }
  EXPECT_THAT(ReadOwnerKeyFile(path_ + "_absent"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(SealOwnerKey(key_, {}, kCheap, rng_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("passphrase is empty")));
  Bytes unknown = SerializeOwnerKey(key_);
  unknown[4 + 22] = 9;  // after the tag
  EXPECT_THAT(ParseOwnerKey(unknown),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("9")));
}

}  // namespace
}  // namespace sotto::watermark
