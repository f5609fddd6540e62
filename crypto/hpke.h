// HPKE (RFC 9180), base mode, single shot: KEM 0x0020 DHKEM(X25519) or 0x0010
// DHKEM(P-256), KDF 0x0001 HKDF-SHA256, AEAD 0x0003 ChaCha20-Poly1305.
//
// Thread-safe: free functions without state.

#ifndef SOTTO_CRYPTO_HPKE_H_
#define SOTTO_CRYPTO_HPKE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/rng.h"
#include "crypto/secret.h"

namespace sotto::crypto {

enum class HpkeKem : std::uint16_t { kP256 = 0x0010, kX25519 = 0x0020 };

// INVALID_ARGUMENT: another number.
absl::StatusOr<HpkeKem> ParseHpkeKem(std::uint32_t number);

struct HpkeSealed {
  Bytes enc;  // 32 bytes (X25519) or 65 (P-256, uncompressed)
  Bytes ct;   // plaintext + 16
};

struct HpkeKeyPair {
  SecretBytes private_key;  // 32 bytes
  Bytes public_key;         // 32 or 65 bytes
};

HpkeKeyPair GenerateHpkeKey(HpkeKem kem, Rng& rng);
// RFC 9180 section 7.1.3. `ikm` should hold 32 bytes or more of entropy.
HpkeKeyPair DeriveHpkeKey(HpkeKem kem, ByteView ikm);

// INVALID_ARGUMENT: `public_key` is not a valid point of the group.
absl::StatusOr<HpkeSealed> HpkeSeal(HpkeKem kem, ByteView public_key,
                                    ByteView info, ByteView aad,
                                    ByteView plaintext, Rng& rng);
// With a given ephemeral key; for test vectors.
absl::StatusOr<HpkeSealed> HpkeSealWithEphemeral(HpkeKem kem,
                                                 ByteView public_key,
                                                 ByteView info, ByteView aad,
                                                 ByteView plaintext,
                                                 const HpkeKeyPair& ephemeral);

// INVALID_ARGUMENT: `enc` is not a valid point. DATA_LOSS: another key, info,
// aad, or damaged bytes.
absl::StatusOr<SecretBytes> HpkeOpen(HpkeKem kem, const HpkeKeyPair& recipient,
                                     ByteView enc, ByteView info, ByteView aad,
                                     ByteView ciphertext);

// The key schedule's outcome, for messages beyond the first (section 5.2).
struct HpkeContext {
  Secret<32> key;
  std::array<std::uint8_t, 12> base_nonce = {};
  Secret<32> exporter_secret;
};
absl::StatusOr<HpkeContext> HpkeReceiverContext(HpkeKem kem,
                                                const HpkeKeyPair& recipient,
                                                ByteView enc, ByteView info);

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_HPKE_H_
