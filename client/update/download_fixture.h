// A file of five leaves behind a scripted source, for the tests of downloads.

#ifndef SOTTO_CLIENT_UPDATE_DOWNLOAD_FIXTURE_H_
#define SOTTO_CLIENT_UPDATE_DOWNLOAD_FIXTURE_H_

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "client/update/resumable_download.h"
#include "client/update/scripted_source.h"
#include "gtest/gtest.h"
#include "model_store/container/leaves.h"

namespace sotto::client {

inline constexpr std::uint64_t kLeafBytes = 1000;
inline constexpr std::size_t kNumLeaves = 5;

class ResumableDownloadTest : public ::testing::Test {
 protected:
  ResumableDownloadTest()
      : folder_(testing::TempDir() + "/download"), content_(4321) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    for (std::size_t i = 0; i < content_.size(); ++i) {
      content_[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    }
    source_.files["/t/m.mseal"] = content_;
    request_ = {.name = "m.mseal",
                .path = "/t/m.mseal",
                .file = folder_ + "/m.mseal",
                .partial = folder_ + "/m.part",
                .key = Bytes(32, 1),
                .length_bytes = content_.size(),
                .leaf_bytes = kLeafBytes,
                .leaves = {}};
    for (std::size_t at = 0; at < content_.size(); at += kLeafBytes) {
      request_.leaves.push_back(
          model_store::LeafHash(ByteView(content_).subspan(
              at, std::min<std::size_t>(kLeafBytes, content_.size() - at))));
    }
  }
  absl::StatusOr<std::uint64_t> Run() {
    SOTTO_ASSIGN_OR_RETURN(ClientDatabase database,
                           ClientDatabase::Open(folder_ + "/client.db"));
    DownloadLedger ledger(database);
    return Download(request_, source_, ledger);
  }

  const std::string folder_;
  Bytes content_;
  ScriptedSource source_;
  DownloadRequest request_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_UPDATE_DOWNLOAD_FIXTURE_H_
