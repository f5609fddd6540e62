#include "server/state/query.h"
#include "server/state/store.h"

namespace sotto::server {
namespace {

constexpr char kColumns[] =
    "SELECT d.device_id, population, certificate, kem_id, kem_key, attributes, "
    "sdk_version, last_seen_ms, r.device_id IS NOT NULL "
    "FROM devices d LEFT JOIN revocations r ON r.device_id = d.device_id ";

DeviceRecord Read(const Statement& row) {
  return {.device_id = row.Blob(0),
          .population = row.Text(1),
          .certificate = row.Blob(2),
          .kem_id = static_cast<std::uint32_t>(row.Int64(3)),
          .kem_key = row.Blob(4),
          .attributes_json = row.Text(5),
          .sdk_version = row.Text(6),
          .last_seen_ms = row.Int64(7),
          .revoked = row.Int64(8) != 0};
}

}  // namespace

absl::Status Store::PutDevice(const DeviceRecord& device) {
  return Execute(database_,
                 "INSERT OR REPLACE INTO devices VALUES (?1, ?2, ?3, ?4, ?5, "
                 "?6, ?7, ?8)",
                 device.device_id, device.population, device.certificate,
                 device.kem_id, device.kem_key, device.attributes_json,
                 device.sdk_version, device.last_seen_ms);
}

absl::StatusOr<DeviceRecord> Store::GetDevice(ByteView device_id) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_, std::string(kColumns) + "WHERE d.device_id = ?1",
            device_id));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) {
    return absl::NotFoundError(absl::StrFormat(
        "device %s has not enrolled here", HexEncode(device_id)));
  }
  return Read(row);
}

absl::StatusOr<std::vector<DeviceRecord>> Store::ListDevices() {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_, std::string(kColumns) + "ORDER BY d.device_id"));
  std::vector<DeviceRecord> devices;
  while (true) {
    SOTTO_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return devices;
    devices.push_back(Read(row));
  }
}

absl::Status Store::TouchDevice(ByteView device_id, std::int64_t now_ms) {
  return Execute(database_,
                 "UPDATE devices SET last_seen_ms = ?2 WHERE device_id = ?1",
                 device_id, now_ms);
}

absl::Status Store::Revoke(ByteView device_id, const std::string& reason) {
  return Execute(database_,
                 "INSERT OR REPLACE INTO revocations VALUES (?1, ?2)",
                 device_id, reason);
}

absl::StatusOr<std::optional<std::string>> Store::Revocation(
    ByteView device_id) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_, "SELECT reason FROM revocations WHERE device_id = ?1",
            device_id));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::optional<std::string>();
  return std::optional<std::string>(row.Text(0));
}

absl::Status Store::PutSession(ByteView token_hash, ByteView device_id,
                               std::int64_t expires_ms) {
  return Transact([&]() -> absl::Status {
    // One session a device: a new enrolment ends the earlier one.
    SOTTO_RETURN_IF_ERROR(Execute(
        database_, "DELETE FROM sessions WHERE device_id = ?1", device_id));
    return Execute(database_, "INSERT INTO sessions VALUES (?1, ?2, ?3)",
                   token_hash, device_id, expires_ms);
  });
}

absl::StatusOr<Bytes> Store::SessionDevice(ByteView token_hash,
                                           std::int64_t now_ms) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_,
            "SELECT device_id, expires_ms FROM sessions WHERE token_hash = ?1",
            token_hash));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) {
    return absl::UnauthenticatedError(
        "the session token is not known here; enrol again");
  }
  if (row.Int64(1) <= now_ms) {
    return absl::UnauthenticatedError(
        "the session token has expired; enrol again");
  }
  return row.Blob(0);
}

}  // namespace sotto::server
