// AES-256 in counter mode (NIST SP 800-38A section 6.5) from a given counter
// block.

#ifndef SOTTO_CRYPTO_AES_CTR_H_
#define SOTTO_CRYPTO_AES_CTR_H_

#include <array>
#include <cstdint>
#include <span>

#include "crypto/secret.h"

namespace sotto::crypto {

// Writes the key stream; the counter is the whole block, big-endian.
void FillAes256Ctr(const Secret<32>& key,
                   const std::array<std::uint8_t, 16>& counter,
                   std::span<std::uint8_t> out);

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_AES_CTR_H_
