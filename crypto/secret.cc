#include "crypto/secret.h"

#include <sodium.h>

#include <algorithm>
#include <cstdlib>

#include "crypto/sodium.h"

namespace sotto::crypto {

void Wipe(std::span<std::uint8_t> bytes) {
  if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
}

bool ConstantTimeEqual(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  return a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

SecretBytes::SecretBytes(std::size_t size) : size_(size) {
  EnsureSodium();
  auto* memory = static_cast<std::uint8_t*>(sodium_malloc(size));
  // Allocation failure ends the process on a host (docs/architecture.md).
  if (memory == nullptr) std::abort();
  std::fill(memory, memory + size, std::uint8_t{0});
  memory_.reset(memory);
}

SecretBytes SecretBytes::FromBytes(ByteView bytes) {
  SecretBytes secret(bytes.size());
  std::copy(bytes.begin(), bytes.end(), secret.RevealMutable().begin());
  return secret;
}

void SecretBytes::Releaser::operator()(std::uint8_t* memory) const {
  sodium_free(memory);
}

}  // namespace sotto::crypto
