#include "base/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/status.h"

namespace sotto {
namespace {

absl::Status ToStatus(int code, sqlite3* database, const char* verb) {
  const char* file =
      database != nullptr ? sqlite3_db_filename(database, "main") : nullptr;
  std::string message = absl::StrFormat(
      "database '%s': cannot %s: %s", file != nullptr ? file : "", verb,
      database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code));
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
      return absl::OkStatus();
    case SQLITE_CONSTRAINT:
      return absl::AlreadyExistsError(message);
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM:
      return absl::ResourceExhaustedError(
          message + "; nothing was changed, free some space and try again");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(
          message + "; the file is damaged, put a good copy in its place");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return absl::PermissionDeniedError(message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
      return absl::UnavailableError(message);
    default:
      return absl::InternalError(message);
  }
}

}  // namespace

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

absl::Status Statement::Bind(int parameter, std::int64_t value) {
  return ToStatus(sqlite3_bind_int64(statement_.get(), parameter, value),
                  sqlite3_db_handle(statement_.get()), "bind");
}
absl::Status Statement::Bind(int parameter, ByteView value) {
  // A null pointer would bind NULL; an empty blob is not NULL.
  const void* data =
      value.empty() ? "" : static_cast<const void*>(value.data());
  return ToStatus(sqlite3_bind_blob64(statement_.get(), parameter, data,
                                      value.size(), SQLITE_TRANSIENT),
                  sqlite3_db_handle(statement_.get()), "bind");
}
absl::Status Statement::Bind(int parameter, std::string_view value) {
  const char* data = value.empty() ? "" : value.data();
  return ToStatus(
      sqlite3_bind_text64(statement_.get(), parameter, data, value.size(),
                          SQLITE_TRANSIENT, SQLITE_UTF8),
      sqlite3_db_handle(statement_.get()), "bind");
}
absl::Status Statement::BindNull(int parameter) {
  return ToStatus(sqlite3_bind_null(statement_.get(), parameter),
                  sqlite3_db_handle(statement_.get()), "bind");
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return ToStatus(code, sqlite3_db_handle(statement_.get()), "step");
}

absl::Status Statement::Run() {
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) more = Step();
  Reset();
  return more.status();
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}
std::int64_t Statement::Int64(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}
std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(
      sqlite3_column_text(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return text == nullptr ? ""
                         : std::string(text, static_cast<std::size_t>(size));
}
Bytes Statement::Blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(
      sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? Bytes{} : Bytes(data, data + size);
}

void Database::Closer::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

absl::StatusOr<Database> Database::Open(const std::string& path) {
  if (path != ":memory:") {
    // SQLite would create it with the umask's mode; device state is private.
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) ::close(fd);
  }
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &raw,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
      nullptr);
  Database database(raw);
  if (code != SQLITE_OK) {
    return Annotate(ToStatus(code, raw, "open"), "'" + path + "'");
  }
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, 5000);
  const absl::Status status = database.Execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
      "PRAGMA foreign_keys=ON;");
  if (!status.ok()) return status;
  return database;
}

absl::Status Database::Execute(const std::string& sql) {
  return ToStatus(
      sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr),
      database_.get(), "execute");
}

absl::StatusOr<Statement> Database::Prepare(const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  const int code =
      sqlite3_prepare_v2(database_.get(), sql.c_str(),
                         static_cast<int>(sql.size()), &raw, nullptr);
  Statement statement(raw);
  SOTTO_RETURN_IF_ERROR(ToStatus(code, database_.get(), "prepare"));
  return statement;
}

absl::Status Database::Transact(const std::function<absl::Status()>& body) {
  SOTTO_RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  absl::Status status = body();
  if (status.ok()) status = Execute("COMMIT");
  if (!status.ok()) Execute("ROLLBACK").IgnoreError();
  return status;
}

std::int64_t Database::LastInsertRowId() const {
  return sqlite3_last_insert_rowid(database_.get());
}
std::int64_t Database::Changes() const {
  return sqlite3_changes64(database_.get());
}

}  // namespace sotto
