#include "training/local/idx_dataset.h"

#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::training {
namespace {

using ::testing::HasSubstr;

const Bytes kImages = {0, 0, 8, 3, 0, 0, 0, 2,   0,  0,
                       0, 1, 0, 0, 0, 2, 0, 255, 51, 102};
const Bytes kLabels = {0, 0, 8, 1, 0, 0, 0, 2, 7, 9};

TEST(IdxDatasetTest, EveryTruncationAndExtensionIsRefused) {
  ASSERT_THAT(ParseIdx(kImages), IsOk());
  for (std::size_t size = 0; size < kImages.size(); ++size) {
    EXPECT_THAT(ParseIdx(ByteView(kImages).first(size)),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  Bytes longer = kImages;
  longer.push_back(0);
  EXPECT_THAT(ParseIdx(longer), StatusIs(absl::StatusCode::kInvalidArgument));
  Bytes huge = kImages;
  for (std::size_t i = 4; i < 16; ++i) huge[i] = 0xff;
  EXPECT_THAT(ParseIdx(huge), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(IdxDatasetTest, FoldersReadAsScaledPixelsAndErrorsNameTheFile) {
  const std::string folder =
      ::testing::TempDir() + "sotto_idx_" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  EXPECT_THAT(ReadIdxFolder(folder, Split::kTest),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("t10k-images")));
  ASSERT_THAT(WriteFileAtomically(folder + "/t10k-images-idx3-ubyte", kImages),
              IsOk());
  ASSERT_THAT(WriteFileAtomically(folder + "/t10k-labels-idx1-ubyte", kLabels),
              IsOk());
  const auto table = ReadIdxFolder(folder, Split::kTest);
  ASSERT_THAT(table, IsOk());
  std::vector<float> row(2);
  EXPECT_EQ(table->Read(1, row), 9);
  EXPECT_FLOAT_EQ(row[0], 0.2f);
  EXPECT_EQ(table->Read(0, row), 7);
  EXPECT_FLOAT_EQ(row[1], 1.0f);
  ASSERT_THAT(WriteFileAtomically(folder + "/t10k-labels-idx1-ubyte",
                                  ByteView(kLabels).first(9)),
              IsOk());
  EXPECT_THAT(
      ReadIdxFolder(folder, Split::kTest),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("t10k-labels")));
  std::filesystem::remove_all(folder);
}

TEST(IdxDatasetTest, DamagedGzipIsRefused) {
  EXPECT_THAT(Gunzip(kImages, 1000),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Gunzip({}, 1000), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sotto::training
