// What crypto/'s callers of libcrypto share: handles that release themselves,
// and calls that fail only without memory.

#ifndef SOTTO_CRYPTO_OPENSSL_HANDLE_H_
#define SOTTO_CRYPTO_OPENSSL_HANDLE_H_

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace sotto::crypto {

template <auto Free>
struct Releaser {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using CipherContext =
    std::unique_ptr<EVP_CIPHER_CTX, Releaser<EVP_CIPHER_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Releaser<EVP_MD_CTX_free>>;

// Ends the process unless the call did what it was asked to.
inline void Require(bool ok) {
  if (!ok) std::abort();
}
// Of a call that returns 1, and 0 or less where it failed.
inline void Require(int result) { Require(result == 1); }

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_OPENSSL_HANDLE_H_
