// Processes that die by SIGKILL in the middle of a download. A program of its
// own: a process reads where it is to crash once, so every attempt is a child.

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "client/update/download_fixture.h"

namespace sotto::client {
namespace {

constexpr int kFailed = 100;
constexpr int kNothingAsked = 101;

class DownloadKillTest : public ResumableDownloadTest {
 protected:
  // Downloads in a child; returns wait's status. An exit code below kFailed is
  // the first leaf that the child asked for.
  int Attempt(const std::string& crash_at) {
    const pid_t child = fork();
    if (child == 0) {
      if (!crash_at.empty()) setenv("SOTTO_CRASH_AT", crash_at.c_str(), 1);
      if (!Run().ok()) _exit(kFailed);
      if (source_.offsets.empty()) _exit(kNothingAsked);
      _exit(static_cast<int>(source_.offsets[0] / kLeafBytes));
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status;
  }
  void ExpectResumedAt(const std::string& crash_at, int first_leaf) {
    SCOPED_TRACE(crash_at);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    const int killed = Attempt(crash_at);
    ASSERT_TRUE(WIFSIGNALED(killed) && WTERMSIG(killed) == SIGKILL);
    EXPECT_FALSE(FileExists(request_.file));
    const int resumed = Attempt("");
    ASSERT_TRUE(WIFEXITED(resumed));
    EXPECT_EQ(WEXITSTATUS(resumed), first_leaf);
    EXPECT_EQ(*ReadFile(request_.file), content_);
  }
};

TEST_F(DownloadKillTest, ALeafThatWasWrittenButNotRecordedIsFetchedAgain) {
  for (int leaf = 0; leaf < static_cast<int>(kNumLeaves); ++leaf) {
    ExpectResumedAt("device-leaf-written:" + std::to_string(leaf + 1), leaf);
  }
}

TEST_F(DownloadKillTest, ALeafThatWasRecordedIsNotFetchedAgain) {
  for (int leaf = 0; leaf + 1 < static_cast<int>(kNumLeaves); ++leaf) {
    ExpectResumedAt("device-leaf-recorded:" + std::to_string(leaf + 1),
                    leaf + 1);
  }
  ExpectResumedAt("device-leaf-recorded:" + std::to_string(kNumLeaves),
                  kNothingAsked);
}

TEST_F(DownloadKillTest, AKillAfterTheRenameLeavesTheWholeFile) {
  const int killed = Attempt("device-file-renamed");
  ASSERT_TRUE(WIFSIGNALED(killed) && WTERMSIG(killed) == SIGKILL);
  EXPECT_EQ(*ReadFile(request_.file), content_);
}

}  // namespace
}  // namespace sotto::client
