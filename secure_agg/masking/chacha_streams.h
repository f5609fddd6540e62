// ChaCha20 streams added to lanes without a buffer of stream: as many blocks at
// a time as a vector has 32-bit lanes, each word of the state in a vector of
// its own. Works on every processor. Same bytes as crypto::Prg.

#ifndef SOTTO_SECURE_AGG_MASKING_CHACHA_STREAMS_H_
#define SOTTO_SECURE_AGG_MASKING_CHACHA_STREAMS_H_

#include <array>
#include <cstdint>
#include <span>

#include "crypto/secret.h"

namespace sotto::secure_agg {

// The key as the block function reads it (RFC 8439, section 2.3); wiped on
// destruction.
struct ChaChaStream {
  ChaChaStream(const crypto::Secret<32>& secret, bool is_subtracted);
  ChaChaStream(ChaChaStream&&) = default;
  ~ChaChaStream();

  std::array<std::uint32_t, 8> key;
  bool subtract = false;
};

// lanes[i] += or -= lane `first` + i of each stream, little-endian, mod 2^32 or
// 2^16. The nonce is zero, blocks are counted in 64 bits. `first` is a multiple
// of 64. Constant time: no table, no branch on key or stream.
void AddChaChaStreams(std::span<const ChaChaStream> streams,
                      std::uint64_t first, std::span<std::uint32_t> lanes);
void AddChaChaStreams(std::span<const ChaChaStream> streams,
                      std::uint64_t first, std::span<std::uint16_t> lanes);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_MASKING_CHACHA_STREAMS_H_
