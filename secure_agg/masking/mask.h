// Masks on vectors of residues mod 2^bits, fused: each tile of the stream is
// generated in cache and added at once. Lanes of the stream are 16 bits wide
// when bits <= 16, else 32; the sum wraps naturally and is reduced at the end.

#ifndef SOTTO_SECURE_AGG_MASKING_MASK_H_
#define SOTTO_SECURE_AGG_MASKING_MASK_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "crypto/prg.h"
#include "crypto/secret.h"

namespace sotto::secure_agg {

enum class Sign : std::uint8_t { kPlus, kMinus };

// The key of one vector's stream: HKDF(secret, info = vector name).
crypto::Secret<32> VectorKey(const crypto::Secret<32>& secret,
                             std::string_view vector_name);

// values[i] += or -= stream lane i, mod 2^32.
void AddMask(crypto::Prg::Kind kind, const crypto::Secret<32>& vector_key,
             std::uint32_t bits, Sign sign, std::span<std::uint32_t> values);

// values[i] mod 2^bits.
void ReduceLanes(std::uint32_t bits, std::span<std::uint32_t> values);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_MASKING_MASK_H_
