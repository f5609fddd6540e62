// Key bytes. No copy, no comparison, no stream operator; wiped on destruction.
// Reading them takes Reveal(), so an audit is one search.
//
// Not thread-safe.

#ifndef SOTTO_CRYPTO_SECRET_H_
#define SOTTO_CRYPTO_SECRET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "base/bytes.h"

namespace sotto::crypto {

// Overwrites memory in a way that the compiler keeps.
void Wipe(std::span<std::uint8_t> bytes);

// True when equal, in time that depends on the lengths only.
bool ConstantTimeEqual(ByteView a, ByteView b);

// A secret of fixed size, in the object itself.
template <std::size_t N>
class Secret {
 public:
  Secret() { bytes_.fill(0); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { Wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      Wipe(other.bytes_);
    }
    return *this;
  }
  ~Secret() { Wipe(bytes_); }

  static Secret FromBytes(std::span<const std::uint8_t, N> bytes) {
    Secret secret;
    std::copy(bytes.begin(), bytes.end(), secret.bytes_.begin());
    return secret;
  }
  // An explicit second copy.
  Secret Clone() const { return FromBytes(Reveal()); }

  std::span<const std::uint8_t, N> Reveal() const { return bytes_; }
  std::span<std::uint8_t, N> RevealMutable() { return bytes_; }

 private:
  std::array<std::uint8_t, N> bytes_;
};

// A secret of run-time size in guarded memory of its own: locked when the
// system allows it, excluded from core dumps, wiped on release.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);
  static SecretBytes FromBytes(ByteView bytes);
  // What was moved from is empty.
  SecretBytes(SecretBytes&& other) noexcept
      : memory_(std::move(other.memory_)),
        size_(std::exchange(other.size_, 0)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  ByteView Reveal() const { return {memory_.get(), size_}; }
  std::span<std::uint8_t> RevealMutable() { return {memory_.get(), size_}; }

 private:
  struct Releaser {
    void operator()(std::uint8_t* memory) const;
  };
  std::unique_ptr<std::uint8_t, Releaser> memory_;
  std::size_t size_ = 0;
};

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_SECRET_H_
