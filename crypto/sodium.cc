#include "crypto/sodium.h"

#include <sodium.h>

#include <cstdlib>

namespace sotto::crypto {

void EnsureSodium() {
  static const int initialised = sodium_init();
  if (initialised < 0) std::abort();
}

}  // namespace sotto::crypto
