// ChaCha20-Poly1305 (RFC 8439).

#ifndef SOTTO_CRYPTO_AEAD_H_
#define SOTTO_CRYPTO_AEAD_H_

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"

namespace sotto::crypto {

inline constexpr std::size_t kAeadTagBytes = 16;
using AeadNonce = std::array<std::uint8_t, 12>;

// One key, many messages. Never seal twice with one nonce. Not thread-safe.
class Aead {
 public:
  explicit Aead(const Secret<32>& key);
  ~Aead();
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;

  // `out` holds plaintext.size() + 16 bytes; it may begin where `plaintext`
  // does.
  void SealInto(const AeadNonce& nonce, ByteView associated_data,
                ByteView plaintext, std::span<std::uint8_t> out) const;
  // `out` holds ciphertext.size() - 16 bytes. DATA_LOSS: the tag does not
  // match, or fewer than 16 bytes; `out` is then zeroed.
  absl::Status OpenInto(const AeadNonce& nonce, ByteView associated_data,
                        ByteView ciphertext, std::span<std::uint8_t> out) const;

  Bytes Seal(const AeadNonce& nonce, ByteView associated_data,
             ByteView plaintext) const;
  absl::StatusOr<SecretBytes> Open(const AeadNonce& nonce,
                                   ByteView associated_data,
                                   ByteView ciphertext) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_AEAD_H_
