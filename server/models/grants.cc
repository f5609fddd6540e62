#include "server/models/grants.h"

#include <algorithm>

#include "base/file.h"
#include "base/status.h"
#include "model_store/blobs/blob_store.h"
#include "model_store/container/container.h"
#include "model_store/container/grant.h"

namespace sotto::server {
namespace {

constexpr std::int64_t kClockSlackMs = 5LL * 60 * 1000;
constexpr std::uint64_t kMaxEscrowBytes = 4096;

}  // namespace

absl::StatusOr<Grants::Escrow> Grants::EscrowFor(const DeviceRecord& device,
                                                 ByteView digest) {
  absl::StatusOr<EscrowRecord> checkpoint = parts_.store.GetEscrow(digest);
  if (checkpoint.ok()) {
    if (checkpoint->population != device.population) {
      return absl::PermissionDeniedError(absl::StrFormat(
          "checkpoint %s is for population '%s', device %s is of '%s'",
          HexEncode(digest), checkpoint->population,
          HexEncode(device.device_id), device.population));
    }
    return Escrow{.sealed_key = std::move(checkpoint->sealed_key),
                  .release_counter = 0};
  }
  if (!absl::IsNotFound(checkpoint.status())) return checkpoint.status();
  SOTTO_ASSIGN_OR_RETURN(const PublishedContainer container,
                         parts_.models.FindContainer(digest));
  if (!container.recipient.empty() &&
      container.recipient != HexEncode(device.device_id)) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "container '%s' was packaged for another device than %s",
        container.target, HexEncode(device.device_id)));
  }
  absl::StatusOr<Bytes> sealed =
      ReadFile(parts_.model_store + "/escrow/" + HexEncode(digest) + ".key",
               kMaxEscrowBytes);
  if (!sealed.ok()) {
    return Annotate(sealed.status(),
                    "escrow of container '" + container.target + "'");
  }
  return Escrow{.sealed_key = *std::move(sealed),
                .release_counter = container.release_counter};
}

absl::StatusOr<Bytes> Grants::Grant(const DeviceRecord& device,
                                    ByteView digest) {
  model_store::GrantTerms terms;
  if (digest.size() != terms.container_digest.size() ||
      device.device_id.size() != terms.device_id.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("grant: the container digest has %d bytes, wants %d",
                        digest.size(), terms.container_digest.size()));
  }
  SOTTO_ASSIGN_OR_RETURN(const Escrow escrow, EscrowFor(device, digest));
  std::ranges::copy(digest, terms.container_digest.begin());
  std::ranges::copy(device.device_id, terms.device_id.begin());
  terms.release_counter = escrow.release_counter;
  const std::int64_t now = parts_.clock.NowMillis();
  terms.not_before_ms = now - kClockSlackMs;
  terms.not_after_ms = now + kGrantLifetimeMs;
  SOTTO_ASSIGN_OR_RETURN(
      const model_store::FileKey key,
      model_store::OpenEscrow(escrow.sealed_key, terms.container_digest,
                              parts_.keys.broker));
  SOTTO_ASSIGN_OR_RETURN(const crypto::HpkeKem kem,
                         crypto::ParseHpkeKem(device.kem_id));
  return model_store::MakeGrant(terms, key, kem, device.kem_key,
                                parts_.keys.broker_signing, parts_.rng);
}

absl::StatusOr<SealedCheckpoint> Grants::Seal(ByteView weights) {
  const model_store::FileKey key = model_store::NewFileKey(parts_.rng);
  const Bytes container = model_store::SealContainer(
      weights,
      {.alias = "checkpoint",
       .kind = model_store::ContainerKind::kCheckpoint,
       .created_ms = parts_.clock.NowMillis()},
      key, parts_.rng);
  SOTTO_ASSIGN_OR_RETURN(model_store::BlobStore blobs,
                         model_store::BlobStore::Open(parts_.blobs_folder));
  SOTTO_ASSIGN_OR_RETURN(const crypto::Sha256Digest digest,
                         blobs.Put(container));
  SOTTO_ASSIGN_OR_RETURN(
      Bytes sealed_key,
      model_store::MakeEscrow(digest, key, parts_.keys.broker.public_key(),
                              parts_.rng));
  return SealedCheckpoint{.digest = Bytes(digest.begin(), digest.end()),
                          .size_bytes = container.size(),
                          .sealed_key = std::move(sealed_key)};
}

absl::Status Grants::Remove(const Bytes& digest) {
  crypto::Sha256Digest name = {};
  if (digest.size() != name.size()) {
    return absl::InternalError("a container digest of another length");
  }
  std::ranges::copy(digest, name.begin());
  SOTTO_ASSIGN_OR_RETURN(model_store::BlobStore blobs,
                         model_store::BlobStore::Open(parts_.blobs_folder));
  return blobs.Remove(name);
}

}  // namespace sotto::server
