// The device's one SQLite file: opens it, lays out the tables, and keeps small
// named values. Everything the agent must remember across a kill is here; a
// write is durable when the call returns.

#ifndef SOTTO_CLIENT_STORAGE_CLIENT_DATABASE_H_
#define SOTTO_CLIENT_STORAGE_CLIENT_DATABASE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/sqlite.h"

namespace sotto::client {

class ClientDatabase {
 public:
  // Errors of Database::Open. DATA_LOSS: the file is of another version.
  static absl::StatusOr<ClientDatabase> Open(const std::string& path);

  absl::Status Put(const std::string& name, ByteView value);
  // Empty: never put.
  absl::StatusOr<std::optional<Bytes>> Get(const std::string& name);
  absl::Status Erase(const std::string& name);

  // For the tables' owners: release_slots, download_ledger, decision_log,
  // participation_ledger, privacy_ledger, agent_record, report_ledger.
  Database& sql() { return database_; }

 private:
  explicit ClientDatabase(Database database) : database_(std::move(database)) {}

  Database database_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_CLIENT_DATABASE_H_
