// AES-256-CTR streams added to lanes without leaving the registers: the blocks
// of eight vectors are encrypted at a time (AES-NI, the Arm instructions, four
// blocks a vector with VAES) and added at once. Same bytes as crypto::Prg.

#ifndef SOTTO_SECURE_AGG_MASKING_AES_STREAMS_H_
#define SOTTO_SECURE_AGG_MASKING_AES_STREAMS_H_

#include <array>
#include <cstdint>
#include <span>

#include "crypto/secret.h"

namespace sotto::secure_agg {

// Whether the processor has the instructions; nothing below works without.
bool HasAesStreams();

// The fifteen round keys (FIPS 197, section 5.2), computed without tables, so
// in constant time; wiped on destruction.
struct AesStream {
  AesStream(const crypto::Secret<32>& key, bool is_subtracted);
  AesStream(AesStream&&) = default;
  ~AesStream() { crypto::Wipe(round_keys); }

  alignas(16) std::array<std::uint8_t, 240> round_keys;
  bool subtract = false;
};

// lanes[i] += or -= lane `first` + i of each stream, little-endian, mod 2^32 or
// 2^16. `first` is a multiple of 64.
void AddAesStreams(std::span<const AesStream> streams, std::uint64_t first,
                   std::span<std::uint32_t> lanes);
void AddAesStreams(std::span<const AesStream> streams, std::uint64_t first,
                   std::span<std::uint16_t> lanes);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_MASKING_AES_STREAMS_H_
