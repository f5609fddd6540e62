#include "crypto/passphrase.h"

#include <sodium.h>

#include "base/status.h"
#include "crypto/sodium.h"

namespace sotto::crypto {
namespace {

static_assert(crypto_pwhash_argon2id_SALTBYTES == 16);

absl::Status CheckRange(const char* name, std::uint32_t value,
                        std::uint32_t low, std::uint32_t high) {
  if (low <= value && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s is %u, expected %u to %u", name, value, low, high));
}

}  // namespace

absl::StatusOr<Secret<32>> KeyFromPassphrase(ByteView passphrase,
                                             const PassphraseSalt& salt,
                                             const PassphraseCost& cost) {
  SOTTO_RETURN_IF_ERROR(CheckRange("passes", cost.passes, 1, 64));
  SOTTO_RETURN_IF_ERROR(
      CheckRange("memory_kib", cost.memory_kib, 64, 1024 * 1024));
  EnsureSodium();
  Secret<32> key;
  // libsodium counts passes and bytes, and refuses null for an empty text.
  const char* text = passphrase.empty()
                         ? ""
                         : reinterpret_cast<const char*>(passphrase.data());
  if (crypto_pwhash_argon2id(key.RevealMutable().data(), 32, text,
                             passphrase.size(), salt.data(), cost.passes,
                             std::size_t{cost.memory_kib} * 1024,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "no %u KiB of memory for the passphrase", cost.memory_kib));
  }
  return key;
}

}  // namespace sotto::crypto
