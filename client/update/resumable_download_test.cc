#include "client/update/resumable_download.h"

#include <filesystem>

#include "base/file.h"
#include "client/update/download_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::HasSubstr;

TEST_F(ResumableDownloadTest, AWholeFileArrivesInOneTransfer) {
  const auto fetched = Run();
  ASSERT_THAT(fetched, IsOk());
  EXPECT_EQ(*fetched, content_.size());
  EXPECT_EQ(*ReadFile(request_.file), content_);
  EXPECT_EQ(source_.num_requests, 1);
  EXPECT_FALSE(FileExists(request_.partial));
}

TEST_F(ResumableDownloadTest, ABrokenConnectionCostsAtMostOneLeaf) {
  for (std::uint64_t at = 1; at < content_.size(); at += 333) {
    std::filesystem::remove(request_.file);
    source_.break_after_bytes = at;
    EXPECT_THAT(Run(),
                StatusIs(absl::StatusCode::kUnavailable, HasSubstr("m.mseal")));
    EXPECT_FALSE(FileExists(request_.file));
    source_.break_after_bytes.reset();
    const auto fetched = Run();
    ASSERT_THAT(fetched, IsOk());
    EXPECT_LT(*fetched, content_.size() + kLeafBytes) << "broken at " << at;
    EXPECT_EQ(*ReadFile(request_.file), content_);
  }
}

TEST_F(ResumableDownloadTest, AFlippedBitIsNamedAndNothingIsInstalled) {
  source_.files["/t/m.mseal"][2500] ^= 1;
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kDataLoss,
                              HasSubstr("'m.mseal': leaf 2 of 5")));
  EXPECT_FALSE(FileExists(request_.file));
  // The same device recovers when the source is whole again, and keeps the
  // leaves that were good.
  source_.files["/t/m.mseal"] = content_;
  source_.offsets.clear();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_EQ(source_.offsets, std::vector<std::uint64_t>{2000});
  EXPECT_EQ(*ReadFile(request_.file), content_);
}

TEST_F(ResumableDownloadTest, ATruncatedSourceIsNotInstalled) {
  source_.files["/t/m.mseal"].resize(3500);
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kDataLoss,
                              HasSubstr("ended before byte 4321")));
  EXPECT_FALSE(FileExists(request_.file));
}

TEST_F(ResumableDownloadTest, LeavesThatDoNotCoverTheLengthAreRefused) {
  request_.leaves.pop_back();
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sotto::client
