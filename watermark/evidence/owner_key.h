// The owner's one secret, from which every other key of a mark is derived.
//
//   mark key  = HKDF-SHA-256(salt = registry nonce, ikm = secret, info = label)
//
// so no choice of the secret can be tried out before the registry has answered
// its commitment with the nonce. Thread-safe: immutable.

#ifndef SOTTO_WATERMARK_EVIDENCE_OWNER_KEY_H_
#define SOTTO_WATERMARK_EVIDENCE_OWNER_KEY_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "crypto/sha2.h"
#include "crypto/sign.h"
#include "runtime/loader/model.h"

namespace sotto::watermark {

class OwnerKey {
 public:
  static OwnerKey Generate(crypto::Rng& rng);
  static OwnerKey FromSecret(crypto::Secret<32> secret);

  // `label` names the use: "A.chips", "C.code" ... One use, one label.
  crypto::Secret<32> Derive(std::string_view label, ByteView salt) const;

  // Signs what the owner tells the registry; derived from the secret.
  const crypto::SigningKey& signing_key() const { return signing_key_; }
  const crypto::PublicKey& public_key() const {
    return signing_key_.public_key();
  }
  // Hiding and binding: SHA-256 of the secret and a salt of its own for
  // `model_digest` (docs/formats/watermark_registry.md).
  crypto::Sha256Digest Commitment(
      const crypto::Sha256Digest& model_digest) const;

  const crypto::Secret<32>& secret() const { return secret_; }

 private:
  OwnerKey(crypto::Secret<32> secret, crypto::SigningKey signing_key)
      : secret_(std::move(secret)), signing_key_(std::move(signing_key)) {}

  crypto::Secret<32> secret_;
  crypto::SigningKey signing_key_;
};

// What a registration names: the graph without weights, and graph and weights.
crypto::Sha256Digest ArchitectureDigest(const runtime::Model& model);
crypto::Sha256Digest ModelDigest(const runtime::Model& model);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_EVIDENCE_OWNER_KEY_H_
