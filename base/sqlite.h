// A thin owner of one SQLite connection in WAL mode with synchronous=FULL, and
// prepared statements with typed binds. The only file outside server/state that
// knows SQLite.
//
//   Database db = Database::Open(path)
//   auto s = db.Prepare("SELECT name FROM t WHERE id = ?1")
//   s->Bind(1, id); while (s->Step() is true) s->Text(0)
//
// A connection and its statements belong to one thread at a time.

#ifndef SOTTO_BASE_SQLITE_H_
#define SOTTO_BASE_SQLITE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/bytes.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sotto {

class Statement {
 public:
  // Parameters count from 1. Bound bytes are copied.
  absl::Status Bind(int parameter, std::int64_t value);
  absl::Status Bind(int parameter, ByteView value);
  absl::Status Bind(int parameter, std::string_view value);  // TEXT
  absl::Status BindNull(int parameter);

  // True: a row is ready. False: done. ALREADY_EXISTS: a constraint failed.
  // RESOURCE_EXHAUSTED: disk full. DATA_LOSS: the file is damaged.
  absl::StatusOr<bool> Step();
  // Steps to the end, ignoring rows, and resets.
  absl::Status Run();
  // Makes the statement ready for new binds.
  void Reset();

  // Columns count from 0; views last until the next Step or Reset.
  bool IsNull(int column) const;
  std::int64_t Int64(int column) const;
  std::string Text(int column) const;
  Bytes Blob(int column) const;

 private:
  friend class Database;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

class Database {
 public:
  // Creates the file (mode 0600) when absent; ":memory:" for tests.
  static absl::StatusOr<Database> Open(const std::string& path);

  // One or more statements without parameters or results.
  absl::Status Execute(const std::string& sql);
  absl::StatusOr<Statement> Prepare(const std::string& sql);

  // Runs `body` inside BEGIN IMMEDIATE ... COMMIT; rolls back and returns
  // body's error when it fails. Durable when it returns OK. Not nestable.
  absl::Status Transact(const std::function<absl::Status()>& body);

  std::int64_t LastInsertRowId() const;
  std::int64_t Changes() const;

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}

  std::unique_ptr<sqlite3, Closer> database_;
};

}  // namespace sotto

#endif  // SOTTO_BASE_SQLITE_H_
