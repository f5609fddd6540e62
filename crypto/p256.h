// NIST P-256 as HPKE's KEM needs it: scalars of 32 bytes, points uncompressed
// (SEC 1, 65 bytes).

#ifndef SOTTO_CRYPTO_P256_H_
#define SOTTO_CRYPTO_P256_H_

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"

namespace sotto::crypto {

// In [1, order - 1], big-endian.
bool IsP256Scalar(ByteView scalar);
// `scalar` must be valid, asserted.
Bytes P256PublicKey(ByteView scalar);
// The x coordinate of scalar * peer. INVALID_ARGUMENT: `peer` is no point of
// the curve, or the point at infinity.
absl::StatusOr<Secret<32>> P256Agree(ByteView scalar, ByteView peer);

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_P256_H_
