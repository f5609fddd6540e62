// libsodium's one-time set-up, before the first use of any part of it.

#ifndef SOTTO_CRYPTO_SODIUM_H_
#define SOTTO_CRYPTO_SODIUM_H_

namespace sotto::crypto {

// Thread-safe and cheap after the first call. Ends the process when the library
// cannot be set up: no randomness, no choice of implementation.
void EnsureSodium();

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_SODIUM_H_
