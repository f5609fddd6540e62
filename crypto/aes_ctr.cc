#include "crypto/aes_ctr.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace sotto::crypto {
namespace {

struct ContextFree {
  void operator()(EVP_CIPHER_CTX* context) const {
    EVP_CIPHER_CTX_free(context);
  }
};

void Require(bool ok) {
  if (!ok) std::abort();
}

}  // namespace

void FillAes256Ctr(const Secret<32>& key,
                   const std::array<std::uint8_t, 16>& counter,
                   std::span<std::uint8_t> out) {
  const std::unique_ptr<EVP_CIPHER_CTX, ContextFree> context(
      EVP_CIPHER_CTX_new());
  Require(context != nullptr);
  Require(EVP_EncryptInit_ex(context.get(), EVP_aes_256_ctr(), nullptr,
                             key.Reveal().data(), counter.data()) == 1);
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  while (!out.empty()) {
    const std::size_t size = std::min<std::size_t>(out.size(), 1 << 30);
    int length = 0;
    Require(EVP_EncryptUpdate(context.get(), out.data(), &length, out.data(),
                              static_cast<int>(size)) == 1);
    out = out.subspan(size);
  }
}

}  // namespace sotto::crypto
