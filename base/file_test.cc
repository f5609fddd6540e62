#include "base/file.h"

#include <sys/stat.h>

#include <filesystem>

#include "gtest/gtest.h"

namespace sotto {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() { std::filesystem::create_directories(folder_); }
  ~FileTest() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ =
      ::testing::TempDir() + "sotto_file_test_" + std::to_string(::getpid());
};

TEST_F(FileTest, WhatWasWrittenIsReadBackAndNoTemporaryStays) {
  const std::string path = folder_ + "/a";
  ASSERT_TRUE(WriteFileAtomically(path, "first").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "second", FileMode::kPrivate).ok());
  EXPECT_EQ(ReadTextFile(path).value(), "second");
  struct stat info = {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    ++files;
    EXPECT_EQ(entry.path().string(), path);
  }
  EXPECT_EQ(files, 1);
}

TEST_F(FileTest, ErrorsNameThePathAndTheCode) {
  const auto missing = ReadFile(folder_ + "/none");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(missing.status().message().find("/none"), std::string::npos);
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/big", "12345").ok());
  EXPECT_EQ(ReadFile(folder_ + "/big", 4).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReadFile(folder_ + "/big", 5).value().size(), 5u);
  EXPECT_EQ(WriteFileAtomically(folder_ + "/no/such", "x").code(),
            absl::StatusCode::kNotFound);
}

TEST_F(FileTest, RemovingTwiceIsFine) {
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/a", "x").ok());
  EXPECT_EQ(FileSize(folder_ + "/a").value(), 1u);
  EXPECT_TRUE(RemoveFile(folder_ + "/a").ok());
  EXPECT_TRUE(RemoveFile(folder_ + "/a").ok());
  EXPECT_FALSE(FileExists(folder_ + "/a"));
}

}  // namespace
}  // namespace sotto
