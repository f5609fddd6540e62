#include "crypto/stream.h"

#include <algorithm>
#include <string>

#include "base/status.h"
#include "crypto/hkdf.h"

namespace sotto::crypto {
namespace {

AeadNonce NonceOf(std::uint64_t index, bool last) {
  AeadNonce nonce = {};
  for (int i = 0; i < 8; ++i) {
    nonce[static_cast<std::size_t>(10 - i)] =
        static_cast<std::uint8_t>(index >> (8 * i));
  }
  nonce[11] = last ? 1 : 0;
  return nonce;
}

}  // namespace

Secret<32> StreamPayloadKey(const Secret<16>& file_key,
                            ByteView payload_nonce) {
  return HkdfKey(file_key.Reveal(), payload_nonce, AsBytes("payload"));
}

std::uint64_t StreamChunkCount(std::uint64_t plaintext_bytes) {
  if (plaintext_bytes == 0) return 1;
  return (plaintext_bytes - 1) / kStreamChunkBytes + 1;
}

std::uint64_t StreamSealedBytes(std::uint64_t plaintext_bytes) {
  return plaintext_bytes + kAeadTagBytes * StreamChunkCount(plaintext_bytes);
}

void Stream::SealChunk(std::uint64_t index, bool last, ByteView chunk,
                       std::span<std::uint8_t> out) const {
  aead_.SealInto(NonceOf(index, last), {}, chunk, out);
}

absl::Status Stream::OpenChunk(std::uint64_t index, bool last, ByteView sealed,
                               std::span<std::uint8_t> out) const {
  return Annotate(aead_.OpenInto(NonceOf(index, last), {}, sealed, out),
                  "chunk " + std::to_string(index));
}

Bytes Stream::SealAll(ByteView plaintext) const {
  Bytes out(StreamSealedBytes(plaintext.size()));
  std::span<std::uint8_t> rest = out;
  const std::uint64_t count = StreamChunkCount(plaintext.size());
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t size = std::min(plaintext.size(), kStreamChunkBytes);
    SealChunk(i, i + 1 == count, plaintext.first(size),
              rest.first(size + kAeadTagBytes));
    plaintext = plaintext.subspan(size);
    rest = rest.subspan(size + kAeadTagBytes);
  }
  return out;
}

absl::StatusOr<SecretBytes> Stream::OpenAll(ByteView sealed) const {
  const std::uint64_t full = sealed.size() / kStreamSealedChunkBytes;
  const std::size_t tail = sealed.size() % kStreamSealedChunkBytes;
  if (tail != 0 && tail < kAeadTagBytes) {
    return absl::DataLossError("payload ends inside a chunk's tag");
  }
  const std::uint64_t count = full + (tail != 0 ? 1 : 0);
  if (count == 0) return absl::DataLossError("payload has no final chunk");
  if (count > 1 && tail == kAeadTagBytes) {
    return absl::DataLossError("payload ends with an empty chunk");
  }
  SecretBytes out(sealed.size() - kAeadTagBytes * count);
  std::span<std::uint8_t> rest = out.RevealMutable();
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t size = std::min(sealed.size(), kStreamSealedChunkBytes);
    SOTTO_RETURN_IF_ERROR(OpenChunk(i, i + 1 == count, sealed.first(size),
                                    rest.first(size - kAeadTagBytes)));
    sealed = sealed.subspan(size);
    rest = rest.subspan(size - kAeadTagBytes);
  }
  return out;
}

}  // namespace sotto::crypto
