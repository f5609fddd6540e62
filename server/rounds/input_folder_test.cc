#include "server/rounds/input_folder.h"

#include <filesystem>

#include "base/file.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

class InputFolderTest : public ::testing::Test {
 protected:
  InputFolderTest() { std::filesystem::remove_all(path_); }
  ~InputFolderTest() override { std::filesystem::remove_all(path_); }

  const std::string path_ = ::testing::TempDir() + "/sotto_input_folder";
};

TEST_F(InputFolderTest, WhatWasAppendedIsReadAfterReopening) {
  {
    auto folder = InputFolder::Open(path_).value();
    EXPECT_EQ(folder->Size(3).value(), 0u);
    ASSERT_THAT(folder->Append(3, Bytes{1, 2, 3}), IsOk());
    ASSERT_THAT(folder->Append(3, Bytes{4, 5}), IsOk());
    ASSERT_THAT(folder->Append(7, Bytes{9}), IsOk());
  }
  auto folder = InputFolder::Open(path_).value();
  EXPECT_EQ(folder->Size(3).value(), 5u);
  Bytes out(3);
  ASSERT_THAT(folder->Read(3, 1, out), IsOk());
  EXPECT_EQ(out, (Bytes{2, 3, 4}));
  EXPECT_THAT(folder->Read(3, 3, out), StatusIs(absl::StatusCode::kDataLoss));
  folder->Drop(3);
  EXPECT_EQ(folder->Size(3).value(), 0u);
  EXPECT_EQ(folder->Size(7).value(), 1u);
  EXPECT_EQ(InputFolder::Clear(path_).value()->Size(7).value(), 0u);
}

TEST_F(InputFolderTest, AFolderThatCannotBeMadeIsAnError) {
  ASSERT_THAT(WriteFileAtomically(path_, "a file"), IsOk());
  EXPECT_FALSE(InputFolder::Open(path_).ok());
}

TEST_F(InputFolderTest, AFolderThatVanishedRefusesChunks) {
  auto folder = InputFolder::Open(path_).value();
  std::filesystem::remove_all(path_);
  EXPECT_THAT(folder->Append(1, Bytes{1}),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace sotto::server
