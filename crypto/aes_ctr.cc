#include "crypto/aes_ctr.h"

#include <algorithm>

#include "crypto/openssl_handle.h"

namespace sotto::crypto {
void FillAes256Ctr(const Secret<32>& key,
                   const std::array<std::uint8_t, 16>& counter,
                   std::span<std::uint8_t> out) {
  const CipherContext context(EVP_CIPHER_CTX_new());
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
