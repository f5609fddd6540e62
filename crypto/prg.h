// Mask generators: a keyed stream that can start at any block.
//
// A key must serve one stream only (one secret, one vector name): the counter
// starts at zero. kAes256Ctr is AES-256-CTR with a zero IV (NIST SP 800-38A,
// 16-byte blocks); kChaCha20 is RFC 8439's block function with a zero nonce and
// a 64-bit counter (64-byte blocks). For uniform skipping both count in 64-byte
// blocks here.
//
// Thread-safe: const methods share no state.

#ifndef SOTTO_CRYPTO_PRG_H_
#define SOTTO_CRYPTO_PRG_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/secret.h"

namespace sotto::crypto {

class Prg {
 public:
  enum class Kind : std::uint8_t { kAes256Ctr, kChaCha20 };
  static constexpr std::size_t kBlockBytes = 64;

  Prg(Kind kind, const Secret<32>& key) : kind_(kind), key_(key.Clone()) {}

  // Writes the stream from byte start_block * 64 on.
  void Fill(std::span<std::uint8_t> out, std::uint64_t start_block) const;

  // "aes256-ctr" and "chacha20", the names in a session manifest.
  static std::string_view Name(Kind kind);
  // INVALID_ARGUMENT: another name.
  static absl::StatusOr<Kind> Parse(std::string_view name);
  // AES where the processor has instructions for it.
  static Kind Preferred();

 private:
  Kind kind_;
  Secret<32> key_;
};

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_PRG_H_
