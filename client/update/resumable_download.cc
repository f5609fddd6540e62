#include "client/update/resumable_download.h"

#include <algorithm>

#include "base/crash_point.h"
#include "base/status.h"
#include "client/update/partial_file.h"
#include "model_store/container/leaves.h"

namespace sotto::client {
namespace {

// Collects one run of missing leaves as it streams in.
class LeafWriter {
 public:
  LeafWriter(const DownloadRequest& request, std::size_t first,
             PartialFile& file, DownloadLedger& ledger,
             DownloadProgress& progress)
      : request_(request),
        leaf_(first),
        file_(file),
        ledger_(ledger),
        progress_(progress) {}

  absl::Status Take(ByteView piece) {
    progress_.fetched_bytes += piece.size();
    while (!piece.empty()) {
      const std::uint64_t want = LeafLength() - buffer_.size();
      const auto taken =
          piece.first(std::min<std::uint64_t>(want, piece.size()));
      buffer_.insert(buffer_.end(), taken.begin(), taken.end());
      piece = piece.subspan(taken.size());
      if (buffer_.size() < LeafLength()) break;
      SOTTO_RETURN_IF_ERROR(FinishLeaf());
    }
    return absl::OkStatus();
  }

 private:
  std::uint64_t LeafLength() const {
    return std::min(request_.leaf_bytes,
                    request_.length_bytes - leaf_ * request_.leaf_bytes);
  }

  absl::Status FinishLeaf() {
    if (model_store::LeafHash(buffer_) != request_.leaves[leaf_]) {
      return absl::DataLossError(absl::StrFormat(
          "'%s': leaf %d of %d does not match its signed hash; the source "
          "serves damaged bytes, nothing was installed, it will be fetched "
          "again",
          request_.name, leaf_, request_.leaves.size()));
    }
    SOTTO_RETURN_IF_ERROR(file_.WriteAt(leaf_ * request_.leaf_bytes, buffer_));
    CrashPoint("device-leaf-written");
    progress_.leaves[leaf_] = true;
    SOTTO_RETURN_IF_ERROR(ledger_.Save(request_.key, progress_));
    CrashPoint("device-leaf-recorded");
    buffer_.clear();
    ++leaf_;
    return absl::OkStatus();
  }

  const DownloadRequest& request_;
  std::size_t leaf_;
  PartialFile& file_;
  DownloadLedger& ledger_;
  DownloadProgress& progress_;
  Bytes buffer_;
};

}  // namespace

absl::StatusOr<std::uint64_t> Download(const DownloadRequest& request,
                                       BlobSource& source,
                                       DownloadLedger& ledger) {
  if (request.leaf_bytes == 0 || request.length_bytes == 0 ||
      (request.length_bytes - 1) / request.leaf_bytes + 1 !=
          request.leaves.size()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "'%s': %d leaves of %d bytes do not cover %d bytes", request.name,
        request.leaves.size(), request.leaf_bytes, request.length_bytes));
  }
  SOTTO_ASSIGN_OR_RETURN(
      PartialFile file,
      PartialFile::Open(request.partial, request.length_bytes));
  SOTTO_ASSIGN_OR_RETURN(
      DownloadProgress progress,
      ledger.Load(request.key, request.length_bytes, request.leaves.size()));
  auto& leaves = progress.leaves;
  for (auto it = std::find(leaves.begin(), leaves.end(), false);
       it != leaves.end(); it = std::find(it, leaves.end(), false)) {
    const auto first = static_cast<std::uint64_t>(it - leaves.begin());
    const auto last = static_cast<std::uint64_t>(
        std::find(it, leaves.end(), true) - leaves.begin());
    const std::uint64_t begin = first * request.leaf_bytes;
    const std::uint64_t end =
        std::min(last * request.leaf_bytes, request.length_bytes);
    LeafWriter writer(request, first, file, ledger, progress);
    const absl::Status status =
        source.Get(request.path, begin, end - begin,
                   [&](ByteView piece) { return writer.Take(piece); });
    if (!status.ok()) {
      // What was fetched in vain counts too.
      SOTTO_RETURN_IF_ERROR(ledger.Save(request.key, progress));
      return Annotate(status, "download of '" + request.name + "'");
    }
    if (!leaves[last - 1]) {
      SOTTO_RETURN_IF_ERROR(ledger.Save(request.key, progress));
      return absl::DataLossError(absl::StrFormat(
          "'%s': the source ended before byte %d; nothing was installed, the "
          "rest will be fetched again",
          request.name, end));
    }
  }
  SOTTO_RETURN_IF_ERROR(file.Publish(request.file));
  CrashPoint("device-file-renamed");
  SOTTO_RETURN_IF_ERROR(ledger.Forget(request.key));
  return progress.fetched_bytes;
}

}  // namespace sotto::client
