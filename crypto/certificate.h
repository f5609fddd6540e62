// A device's identity certificate: an issuer's Ed25519 signature over who the
// device is and for how long (docs/formats/certificate.md).
//
// Bytes: base/codec "sotto/certificate/v1", device_id, identity_key,
// population, not_before_ms, not_after_ms, then a 64-byte signature over all of
// that.

#ifndef SOTTO_CRYPTO_CERTIFICATE_H_
#define SOTTO_CRYPTO_CERTIFICATE_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/sign.h"

namespace sotto::crypto {

using DeviceId = std::array<std::uint8_t, 16>;

// The first 16 bytes of SHA-256(identity_key).
DeviceId DeviceIdOf(const PublicKey& identity_key);

struct Certificate {
  DeviceId device_id = {};
  PublicKey identity_key = {};
  std::string population;
  std::int64_t not_before_ms = 0;
  std::int64_t not_after_ms = 0;
};

Bytes IssueCertificate(const SigningKey& issuer, const PublicKey& identity_key,
                       const std::string& population,
                       std::int64_t not_before_ms, std::int64_t not_after_ms);

// Parses without judging the signature. INVALID_ARGUMENT: malformed, or the
// device id is not that of the key.
absl::StatusOr<Certificate> DecodeCertificate(ByteView bytes);

// INVALID_ARGUMENT as above. UNAUTHENTICATED: not signed by `issuer`, not yet
// valid, or expired; the message says which and names the device.
absl::StatusOr<Certificate> VerifyCertificate(ByteView bytes,
                                              const PublicKey& issuer,
                                              UnixTime now);

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_CERTIFICATE_H_
