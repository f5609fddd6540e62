// Uniform 64-bit words for the samplers, expanded in bulk.
//
// One 32-byte key, drawn from a crypto::Rng or given, keys a crypto::Prg whose
// stream is read 4 KiB at a time: a million noise values cost one request to
// the system's generator. The buffer is wiped at the end, and so is each word
// of it when it is replaced.
//
// Not thread-safe.

#ifndef SOTTO_PRIVACY_NOISE_RANDOM_WORDS_H_
#define SOTTO_PRIVACY_NOISE_RANDOM_WORDS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "crypto/prg.h"
#include "crypto/rng.h"
#include "crypto/secret.h"

namespace sotto::privacy {

class RandomWords {
 public:
  // Secret noise: a fresh key, and the fastest generator of this machine.
  explicit RandomWords(crypto::Rng& rng);
  // The same words for the same key on every machine (ChaCha20). The key must
  // serve nothing else.
  explicit RandomWords(const crypto::Secret<32>& key);
  ~RandomWords();
  RandomWords(const RandomWords&) = delete;
  RandomWords& operator=(const RandomWords&) = delete;

  std::uint64_t Next() {
    if (position_ == kWords) Refill();
    return buffer_[position_++];
  }

  // Uniform in [0, bound), exactly, by multiplication and rejection (Lemire
  // 2019); bound at least 1.
  std::uint64_t Below(std::uint64_t bound);

 private:
  static constexpr std::size_t kWords = 512;

  void Refill();

  crypto::Prg prg_;
  std::uint64_t next_block_ = 0;
  std::size_t position_ = kWords;
  std::array<std::uint64_t, kWords> buffer_;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_RANDOM_WORDS_H_
