// Test support: a device that updates from a hand-written repository.

#ifndef SOTTO_MODEL_STORE_TUF_TEST_UPDATER_H_
#define SOTTO_MODEL_STORE_TUF_TEST_UPDATER_H_

#include <unistd.h>

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model_store/tuf/test_metadata_forge.h"
#include "tests/support/status_matchers.h"

namespace sotto::model_store {

class UpdaterFixture : public ::testing::Test {
 protected:
  static constexpr auto kExpired = absl::StatusCode::kFailedPrecondition;
  static constexpr std::int64_t kNow = 1767225600000;  // 2026-01-01T00:00:00Z

  void SetUp() override {
    std::filesystem::remove_all(folder_);
    pinned_ = forge_.SealedRoot();
    forge_.Publish(fetcher_.files);
  }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::remove_all(folder_ + "_saved");
  }

  // As after a restart: trust comes from the folder.
  Updater Open() {
    return Updater::Open(folder_, pinned_, fetcher_, clock_).value();
  }
  absl::Status Refresh() {
    fetcher_.requests.clear();
    fetcher_.served_bytes = 0;
    return Open().Refresh();
  }
  absl::StatusOr<TufTarget> Find(const std::string& name) {
    Updater updater = Open();
    const absl::Status status = updater.Refresh();
    if (!status.ok()) return status;
    return updater.FindTarget(name);
  }
  // A device that trusts nothing but its pinned root.
  void ForgetTrust() { std::filesystem::remove_all(folder_); }
  // The trusted folder as it was at SaveTrust.
  void SaveTrust() { CopyFolder(folder_, folder_ + "_saved"); }
  void RestoreTrust() { CopyFolder(folder_ + "_saved", folder_); }
  // Signed metadata of the next version.
  void PublishNext() {
    forge_.Bump();
    forge_.Publish(fetcher_.files);
  }

  static void CopyFolder(const std::string& from, const std::string& to) {
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to);
  }

  std::string folder_ =
      ::testing::TempDir() + "sotto_tuf_" + std::to_string(::getpid());
  FakeClock clock_{UnixTime(std::chrono::milliseconds(kNow))};
  MetadataForge forge_{"2026-02-01T00:00:00Z"};
  MemoryFetcher fetcher_;
  Bytes pinned_;
};

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_TUF_TEST_UPDATER_H_
