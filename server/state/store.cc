#include "server/state/store.h"

#include "base/status.h"
#include "server/state/schema.h"

namespace sotto::server {

absl::StatusOr<Store> Store::Open(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(Database database, Database::Open(path));
  std::int64_t version = 0;
  {
    SOTTO_ASSIGN_OR_RETURN(Statement read,
                           database.Prepare("PRAGMA user_version"));
    SOTTO_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (row) version = read.Int64(0);
  }
  if (version > kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "state '%s': written by a newer version (schema %d, this program knows "
        "%d); run the newer program or name another file",
        path, version, kSchemaVersion));
  }
  if (version < kSchemaVersion) {
    SOTTO_RETURN_IF_ERROR(database.Transact([&] {
      return database.Execute(
          std::string(version == 0 ? kSchema : "") +
          (version < 2 ? kSpendingTable : "") +
          (version < 3 ? kNoiseSeedTable : "") + kNoiseRowTable +
          absl::StrFormat("PRAGMA user_version = %d;", kSchemaVersion));
    }));
  }
  return Store(std::move(database));
}

}  // namespace sotto::server
