// Prepares a statement and binds all its parameters in one call.

#ifndef SOTTO_CLIENT_STORAGE_BOUND_STATEMENT_H_
#define SOTTO_CLIENT_STORAGE_BOUND_STATEMENT_H_

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

#include "base/sqlite.h"
#include "base/status.h"

namespace sotto::client {

inline absl::Status BindOne(Statement& statement, int parameter,
                            std::integral auto value) {
  return statement.Bind(parameter, static_cast<std::int64_t>(value));
}
inline absl::Status BindOne(Statement& statement, int parameter,
                            ByteView value) {
  return statement.Bind(parameter, value);
}
inline absl::Status BindOne(Statement& statement, int parameter,
                            const std::string& value) {
  return statement.Bind(parameter, std::string_view(value));
}

// Parameters 1, 2, ... take `values` in order. Errors of Prepare and Bind.
template <typename... Values>
absl::StatusOr<Statement> BoundStatement(Database& database,
                                         const std::string& sql,
                                         const Values&... values) {
  SOTTO_ASSIGN_OR_RETURN(Statement statement, database.Prepare(sql));
  absl::Status status;
  int parameter = 0;
  ((status.Update(BindOne(statement, ++parameter, values))), ...);
  SOTTO_RETURN_IF_ERROR(status);
  return statement;
}

// Runs a statement that has no rows to read.
template <typename... Values>
absl::Status RunBound(Database& database, const std::string& sql,
                      const Values&... values) {
  SOTTO_ASSIGN_OR_RETURN(Statement statement,
                         BoundStatement(database, sql, values...));
  return statement.Run();
}

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_BOUND_STATEMENT_H_
