// Keys from passphrases: Argon2id version 1.3 (RFC 9106), one lane.

#ifndef SOTTO_CRYPTO_PASSPHRASE_H_
#define SOTTO_CRYPTO_PASSPHRASE_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"

namespace sotto::crypto {

using PassphraseSalt = std::array<std::uint8_t, 16>;

// The defaults take about a quarter of a second and 64 MiB.
struct PassphraseCost {
  std::uint32_t passes = 3;              // 1 to 64
  std::uint32_t memory_kib = 64 * 1024;  // 64 to 1,048,576
};

// INVALID_ARGUMENT: a cost out of range; read from a file, it would decide how
// much memory its reader takes. RESOURCE_EXHAUSTED: that much is not there.
absl::StatusOr<Secret<32>> KeyFromPassphrase(ByteView passphrase,
                                             const PassphraseSalt& salt,
                                             const PassphraseCost& cost);

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_PASSPHRASE_H_
