#include "client/storage/client_database.h"

#include <utility>

#include "base/status.h"

namespace sotto::client {
namespace {

constexpr std::int64_t kSchemaVersion = 1;
constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS value (name TEXT PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS slot (
  model TEXT NOT NULL, slot INTEGER NOT NULL, release INTEGER NOT NULL,
  target TEXT NOT NULL, digest BLOB NOT NULL, file TEXT NOT NULL,
  PRIMARY KEY (model, slot));
CREATE TABLE IF NOT EXISTS active_slot (
  model TEXT PRIMARY KEY, slot INTEGER NOT NULL, rollout_seq INTEGER NOT NULL,
  highest_release INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS release_floor (
  model TEXT PRIMARY KEY, release INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS content_grant (
  digest BLOB PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS download (
  digest BLOB PRIMARY KEY, length INTEGER NOT NULL, leaves BLOB NOT NULL,
  fetched_bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS rollout (
  model TEXT PRIMARY KEY, seq INTEGER NOT NULL, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS decision (
  session_id BLOB PRIMARY KEY, survivors BLOB,
  unmasked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS joined (
  task TEXT PRIMARY KEY, round INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS contribution (
  task TEXT NOT NULL, round INTEGER NOT NULL, round_id BLOB NOT NULL,
  time_ms INTEGER NOT NULL, PRIMARY KEY (task, round));
CREATE TABLE IF NOT EXISTS privacy_release (
  population TEXT NOT NULL, model TEXT NOT NULL, task TEXT NOT NULL,
  round INTEGER NOT NULL, count INTEGER NOT NULL, release BLOB NOT NULL,
  PRIMARY KEY (population, model, task, round));
CREATE TABLE IF NOT EXISTS agent (
  id INTEGER PRIMARY KEY CHECK (id = 1), state INTEGER NOT NULL,
  task TEXT NOT NULL, round INTEGER NOT NULL, round_id BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS report (
  model TEXT NOT NULL, seq INTEGER NOT NULL, release INTEGER NOT NULL,
  report_id BLOB NOT NULL, sent INTEGER NOT NULL,
  PRIMARY KEY (model, seq, release));
)sql";

}  // namespace

absl::StatusOr<ClientDatabase> ClientDatabase::Open(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(Database database, Database::Open(path));
  std::int64_t version = 0;
  {
    SOTTO_ASSIGN_OR_RETURN(Statement read,
                           database.Prepare("PRAGMA user_version"));
    SOTTO_RETURN_IF_ERROR(read.Step().status());
    version = read.Int64(0);
  }
  if (version != 0 && version != kSchemaVersion) {
    return absl::DataLossError(absl::StrFormat(
        "'%s' has schema version %d, this build knows %d; use the storage "
        "folder with the SDK that made it, or a new one",
        path, version, kSchemaVersion));
  }
  const absl::Status laid_out = database.Transact([&] {
    SOTTO_RETURN_IF_ERROR(database.Execute(kSchema));
    return database.Execute(
        absl::StrFormat("PRAGMA user_version = %d", kSchemaVersion));
  });
  if (!laid_out.ok()) return laid_out;
  return ClientDatabase(std::move(database));
}

absl::Status ClientDatabase::Put(const std::string& name, ByteView value) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement put,
      database_.Prepare("INSERT OR REPLACE INTO value VALUES (?1, ?2)"));
  SOTTO_RETURN_IF_ERROR(put.Bind(1, std::string_view(name)));
  SOTTO_RETURN_IF_ERROR(put.Bind(2, value));
  return put.Run();
}

absl::StatusOr<std::optional<Bytes>> ClientDatabase::Get(
    const std::string& name) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement get,
      database_.Prepare("SELECT bytes FROM value WHERE name = ?1"));
  SOTTO_RETURN_IF_ERROR(get.Bind(1, std::string_view(name)));
  SOTTO_ASSIGN_OR_RETURN(const bool found, get.Step());
  if (!found) return std::optional<Bytes>();
  return std::optional<Bytes>(get.Blob(0));
}

absl::Status ClientDatabase::Erase(const std::string& name) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement erase, database_.Prepare("DELETE FROM value WHERE name = ?1"));
  SOTTO_RETURN_IF_ERROR(erase.Bind(1, std::string_view(name)));
  return erase.Run();
}

}  // namespace sotto::client
