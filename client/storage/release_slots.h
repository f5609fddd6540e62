// The installed releases: two slots a model, one of them active. Installing
// writes the other slot and makes it active in one transaction; a revert makes
// the other slot active and downloads nothing.
//
// Rollback protection: the highest release ever installed, the signed floor,
// and the number of the rollout document acted on only grow. A lower release
// than the highest is accepted only from a document newer than the one that was
// acted on last, and never below the floor.

#ifndef SOTTO_CLIENT_STORAGE_RELEASE_SLOTS_H_
#define SOTTO_CLIENT_STORAGE_RELEASE_SLOTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/storage/client_database.h"

namespace sotto::client {

struct InstalledRelease {
  std::uint64_t release = 0;  // release counter
  std::string target;         // name in the models repository
  Bytes digest;               // SHA-256 of the container file
  std::string file;           // path
};

class ReleaseSlots {
 public:
  // `database` outlives it.
  explicit ReleaseSlots(ClientDatabase& database) : database_(database) {}

  absl::StatusOr<std::optional<InstalledRelease>> Active(
      const std::string& model);
  // The slot, active or not, that holds the container `digest`.
  absl::StatusOr<std::optional<InstalledRelease>> Find(const std::string& model,
                                                       ByteView digest);

  // PERMISSION_DENIED: `release` is below the floor, or below the highest one
  // installed without `rollout_seq` being newer than the last one acted on.
  absl::Status CheckAllowed(const std::string& model, std::uint64_t release,
                            std::uint64_t rollout_seq);

  // Makes `release` the active one; when no slot holds it, it takes the
  // inactive slot. Returns the file that is in no slot any more, empty: none;
  // the caller removes it. Errors of CheckAllowed.
  absl::StatusOr<std::string> Activate(const std::string& model,
                                       const InstalledRelease& release,
                                       std::uint64_t rollout_seq);

  // Forgets the slot of a damaged file; OK when no slot has it.
  absl::Status Drop(const std::string& model, ByteView digest);

  // Raises the floor; a lower one than known changes nothing.
  absl::Status RaiseFloor(const std::string& model, std::uint64_t release);

 private:
  ClientDatabase& database_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_RELEASE_SLOTS_H_
