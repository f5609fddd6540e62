// HMAC (RFC 2104) and HKDF (RFC 5869), over SHA-256; HMAC also over SHA-512.

#ifndef SOTTO_CRYPTO_HKDF_H_
#define SOTTO_CRYPTO_HKDF_H_

#include <cstddef>
#include <span>

#include "base/bytes.h"
#include "crypto/secret.h"
#include "crypto/sha2.h"

namespace sotto::crypto {

Sha256Digest HmacSha256(ByteView key, ByteView message);
Sha512Digest HmacSha512(ByteView key, ByteView message);

// An empty salt is 32 zero bytes, as RFC 5869 section 2.2 says.
Secret<32> HkdfExtract(ByteView salt, ByteView ikm);
// Fills `out`, which has at most 255 * 32 bytes, asserted; allocates no guarded
// memory, so that short keys are cheap to derive.
void HkdfExpandInto(ByteView pseudorandom_key, ByteView info,
                    std::span<std::uint8_t> out);
// length_bytes at most 255 * 32, asserted.
SecretBytes HkdfSha256(ByteView ikm, ByteView salt, ByteView info,
                       std::size_t length_bytes);
// The common case: one 32-byte key, in the object itself.
Secret<32> HkdfKey(ByteView ikm, ByteView salt, ByteView info);

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_HKDF_H_
