#include "client/storage/trusted_rollout.h"

#include "base/status.h"
#include "client/storage/bound_statement.h"

namespace sotto::client {

absl::StatusOr<std::optional<Bytes>> TrustedRollout::Load(
    const std::string& model) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      BoundStatement(database_.sql(),
                     "SELECT document FROM rollout WHERE model = ?1", model));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::optional<Bytes>();
  return std::optional<Bytes>(row.Blob(0));
}

absl::Status TrustedRollout::Save(const std::string& model, std::uint64_t seq,
                                  ByteView document) {
  SOTTO_RETURN_IF_ERROR(
      RunBound(database_.sql(),
               "INSERT INTO rollout VALUES (?1, ?2, ?3) ON CONFLICT (model) DO "
               "UPDATE SET seq = excluded.seq, document = excluded.document "
               "WHERE excluded.seq > seq",
               model, seq, document));
  if (database_.sql().Changes() == 1) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "rollout of '%s': document %d is not newer than the trusted one", model,
      seq));
}

}  // namespace sotto::client
