// A source of files that a test writes: contents in memory, faults on request.

#ifndef SOTTO_CLIENT_UPDATE_SCRIPTED_SOURCE_H_
#define SOTTO_CLIENT_UPDATE_SCRIPTED_SOURCE_H_

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/transport/blob_source.h"

namespace sotto::client {

class ScriptedSource final : public BlobSource {
 public:
  std::map<std::string, Bytes> files;
  // The connection breaks after this many bytes of a transfer.
  std::optional<std::uint64_t> break_after_bytes;
  bool unreachable = false;
  int num_requests = 0;
  std::vector<std::string> paths;      // of all requests
  std::vector<std::uint64_t> offsets;  // of all requests

  void SetBase(const std::string&) override {}

  absl::Status Get(const std::string& path, std::uint64_t offset,
                   std::uint64_t max_bytes, const ByteSink& sink) override {
    ++num_requests;
    paths.push_back(path);
    offsets.push_back(offset);
    if (unreachable) return absl::UnavailableError("no connection");
    const auto found = files.find(path);
    if (found == files.end()) return absl::NotFoundError(path);
    const Bytes& content = found->second;
    if (offset >= content.size()) return absl::OutOfRangeError(path);
    std::uint64_t end =
        std::min<std::uint64_t>(content.size(), offset + max_bytes);
    const bool breaks = break_after_bytes && offset + *break_after_bytes < end;
    if (breaks) end = offset + *break_after_bytes;
    // Odd pieces, so that leaves begin and end within them.
    for (std::uint64_t at = offset; at < end; at += 97) {
      const std::uint64_t size = std::min<std::uint64_t>(97, end - at);
      const absl::Status status = sink(ByteView(content).subspan(at, size));
      if (!status.ok()) return status;
    }
    if (breaks) return absl::UnavailableError("connection broke");
    return absl::OkStatus();
  }

  void CancelTransfers() override {}
  void ResumeTransfers() override {}
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_UPDATE_SCRIPTED_SOURCE_H_
