// Randomness as an injected dependency.

#ifndef SOTTO_CRYPTO_RNG_H_
#define SOTTO_CRYPTO_RNG_H_

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "crypto/secret.h"

namespace sotto::crypto {

class Rng {
 public:
  virtual ~Rng() = default;
  virtual void Fill(std::span<std::uint8_t> bytes) = 0;
};

// The operating system's generator; thread-safe, never destroyed. Ends the
// process when the system has no randomness to give.
Rng& SystemRng();

// The same bytes for the same seed: tests, simulations, keyed choices. The seed
// may have any length; it is hashed. Not thread-safe.
class SeededRng final : public Rng {
 public:
  explicit SeededRng(ByteView seed);
  void Fill(std::span<std::uint8_t> bytes) override;

 private:
  Secret<32> key_;
  std::uint64_t blocks_used_ = 0;
};

// Uniform in [0, bound), by rejection; bound at least 1.
std::uint64_t UniformBelow(Rng& rng, std::uint64_t bound);

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_RNG_H_
