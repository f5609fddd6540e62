// Grants: the content key of one container, sealed to one device and signed by
// the broker (docs/formats/grant.md); and the escrow that the broker grants
// from.

#ifndef SOTTO_MODEL_STORE_CONTAINER_GRANT_H_
#define SOTTO_MODEL_STORE_CONTAINER_GRANT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/certificate.h"
#include "crypto/hpke.h"
#include "crypto/kex.h"
#include "crypto/sign.h"
#include "model_store/container/container.h"

namespace sotto::model_store {

struct GrantTerms {
  crypto::Sha256Digest container_digest = {};
  std::uint64_t release_counter = 0;
  crypto::DeviceId device_id = {};
  std::uint32_t key_epoch = 0;
  std::int64_t not_before_ms = 0;
  std::int64_t not_after_ms = 0;
};

// INVALID_ARGUMENT: the device's KEM key is not valid.
absl::StatusOr<Bytes> MakeGrant(const GrantTerms& terms,
                                const FileKey& file_key, crypto::HpkeKem kem,
                                ByteView device_kem_key,
                                const crypto::SigningKey& broker,
                                crypto::Rng& rng);

// What the holder expects of a grant.
struct GrantExpectation {
  crypto::Sha256Digest container_digest = {};
  crypto::DeviceId device_id = {};
  crypto::PublicKey broker = {};
  UnixTime now;
};

// INVALID_ARGUMENT: malformed. PERMISSION_DENIED: not signed by the broker, for
// another container or device, or outside its time; the message says which.
// DATA_LOSS: the sealed key does not open.
absl::StatusOr<FileKey> OpenGrant(ByteView grant,
                                  const GrantExpectation& expected,
                                  const crypto::HpkeKeyPair& device_key);

// A content key sealed to the broker's X25519 key, kept beside the container:
// enc (32 bytes) || ct.
absl::StatusOr<Bytes> MakeEscrow(const crypto::Sha256Digest& container_digest,
                                 const FileKey& file_key,
                                 const crypto::X25519PublicKey& broker,
                                 crypto::Rng& rng);
// DATA_LOSS: made for another broker or container, or damaged.
absl::StatusOr<FileKey> OpenEscrow(ByteView escrow,
                                   const crypto::Sha256Digest& container_digest,
                                   const crypto::X25519Key& broker);

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_CONTAINER_GRANT_H_
