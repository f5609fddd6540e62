#include "client/update/model_opener.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "client/storage/bound_statement.h"
#include "client/storage/release_slots.h"
#include "model_store/container/grant.h"

namespace sotto::client {
namespace {

crypto::Sha256Digest ToDigest(ByteView bytes) {
  crypto::Sha256Digest digest = {};
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()),
              digest.begin());
  return digest;
}

}  // namespace

absl::StatusOr<model_store::FileKey> ModelOpener::KeyFrom(ByteView grant,
                                                          ByteView digest) {
  return model_store::OpenGrant(
      grant,
      {.container_digest = ToDigest(digest),
       .device_id = parts_.identity.certificate.device_id,
       .broker = parts_.broker,
       .now = parts_.clock.Now()},
      parts_.identity.grant_key);
}

absl::StatusOr<model_store::FileKey> ModelOpener::StoredKey(ByteView digest) {
  std::optional<Bytes> grant;
  {
    SOTTO_ASSIGN_OR_RETURN(
        Statement row,
        BoundStatement(parts_.database.sql(),
                       "SELECT bytes FROM content_grant WHERE digest = ?1",
                       digest));
    SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (found) grant = row.Blob(0);
  }
  if (!grant) return absl::NotFoundError("no grant is stored");
  absl::StatusOr<model_store::FileKey> key = KeyFrom(*grant, digest);
  if (key.ok()) return key;
  // Expired, or from before the app pinned another broker.
  SOTTO_RETURN_IF_ERROR(RunBound(parts_.database.sql(),
                                 "DELETE FROM content_grant WHERE digest = ?1",
                                 digest));
  return absl::NotFoundError("the stored grant is not valid any more");
}

absl::StatusOr<model_store::FileKey> ModelOpener::FetchKey(ByteView digest) {
  v1::GetGrantRequest request;
  request.set_container_digest(ToString(digest));
  SOTTO_ASSIGN_OR_RETURN(const v1::GetGrantReply reply,
                         parts_.coordinator.GetGrant(request));
  SOTTO_ASSIGN_OR_RETURN(model_store::FileKey key,
                         KeyFrom(AsBytes(reply.grant()), digest));
  SOTTO_RETURN_IF_ERROR(
      RunBound(parts_.database.sql(),
               "INSERT OR REPLACE INTO content_grant VALUES (?1, ?2)", digest,
               AsBytes(reply.grant())));
  return key;
}

absl::StatusOr<model_store::OpenedPayload> ModelOpener::Open(
    ByteView bytes, ByteView digest, const std::string& name) {
  if (!std::ranges::equal(model_store::ContainerDigest(bytes), digest)) {
    return absl::DataLossError(absl::StrFormat(
        "container '%s' does not match its digest %s; it is damaged and will "
        "be fetched again",
        name, HexEncode(digest)));
  }
  absl::StatusOr<model_store::FileKey> key = StoredKey(digest);
  if (absl::IsNotFound(key.status())) key = FetchKey(digest);
  if (!key.ok()) {
    return Annotate(key.status(), "grant for container '" + name + "'");
  }
  absl::StatusOr<model_store::OpenedPayload> opened =
      model_store::OpenContainer(bytes, *key);
  if (!opened.ok()) {
    return Annotate(opened.status(), "container '" + name + "'");
  }
  return opened;
}

absl::StatusOr<std::unique_ptr<LoadedModel>> ModelOpener::LoadActive() {
  ReleaseSlots slots(parts_.database);
  const std::string& family = parts_.config.model;
  SOTTO_ASSIGN_OR_RETURN(const auto active, slots.Active(family));
  if (!active) {
    return absl::NotFoundError(absl::StrFormat(
        "model '%s' is not installed on this device yet; update first",
        family));
  }
  const auto open = [&]() -> absl::StatusOr<model_store::OpenedPayload> {
    absl::StatusOr<Bytes> file =
        ReadFile(active->file, parts_.config.policy.max_model_bytes);
    if (absl::IsNotFound(file.status())) {
      return absl::DataLossError(absl::StrFormat(
          "'%s' of release %d is gone; it will be fetched again", active->file,
          active->release));
    }
    if (!file.ok()) return file.status();
    return Open(*file, active->digest, active->target);
  };
  absl::StatusOr<model_store::OpenedPayload> payload = open();
  if (absl::IsDataLoss(payload.status())) {
    SOTTO_RETURN_IF_ERROR(slots.Drop(family, active->digest));
    SOTTO_RETURN_IF_ERROR(RemoveFile(active->file));
  }
  if (!payload.ok()) return payload.status();
  return LoadedModel::Create(payload->bytes(), active->target, active->release);
}

}  // namespace sotto::client
