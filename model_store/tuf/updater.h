// The client workflow of TUF 1.0.34, section 5: from a trusted root to verified
// targets.
//
//   Open(folder, root) → Refresh() → FindTarget(name) → FetchTarget(...)
//
// Trusted metadata lies in `folder` under plain names and survives restarts;
// nothing is replaced before it is verified. One fixed `now` judges all expiry
// of a Refresh. Not thread-safe.

#ifndef SOTTO_MODEL_STORE_TUF_UPDATER_H_
#define SOTTO_MODEL_STORE_TUF_UPDATER_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "model_store/tuf/metadata.h"

namespace sotto::model_store {

// Where repository files come from.
class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // `path` is relative to the repository, such as "metadata/2.root.json" or
  // "targets/digits/cnn/1/<sha512>.a.mseal". NOT_FOUND: no such file.
  // RESOURCE_EXHAUSTED: it is longer than max_bytes. UNAVAILABLE: try again.
  virtual absl::StatusOr<Bytes> Fetch(const std::string& path,
                                      std::uint64_t max_bytes) = 0;
};

// A repository in a local folder.
class FolderFetcher final : public Fetcher {
 public:
  explicit FolderFetcher(std::string folder) : folder_(std::move(folder)) {}
  absl::StatusOr<Bytes> Fetch(const std::string& path,
                              std::uint64_t max_bytes) override;

 private:
  std::string folder_;
};

class Updater {
 public:
  // `pinned_root` is what the app ships with; used when the folder has no newer
  // root. `fetcher` and `clock` outlive the updater. INVALID_ARGUMENT,
  // PERMISSION_DENIED: the pinned root is malformed or not signed by itself.
  static absl::StatusOr<Updater> Open(const std::string& folder,
                                      ByteView pinned_root, Fetcher& fetcher,
                                      Clock& clock);

  // PERMISSION_DENIED: signatures, a rollback, metadata that was changed.
  // FAILED_PRECONDITION: something has expired; updates stop, what is installed
  // runs on. UNAVAILABLE: the repository did not answer. Each names the role.
  absl::Status Refresh();

  // After Refresh. NOT_FOUND: no trusted role names the target, among the first
  // 32 that may. Errors of Refresh, of the roles on the way.
  absl::StatusOr<TufTarget> FindTarget(const std::string& name);
  // All targets whose name starts with `prefix`, over all roles, by name.
  absl::StatusOr<std::vector<TufTarget>> ListTargets(const std::string& prefix);

  // Path of a target file under consistent snapshots.
  static std::string TargetPath(const TufTarget& target);
  // Whole file, checked. DATA_LOSS: length or hash differ.
  absl::StatusOr<Bytes> FetchTarget(const TufTarget& target);

  std::uint64_t targets_version() const { return targets_.version; }

 private:
  Updater(std::string folder, Fetcher& fetcher, Clock& clock)
      : folder_(std::move(folder)), fetcher_(&fetcher), clock_(&clock) {}

  absl::Status WalkRoots();
  absl::Status UpdateTimestamp();
  absl::Status UpdateSnapshot();
  absl::Status UpdateTargets();
  // A targets role, verified against its delegator, cached by version.
  absl::StatusOr<TufTargets> LoadTargets(const std::string& role,
                                         const TufKeys& keys,
                                         const TufRole& delegated);
  struct Search;
  absl::Status Walk(const std::string& role_name, const TufTargets& role,
                    Search& search);
  absl::Status CheckExpiry(const std::string& role,
                           std::int64_t expires_ms) const;
  absl::Status Store(const std::string& role, ByteView bytes);
  std::optional<Bytes> Stored(const std::string& role) const;

  std::string folder_;
  Fetcher* fetcher_;  // not owned
  Clock* clock_;      // not owned
  std::int64_t now_ms_ = 0;
  TufRoot root_;
  TufSnapshot timestamp_, snapshot_;
  TufTargets targets_;
  bool refreshed_ = false;
};

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_TUF_UPDATER_H_
