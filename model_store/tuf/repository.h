// The publisher's side of TUF: a repository in a folder, with `metadata/` and
// `targets/` under consistent snapshots.
//
// Files appear by atomic renames, targets first and the timestamp last, so a
// reader at any moment sees the repository before or after, and a publisher
// that was killed publishes again. Not thread-safe; one writer.

#ifndef SOTTO_MODEL_STORE_TUF_REPOSITORY_H_
#define SOTTO_MODEL_STORE_TUF_REPOSITORY_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/sign.h"
#include "model_store/tuf/metadata.h"

namespace sotto::model_store {

struct SigningRole {
  std::vector<const crypto::SigningKey*> keys;  // borrowed; at least threshold
  std::uint32_t threshold = 1;
  std::int64_t lifetime_ms = 0;
};

struct DelegatedRole {
  std::string name;
  SigningRole role;
  std::vector<std::string> paths;
};

// All keys of a repository; `root` may have no keys once 1.root.json exists.
struct RepositoryRoles {
  SigningRole root, targets, snapshot, timestamp;
  std::vector<DelegatedRole> delegated;
};

struct NewTarget {
  std::string name;
  Bytes bytes;
  std::string custom_json;  // an object, or empty
};

// Version 1 of root, signed by roles.root.keys. FAILED_PRECONDITION: fewer keys
// than the threshold.
absl::StatusOr<Bytes> MakeRoot(const RepositoryRoles& roles,
                               std::int64_t now_ms);

class Repository {
 public:
  // Opens the repository in `folder`; files that are missing beside root are
  // made as version 1. NOT_FOUND: no metadata/1.root.json. INVALID_ARGUMENT:
  // existing metadata does not parse.
  static absl::StatusOr<Repository> Open(const std::string& folder,
                                         const RepositoryRoles& roles,
                                         Clock& clock);

  // Writes the file of a target of `role` ("targets" or a delegated one) that
  // is new or replaces one of its name; readers see it after Publish.
  // INVALID_ARGUMENT: no such role, a name outside its paths or one that is no
  // relative path.
  absl::Status Stage(const std::string& role, const NewTarget& target);
  // Signs `role` with what was staged, then snapshot and timestamp.
  // FAILED_PRECONDITION: fewer keys than a threshold are at hand.
  absl::Status Publish(const std::string& role);
  // Stage of each, and Publish.
  absl::Status AddTargets(const std::string& role,
                          const std::vector<NewTarget>& targets);
  // Every role but root again, with new expiry: needs the offline keys.
  absl::Status Refresh();
  // Snapshot and timestamp alone: the online keys suffice.
  absl::Status RefreshOnline();

  // All targets of a role. NOT_FOUND.
  absl::StatusOr<std::vector<TufTarget>> Targets(const std::string& role) const;

 private:
  Repository(std::string folder, RepositoryRoles roles, Clock& clock)
      : folder_(std::move(folder)), roles_(std::move(roles)), clock_(&clock) {}

  absl::Status Load();
  absl::Status CheckName(const std::string& role,
                         const std::string& name) const;
  const SigningRole* FindRole(const std::string& name) const;
  absl::Status WriteTargets(const std::string& role);
  absl::Status WriteSnapshot();

  std::string folder_;
  RepositoryRoles roles_;
  Clock* clock_;                               // not owned
  std::map<std::string, TufTargets> targets_;  // by role
  std::uint64_t snapshot_version_ = 0;
  std::uint64_t timestamp_version_ = 0;
};

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_TUF_REPOSITORY_H_
