#include "model_store/tuf/repository.h"

#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model_store/tuf/updater.h"
#include "tests/support/status_matchers.h"

namespace sotto::model_store {
namespace {

constexpr std::int64_t kDay = 86400000;

class RepositoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    ASSERT_THAT(MakeFolder(store_ + "/metadata"), IsOk());
    const Bytes root = MakeRoot(Roles(), clock_.NowMillis()).value();
    ASSERT_THAT(WriteFileAtomically(store_ + "/metadata/1.root.json", root),
                IsOk());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  RepositoryRoles Roles() const {
    const auto role = [](std::vector<const crypto::SigningKey*> keys,
                         int days) {
      const auto threshold = static_cast<std::uint32_t>(keys.size());
      return SigningRole{std::move(keys), threshold, days * kDay};
    };
    return {.root = role({&keys_[0]}, 365),
            .targets = role({&keys_[1], &keys_[2]}, 90),
            .snapshot = role({&keys_[3]}, 7),
            .timestamp = role({&keys_[4]}, 1),
            .delegated = {{"family/digits",
                           role({&keys_[5]}, 30),
                           {"digits/*", "digits/*/*"}}}};
  }
  Repository Open() {
    return Repository::Open(store_, Roles(), clock_).value();
  }
  absl::StatusOr<std::string> Read(const std::string& name) {
    FolderFetcher fetcher(store_);
    const Bytes root = ReadFile(store_ + "/metadata/1.root.json").value();
    auto updater = Updater::Open(folder_ + "/device", root, fetcher, clock_);
    if (!updater.ok()) return updater.status();
    const absl::Status status = updater->Refresh();
    if (!status.ok()) return status;
    const auto target = updater->FindTarget(name);
    if (!target.ok()) return target.status();
    const auto bytes = updater->FetchTarget(*target);
    if (!bytes.ok()) return bytes.status();
    return target->custom_json + " " + ToString(*bytes);
  }

  FakeClock clock_{UnixTime(std::chrono::hours(24 * 20000))};
  crypto::SeededRng rng_{AsBytes("repository")};
  std::vector<crypto::SigningKey> keys_ = [this] {
    std::vector<crypto::SigningKey> keys;
    for (int i = 0; i < 6; ++i) {
      keys.push_back(crypto::SigningKey::Generate(rng_));
    }
    return keys;
  }();
  const std::string folder_ =
      ::testing::TempDir() + "sotto_repository_" + std::to_string(::getpid());
  const std::string store_ = folder_ + "/store";
};

TEST_F(RepositoryTest, WhatIsPublishedADeviceReads) {
  Repository repository = Open();
  ASSERT_THAT(
      repository.AddTargets("family/digits",
                            {{"digits/cnn/1.mseal", ToBytes("one"), ""},
                             {"digits/b", ToBytes("two"), R"({"k": "a\nb"})"}}),
      IsOk());
  EXPECT_EQ(Read("digits/cnn/1.mseal").value(), "{} one");
  // Canonical JSON, over which is signed, leaves a line break as it is.
  EXPECT_EQ(Read("digits/b").value(), R"({"k":"a\nb"} two)");
  EXPECT_THAT(Read("digits/c"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(RepositoryTest, ARepositoryThatIsOpenedAgainGoesOn) {
  ASSERT_THAT(Open().AddTargets("targets", {{"a", ToBytes("1"), ""}}), IsOk());
  EXPECT_EQ(Read("a").value(), "{} 1");
  ASSERT_THAT(Open().AddTargets("targets", {{"b", ToBytes("2"), ""}}), IsOk());
  ASSERT_THAT(Open().AddTargets("targets", {{"a", ToBytes("3"), ""}}), IsOk());
  EXPECT_EQ(Read("a").value(), "{} 3");
  EXPECT_EQ(Read("b").value(), "{} 2");
  EXPECT_EQ(Open().Targets("targets").value().size(), 2u);
}

TEST_F(RepositoryTest, StagedTargetsAreSeenWhenPublished) {
  Repository repository = Open();
  ASSERT_THAT(repository.Stage("targets", {"a", ToBytes("1"), ""}), IsOk());
  EXPECT_THAT(Read("a"), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_THAT(repository.Publish("targets"), IsOk());
  EXPECT_EQ(Read("a").value(), "{} 1");
}

TEST_F(RepositoryTest, OnlineKeysAloneKeepTheTimestampFresh) {
  ASSERT_THAT(Open().AddTargets("targets", {{"a", ToBytes("1"), ""}}), IsOk());
  clock_.Advance(std::chrono::hours(25));
  EXPECT_THAT(Read("a"), StatusIs(absl::StatusCode::kFailedPrecondition));
  RepositoryRoles online = Roles();
  online.root.keys.clear();
  online.targets.keys.clear();
  online.delegated[0].role.keys.clear();
  Repository repository = Repository::Open(store_, online, clock_).value();
  ASSERT_THAT(repository.RefreshOnline(), IsOk());
  EXPECT_EQ(Read("a").value(), "{} 1");
  EXPECT_THAT(repository.Refresh(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(repository.AddTargets("targets", {{"b", ToBytes("2"), ""}}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(Read("a").value(), "{} 1");
}

TEST_F(RepositoryTest, RefreshRenewsEveryRole) {
  ASSERT_THAT(Open().AddTargets("targets", {{"a", ToBytes("1"), ""}}), IsOk());
  clock_.Advance(std::chrono::hours(24 * 100));
  EXPECT_THAT(Read("a"), StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(Open().Refresh(), IsOk());
  EXPECT_EQ(Read("a").value(), "{} 1");
}

TEST_F(RepositoryTest, NamesOutsideTheRoleOrTheFolderAreRefused) {
  Repository repository = Open();
  for (const char* name : {"", "/a", "a/", "../a", "a/../b", "a/./b", "a//b",
                           "a\nb", "a\x7f", "\xff\xfe"}) {
    EXPECT_THAT(repository.Stage("targets", {name, ToBytes("x"), ""}),
                StatusIs(kInvalid))
        << name;
  }
  EXPECT_THAT(repository.Stage("family/digits", {"other/a", ToBytes("x"), ""}),
              StatusIs(kInvalid, ::testing::HasSubstr("may not name")));
  EXPECT_THAT(repository.Stage("nobody", {"a", ToBytes("x"), ""}),
              StatusIs(kInvalid));
  EXPECT_THAT(repository.Stage("targets", {"a", ToBytes("x"), "{\"k\":1.5}"}),
              StatusIs(kInvalid));
}

TEST_F(RepositoryTest, WithoutARootThereIsNoRepository) {
  EXPECT_THAT(Repository::Open(folder_ + "/none", Roles(), clock_).status(),
              StatusIs(absl::StatusCode::kNotFound));
  RepositoryRoles roles = Roles();
  roles.root.keys.clear();
  EXPECT_THAT(MakeRoot(roles, 0),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace sotto::model_store
