// Uploads that break off.

#include <memory>
#include <span>

#include "gtest/gtest.h"
#include "secure_agg/signed_bytes.h"
#include "tests/support/cohort.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

// As a folder would, it outlives the session.
class SharedInputStore final : public InputStore {
 public:
  explicit SharedInputStore(InputStore& shared) : shared_(shared) {}
  absl::StatusOr<std::uint64_t> Size(std::uint32_t member) override {
    return shared_.Size(member);
  }
  absl::Status Append(std::uint32_t member, ByteView bytes) override {
    return shared_.Append(member, bytes);
  }
  absl::Status Read(std::uint32_t member, std::uint64_t offset,
                    std::span<std::uint8_t> out) override {
    return shared_.Read(member, offset, out);
  }
  void Drop(std::uint32_t member) override { shared_.Drop(member); }

 private:
  InputStore& shared_;
};

TEST(ServerUploadTest, AnUploadGoesOnAfterARestart) {
  MemoryInputStore inputs;
  Cohort cohort({.size = 3, .length = 600000, .bits = 20});
  cohort.ReplaceServer(
      ServerSession::Create(cohort.server_params(), cohort.coordinator(),
                            std::make_unique<SharedInputStore>(inputs))
          .value());
  const auto restart = [&] {
    cohort.ReplaceServer(
        ServerSession::Restore(cohort.server().Snapshot(), cohort.coordinator(),
                               std::make_unique<SharedInputStore>(inputs))
            .value());
  };
  for (std::uint32_t i = 0; i < 3; ++i) {
    ASSERT_THAT(cohort.server().ReceiveAdvertisement(
                    cohort.client(i).Advertise().value(), cohort.now()),
                IsOk());
  }
  ASSERT_THAT(cohort.server().Close(), IsOk());
  for (std::uint32_t i = 0; i < 3; ++i) {
    ASSERT_THAT(
        cohort.server().ReceiveShares(
            cohort.id(i),
            cohort.client(i)
                .ShareKeys(cohort.server().RosterFor(cohort.id(i)).value())
                .value()),
        IsOk());
  }
  ASSERT_THAT(cohort.server().Close(), IsOk());
  const auto chunks = AllChunks(
      cohort.client(0)
          .MaskInput(cohort.server().DeliveryFor(cohort.id(0)).value(),
                     cohort.input(0))
          .value());
  ASSERT_EQ(chunks.size(), 4u);
  for (const auto& chunk : chunks) {
    const auto progress = cohort.server().ReceiveInput(cohort.id(0), chunk);
    ASSERT_THAT(progress, IsOk());
    EXPECT_EQ(progress->complete, chunk.last());
    restart();
    // What it has, it does not ask for again.
    const auto again = cohort.server().ReceiveInput(cohort.id(0), chunks[0]);
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->vector, progress->vector);
    EXPECT_EQ(again->next_offset, progress->next_offset);
  }
  // Torn by a crash of the machine: the upload starts again.
  const auto other = AllChunks(
      cohort.client(1)
          .MaskInput(cohort.server().DeliveryFor(cohort.id(1)).value(),
                     cohort.input(1))
          .value());
  ASSERT_THAT(cohort.server().ReceiveInput(cohort.id(1), other[0]), IsOk());
  ASSERT_THAT(inputs.Append(1, Bytes{7}), IsOk());
  const auto torn = cohort.server().ReceiveInput(cohort.id(1), other[1]);
  ASSERT_THAT(torn, IsOk());
  EXPECT_EQ(torn->next_offset, 0u);
  EXPECT_EQ(inputs.Size(1).value(), 0u);
}

// The snapshot from before the inputs, and what they changed: also who left.
TEST(ServerUploadTest, InputsAreRestoredOnTheSnapshotFromBeforeThem) {
  Cohort cohort({.size = 5, .length = 11});
  const auto each = [&](const auto& step) {
    for (std::uint32_t i = 0; i < 5; ++i) step(i);
    ASSERT_THAT(cohort.server().Close(), IsOk());
  };
  each([&](std::uint32_t i) {
    ASSERT_THAT(cohort.server().ReceiveAdvertisement(
                    cohort.client(i).Advertise().value(), cohort.now()),
                IsOk());
  });
  EXPECT_THAT(cohort.server().RestoreInputs({}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  each([&](std::uint32_t i) {
    const auto roster = cohort.server().RosterFor(cohort.id(i)).value();
    ASSERT_THAT(cohort.server().ReceiveShares(
                    cohort.id(i), cohort.client(i).ShareKeys(roster).value()),
                IsOk());
  });
  const Bytes before = cohort.server().Snapshot();
  v1::Complaint complaint;
  complaint.set_sender(3);
  complaint.set_reason("battery");
  complaint.set_signature(
      ToString(cohort.key(3).Sign(ComplaintBytes(RoundId{9}, complaint))));
  ASSERT_THAT(cohort.server().ReceiveComplaint(cohort.id(3), complaint),
              IsOk());
  for (const std::uint32_t i : {0u, 1u, 2u}) {
    ASSERT_THAT(cohort.SendInput(i), IsOk());
    const Bytes after = cohort.server().Snapshot();
    Bytes inputs = cohort.server().InputSnapshot();
    EXPECT_LT(inputs.size(), after.size() / 4);
    cohort.ReplaceServer(
        ServerSession::Restore(before, cohort.coordinator()).value());
    inputs.back() ^= 1;
    EXPECT_THAT(cohort.server().RestoreInputs(inputs), StatusIs(kDamaged));
    EXPECT_EQ(cohort.server().Snapshot(), before);
    inputs.back() ^= 1;
    ASSERT_THAT(cohort.server().RestoreInputs(inputs), IsOk());
    EXPECT_EQ(cohort.server().Snapshot(), after);
  }
  // Not those of another session.
  const Bytes inputs = cohort.server().InputSnapshot();
  ASSERT_THAT(cohort.SendInput(4), IsOk());
  EXPECT_TRUE(cohort.server().EnoughArrived());
  ASSERT_THAT(cohort.server().Close(), IsOk());
  EXPECT_THAT(cohort.server().RestoreInputs(inputs),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace sotto::secure_agg
