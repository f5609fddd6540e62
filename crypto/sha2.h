// SHA-256 and SHA-512 (FIPS 180-4).

#ifndef SOTTO_CRYPTO_SHA2_H_
#define SOTTO_CRYPTO_SHA2_H_

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace sotto::crypto {

using Sha256Digest = std::array<std::uint8_t, 32>;
using Sha512Digest = std::array<std::uint8_t, 64>;

Sha256Digest Sha256(ByteView bytes);
Sha512Digest Sha512(ByteView bytes);

// Update any number of times, then Finish once. Not thread-safe.
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;
  void Update(ByteView bytes);
  Sha256Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Sha512Hasher {
 public:
  Sha512Hasher();
  ~Sha512Hasher();
  Sha512Hasher(Sha512Hasher&&) noexcept;
  Sha512Hasher& operator=(Sha512Hasher&&) noexcept;
  void Update(ByteView bytes);
  Sha512Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_SHA2_H_
