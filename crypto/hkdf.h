// HMAC (RFC 2104) and HKDF (RFC 5869), over SHA-256; HMAC also over SHA-512.

#ifndef SOTTO_CRYPTO_HKDF_H_
#define SOTTO_CRYPTO_HKDF_H_

#include <cstddef>

#include "base/bytes.h"
#include "crypto/secret.h"
#include "crypto/sha2.h"

namespace sotto::crypto {

Sha256Digest HmacSha256(ByteView key, ByteView message);
Sha512Digest HmacSha512(ByteView key, ByteView message);

// An empty salt is 32 zero bytes, as RFC 5869 section 2.2 says.
Secret<32> HkdfExtract(ByteView salt, ByteView ikm);
// length_bytes at most 255 * 32, asserted.
SecretBytes HkdfExpand(ByteView pseudorandom_key, ByteView info,
                       std::size_t length_bytes);
SecretBytes HkdfSha256(ByteView ikm, ByteView salt, ByteView info,
                       std::size_t length_bytes);
// The common case: one 32-byte key.
Secret<32> HkdfKey(ByteView ikm, ByteView salt, ByteView info);

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_HKDF_H_
