#include "client/storage/release_slots.h"

#include <algorithm>

#include "base/status.h"
#include "client/storage/bound_statement.h"

namespace sotto::client {
namespace {

constexpr int kNumSlots = 2;

InstalledRelease ReadRelease(const Statement& row) {
  return {.release = static_cast<std::uint64_t>(row.Int64(0)),
          .target = row.Text(1),
          .digest = row.Blob(2),
          .file = row.Text(3)};
}

struct Marks {
  std::int64_t slot = -1;  // active; -1: nothing was ever installed
  std::uint64_t rollout_seq = 0;
  std::uint64_t highest_release = 0;
};

absl::StatusOr<Marks> ReadMarks(Database& database, const std::string& model) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      BoundStatement(database,
                     "SELECT slot, rollout_seq, highest_release FROM "
                     "active_slot WHERE model = ?1",
                     model));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return Marks();
  return Marks{.slot = row.Int64(0),
               .rollout_seq = static_cast<std::uint64_t>(row.Int64(1)),
               .highest_release = static_cast<std::uint64_t>(row.Int64(2))};
}

absl::StatusOr<std::uint64_t> ReadFloor(Database& database,
                                        const std::string& model) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      BoundStatement(database,
                     "SELECT release FROM release_floor WHERE model = ?1",
                     model));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  return found ? static_cast<std::uint64_t>(row.Int64(0)) : 0;
}

}  // namespace

absl::StatusOr<std::optional<InstalledRelease>> ReleaseSlots::Active(
    const std::string& model) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      BoundStatement(database_.sql(),
                     "SELECT s.release, s.target, s.digest, s.file FROM slot s "
                     "JOIN active_slot a ON a.model = s.model AND a.slot = "
                     "s.slot WHERE s.model = ?1",
                     model));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::optional<InstalledRelease>();
  return std::optional(ReadRelease(row));
}

absl::StatusOr<std::optional<InstalledRelease>> ReleaseSlots::Find(
    const std::string& model, ByteView digest) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      BoundStatement(database_.sql(),
                     "SELECT release, target, digest, file FROM slot WHERE "
                     "model = ?1 AND digest = ?2",
                     model, digest));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::optional<InstalledRelease>();
  return std::optional(ReadRelease(row));
}

absl::Status ReleaseSlots::CheckAllowed(const std::string& model,
                                        std::uint64_t release,
                                        std::uint64_t rollout_seq) {
  SOTTO_ASSIGN_OR_RETURN(const std::uint64_t floor,
                         ReadFloor(database_.sql(), model));
  if (release < floor) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "model '%s': release %d is below the signed floor %d; it was "
        "withdrawn, publish a newer one",
        model, release, floor));
  }
  SOTTO_ASSIGN_OR_RETURN(const Marks marks, ReadMarks(database_.sql(), model));
  SOTTO_ASSIGN_OR_RETURN(const auto active, Active(model));
  const bool is_active = active.has_value() && active->release == release;
  if (release < marks.highest_release && !is_active &&
      rollout_seq <= marks.rollout_seq) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "model '%s': release %d is older than the installed %d, and rollout "
        "document %d is not newer than %d; a revert needs a new document",
        model, release, marks.highest_release, rollout_seq, marks.rollout_seq));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReleaseSlots::Activate(
    const std::string& model, const InstalledRelease& release,
    std::uint64_t rollout_seq) {
  SOTTO_RETURN_IF_ERROR(CheckAllowed(model, release.release, rollout_seq));
  Database& sql = database_.sql();
  std::string orphan;
  const absl::Status written = sql.Transact([&]() -> absl::Status {
    SOTTO_ASSIGN_OR_RETURN(const Marks marks, ReadMarks(sql, model));
    std::int64_t slot = (marks.slot + 1) % kNumSlots;
    {
      SOTTO_ASSIGN_OR_RETURN(
          Statement held,
          BoundStatement(sql,
                         "SELECT slot FROM slot WHERE model = ?1 AND digest = "
                         "?2",
                         model, ByteView(release.digest)));
      SOTTO_ASSIGN_OR_RETURN(const bool found, held.Step());
      if (found) slot = held.Int64(0);
    }
    {
      SOTTO_ASSIGN_OR_RETURN(
          Statement old,
          BoundStatement(sql,
                         "SELECT file FROM slot WHERE model = ?1 AND slot = ?2",
                         model, slot));
      SOTTO_ASSIGN_OR_RETURN(const bool found, old.Step());
      if (found && old.Text(0) != release.file) orphan = old.Text(0);
    }
    SOTTO_RETURN_IF_ERROR(RunBound(
        sql, "INSERT OR REPLACE INTO slot VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        model, slot, release.release, release.target, ByteView(release.digest),
        release.file));
    return RunBound(
        sql, "INSERT OR REPLACE INTO active_slot VALUES (?1, ?2, ?3, ?4)",
        model, slot, std::max(marks.rollout_seq, rollout_seq),
        std::max(marks.highest_release, release.release));
  });
  if (!written.ok()) return written;
  return orphan;
}

absl::Status ReleaseSlots::Drop(const std::string& model, ByteView digest) {
  return RunBound(database_.sql(),
                  "DELETE FROM slot WHERE model = ?1 AND digest = ?2", model,
                  digest);
}

absl::Status ReleaseSlots::RaiseFloor(const std::string& model,
                                      std::uint64_t release) {
  return RunBound(database_.sql(),
                  "INSERT INTO release_floor VALUES (?1, ?2) ON CONFLICT "
                  "(model) DO UPDATE SET release = MAX(release, "
                  "excluded.release)",
                  model, release);
}

}  // namespace sotto::client
