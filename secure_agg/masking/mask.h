// Masks on vectors of residues mod 2^bits, fused and tile by tile: a tile of
// the vector stays in the first-level cache while all streams are generated and
// added (aes_streams.h, chacha_streams.h; the library's stream where there are
// no instructions for AES). Lanes of a stream are 16 bits wide when bits <= 16,
// else 32; the sum wraps naturally and is reduced at the end.

#ifndef SOTTO_SECURE_AGG_MASKING_MASK_H_
#define SOTTO_SECURE_AGG_MASKING_MASK_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "crypto/prg.h"
#include "crypto/secret.h"

namespace sotto::secure_agg {

enum class Sign : std::uint8_t { kPlus, kMinus };

struct Mask {
  crypto::Secret<32> seed;  // of the streams of all vectors
  Sign sign = Sign::kPlus;
};

// The key of one vector's stream: HKDF(seed, info = vector name).
crypto::Secret<32> VectorKey(const crypto::Secret<32>& seed,
                             std::string_view vector_name);

// values[i] += or -= lane i of the vector's stream, of every mask, mod 2^16 (in
// the low 16 bits; the others hold nothing of use afterwards) or 2^32. Tiles
// are shared among `workers` threads. Memory: 256 bytes a mask, for at most
// 1024 at a time, and one tile a worker.
void AddMasks(crypto::Prg::Kind kind, std::span<const Mask> masks,
              std::string_view vector_name, std::uint32_t bits,
              std::span<std::uint32_t> values, unsigned workers = 1);

// values[i] mod 2^bits.
void ReduceLanes(std::uint32_t bits, std::span<std::uint32_t> values);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_MASKING_MASK_H_
