#include "client/storage/release_slots.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::HasSubstr;

constexpr char kName[] = "digits/cnn";

InstalledRelease Release(std::uint64_t number) {
  return {.release = number,
          .target = "digits/cnn/" + std::to_string(number) + ".mseal",
          .digest = Bytes(32, static_cast<std::uint8_t>(number)),
          .file = "/models/" + std::to_string(number)};
}

class ReleaseSlotsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = ClientDatabase::Open(":memory:");
    ASSERT_THAT(database, IsOk());
    database_.emplace(*std::move(database));
    slots_.emplace(*database_);
  }
  // Activates and returns the file that fell out of both slots.
  std::string Install(std::uint64_t release, std::uint64_t seq) {
    const auto orphan = slots_->Activate(kName, Release(release), seq);
    EXPECT_THAT(orphan, IsOk());
    return orphan.value_or("failed");
  }
  std::uint64_t ActiveRelease() {
    const auto active = slots_->Active(kName);
    return active.ok() && active->has_value() ? (*active)->release : 0;
  }

  std::optional<ClientDatabase> database_;
  std::optional<ReleaseSlots> slots_;
};

TEST_F(ReleaseSlotsTest, NothingIsActiveAtFirst) {
  const auto active = slots_->Active(kName);
  ASSERT_THAT(active, IsOk());
  EXPECT_FALSE(active->has_value());
}

TEST_F(ReleaseSlotsTest, AThirdReleaseReplacesTheOneThatIsNotActive) {
  EXPECT_EQ(Install(1, 1), "");
  EXPECT_EQ(Install(2, 2), "");
  EXPECT_EQ(Install(3, 3), "/models/1");
  EXPECT_EQ(ActiveRelease(), 3u);
  const auto kept = slots_->Find(kName, Release(2).digest);
  ASSERT_THAT(kept, IsOk());
  EXPECT_TRUE(kept->has_value());
}

TEST_F(ReleaseSlotsTest, ARevertActivatesTheOtherSlotAndKeepsBothFiles) {
  Install(1, 1);
  Install(2, 2);
  EXPECT_EQ(Install(1, 3), "");
  EXPECT_EQ(ActiveRelease(), 1u);
  const auto other = slots_->Find(kName, Release(2).digest);
  ASSERT_THAT(other, IsOk());
  EXPECT_TRUE(other->has_value());
}

TEST_F(ReleaseSlotsTest, AnOlderReleaseNeedsANewerDocument) {
  Install(1, 1);
  Install(2, 2);
  EXPECT_THAT(slots_->Activate(kName, Release(1), 2),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("release 1 is older than the installed 2")));
  EXPECT_EQ(ActiveRelease(), 2u);
}

TEST_F(ReleaseSlotsTest, AnOldDocumentCannotBeUsedAgainAfterARevert) {
  Install(1, 1);
  Install(2, 2);
  Install(1, 3);
  Install(2, 4);
  EXPECT_THAT(slots_->Activate(kName, Release(1), 3),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(ReleaseSlotsTest, AReleaseBelowTheFloorIsRefusedByAnyDocument) {
  Install(1, 1);
  ASSERT_THAT(slots_->RaiseFloor(kName, 2), IsOk());
  EXPECT_THAT(slots_->Activate(kName, Release(1), 9),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("below the signed floor 2")));
  EXPECT_THAT(slots_->CheckAllowed(kName, 2, 9), IsOk());
}

TEST_F(ReleaseSlotsTest, TheFloorNeverSinks) {
  ASSERT_THAT(slots_->RaiseFloor(kName, 5), IsOk());
  ASSERT_THAT(slots_->RaiseFloor(kName, 3), IsOk());
  EXPECT_THAT(slots_->CheckAllowed(kName, 4, 1),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(ReleaseSlotsTest, ADroppedReleaseIsInNoSlot) {
  Install(1, 1);
  ASSERT_THAT(slots_->Drop(kName, Release(1).digest), IsOk());
  const auto active = slots_->Active(kName);
  ASSERT_THAT(active, IsOk());
  EXPECT_FALSE(active->has_value());
  EXPECT_THAT(slots_->CheckAllowed(kName, 1, 1), IsOk());
}

}  // namespace
}  // namespace sotto::client
