// Binding a list of values to a statement in order, for server/state only.

#ifndef SOTTO_SERVER_STATE_QUERY_H_
#define SOTTO_SERVER_STATE_QUERY_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/sqlite.h"
#include "base/status.h"

namespace sotto::server {

inline absl::Status BindOne(Statement& statement, int parameter,
                            const std::string& value) {
  return statement.Bind(parameter, std::string_view(value));
}
inline absl::Status BindOne(Statement& statement, int parameter,
                            ByteView value) {
  return statement.Bind(parameter, value);
}
inline absl::Status BindOne(Statement& statement, int parameter,
                            const Bytes& value) {
  return statement.Bind(parameter, ByteView(value));
}
template <typename Integer>
requires std::is_integral_v<Integer> absl::Status BindOne(Statement& statement,
                                                          int parameter,
                                                          Integer value) {
  return statement.Bind(parameter, static_cast<std::int64_t>(value));
}

// A prepared statement with `values` bound to ?1, ?2, ...
template <typename... Values>
absl::StatusOr<Statement> Query(Database& database, const std::string& sql,
                                const Values&... values) {
  absl::StatusOr<Statement> statement = database.Prepare(sql);
  if (!statement.ok()) return statement;
  absl::Status status;
  int parameter = 0;
  ((status.ok() ? status = BindOne(*statement, ++parameter, values) : status),
   ...);
  if (!status.ok()) return status;
  return statement;
}

// Query, then run to the end.
template <typename... Values>
absl::Status Execute(Database& database, const std::string& sql,
                     const Values&... values) {
  SOTTO_ASSIGN_OR_RETURN(Statement statement, Query(database, sql, values...));
  return statement.Run();
}

}  // namespace sotto::server

#endif  // SOTTO_SERVER_STATE_QUERY_H_
