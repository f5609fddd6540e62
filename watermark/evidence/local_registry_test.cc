#include "watermark/evidence/local_registry.h"

#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "crypto/key_file.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "watermark/test_models.h"

namespace sotto::watermark {
namespace {

using ::testing::HasSubstr;

class LocalRegistryTest : public ::testing::Test {
 protected:
  LocalRegistryTest()
      : folder_(::testing::TempDir() + "sotto_registry_" +
                std::to_string(::getpid())),
        path_(folder_ + "/registry") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~LocalRegistryTest() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<RegisterOutcome> Register(const runtime::Model& model) {
    return RegisterModel(path_, key_, model, rng_, clock_);
  }

  const std::string folder_, path_;
  const OwnerKey key_ = KeyFor(1);
  crypto::SeededRng rng_ = RngFor("local registry", 1);
  FakeClock clock_{UnixTime(std::chrono::milliseconds(1'700'000'000'000))};
};

TEST_F(LocalRegistryTest, RegisteringTwiceDrawsNoSecondNonce) {
  const auto first = Register(Cnn(1));
  ASSERT_THAT(first, IsOk());
  EXPECT_FALSE(first->existed);
  const auto again = Register(Cnn(1));
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->existed);
  EXPECT_EQ(*again->registration.nonce, *first->registration.nonce);
  EXPECT_EQ(again->head, first->head);
  const auto other = Register(Cnn(2));
  ASSERT_THAT(other, IsOk());
  EXPECT_NE(*other->registration.nonce, *first->registration.nonce);
}

TEST_F(LocalRegistryTest, AnInterruptedRegistrationIsCompleted) {
  ASSERT_THAT(Register(Cnn(1)), IsOk());
  const auto full = ReadRegistryFile(path_);
  ASSERT_THAT(full, IsOk());
  // What is on disk after a kill between commitment and nonce.
  const auto signer = crypto::ReadSigningKeyFile(path_ + ".key");
  ASSERT_THAT(signer, IsOk());
  Registry cut(signer->public_key());
  ASSERT_THAT(
      cut.Commit(*signer, key_, ArchitectureDigest(Cnn(1)), ModelDigest(Cnn(1)),
                 0.2, kOwnerEpsilon, clock_.NowMillis()),
      IsOk());
  ASSERT_THAT(WriteFileAtomically(path_, cut.Serialize()), IsOk());
  const auto completed = Register(Cnn(1));
  ASSERT_THAT(completed, IsOk());
  EXPECT_TRUE(completed->existed);
  EXPECT_TRUE(completed->registration.nonce.has_value());
  EXPECT_EQ(completed->registration.number, 0u);
}

TEST_F(LocalRegistryTest, AnAttestationIsRecordedOnce) {
  const auto outcome = Register(Cnn(1));
  ASSERT_THAT(outcome, IsOk());
  const auto digest = ModelDigest(Cnn(5));
  ASSERT_THAT(AttestModel(path_, key_, 0, digest, clock_), IsOk());
  ASSERT_THAT(AttestModel(path_, key_, 0, digest, clock_), IsOk());
  EXPECT_EQ(ReadRegistryFile(path_)->num_records(), 3u);
}

TEST_F(LocalRegistryTest, HalfARegistryIsRefused) {
  ASSERT_THAT(Register(Cnn(1)), IsOk());
  std::filesystem::rename(path_, folder_ + "/away");
  EXPECT_THAT(Register(Cnn(1)), StatusIs(absl::StatusCode::kFailedPrecondition,
                                         HasSubstr("is absent but its key")));
  std::filesystem::rename(folder_ + "/away", path_);
  std::filesystem::remove(path_ + ".key");
  EXPECT_THAT(Register(Cnn(1)), StatusIs(absl::StatusCode::kFailedPrecondition,
                                         HasSubstr("its signing key")));
  EXPECT_THAT(ReadRegistryFile(folder_ + "/none"),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(LocalRegistryTest, AModelThatCannotCarryAMarkIsNotRegistered) {
  const auto mlp = runtime::MakeArchitecture({.name = "mlp"}).value();
  EXPECT_THAT(Register(mlp), StatusIs(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("a mark needs 4096")));
  EXPECT_FALSE(FileExists(path_));
}

}  // namespace
}  // namespace sotto::watermark
