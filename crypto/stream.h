// The age v1 payload: STREAM over ChaCha20-Poly1305 with 64 KiB chunks
// (C2SP age specification, "Payload").
//
// Chunk i is sealed under the nonce  11-byte big-endian i || last,  last being
// 1 on the final chunk only. The final chunk may be short; it is empty only
// when the whole plaintext is.
//
// Not thread-safe; two openers of one key may run side by side.

#ifndef SOTTO_CRYPTO_STREAM_H_
#define SOTTO_CRYPTO_STREAM_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/aead.h"
#include "crypto/secret.h"

namespace sotto::crypto {

inline constexpr std::size_t kStreamChunkBytes = 65536;
inline constexpr std::size_t kStreamSealedChunkBytes =
    kStreamChunkBytes + kAeadTagBytes;
inline constexpr std::size_t kStreamNonceBytes = 16;

// payload_key = HKDF-SHA-256(file_key, salt = payload_nonce, "payload").
Secret<32> StreamPayloadKey(const Secret<16>& file_key, ByteView payload_nonce);

// Number of chunks, and sealed size without the payload nonce.
std::uint64_t StreamChunkCount(std::uint64_t plaintext_bytes);
std::uint64_t StreamSealedBytes(std::uint64_t plaintext_bytes);

class Stream {
 public:
  explicit Stream(const Secret<32>& payload_key) : aead_(payload_key) {}

  // `out` holds chunk.size() + 16 bytes.
  void SealChunk(std::uint64_t index, bool last, ByteView chunk,
                 std::span<std::uint8_t> out) const;
  // `out` holds sealed.size() - 16 bytes. DATA_LOSS names the chunk.
  absl::Status OpenChunk(std::uint64_t index, bool last, ByteView sealed,
                         std::span<std::uint8_t> out) const;

  // Whole payloads, without the payload nonce.
  Bytes SealAll(ByteView plaintext) const;
  // DATA_LOSS: truncated, extended, reordered or damaged.
  absl::StatusOr<SecretBytes> OpenAll(ByteView sealed) const;

 private:
  Aead aead_;
};

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_STREAM_H_
