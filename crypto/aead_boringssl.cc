// ChaCha20-Poly1305 through BoringSSL's EVP_AEAD interface.

#include <openssl/aead.h>
#include <openssl/err.h>

#include <cassert>
#include <cstdlib>

#include "crypto/aead.h"

namespace sotto::crypto {

struct Aead::State {
  explicit State(const Secret<32>& key) {
    if (EVP_AEAD_CTX_init(&context, EVP_aead_chacha20_poly1305(),
                          key.Reveal().data(), key.Reveal().size(),
                          kAeadTagBytes, nullptr) != 1) {
      std::abort();
    }
  }
  ~State() { EVP_AEAD_CTX_cleanup(&context); }

  EVP_AEAD_CTX context;
};

Aead::Aead(const Secret<32>& key) : state_(std::make_unique<State>(key)) {}
Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

void Aead::SealInto(const AeadNonce& nonce, ByteView associated_data,
                    ByteView plaintext, std::span<std::uint8_t> out) const {
  assert(out.size() == plaintext.size() + kAeadTagBytes);
  std::size_t size = 0;
  if (EVP_AEAD_CTX_seal(&state_->context, out.data(), &size, out.size(),
                        nonce.data(), nonce.size(), plaintext.data(),
                        plaintext.size(), associated_data.data(),
                        associated_data.size()) != 1) {
    std::abort();
  }
}

absl::Status Aead::OpenInto(const AeadNonce& nonce, ByteView associated_data,
                            ByteView ciphertext,
                            std::span<std::uint8_t> out) const {
  if (ciphertext.size() < kAeadTagBytes) {
    return absl::DataLossError("ciphertext is shorter than its tag");
  }
  assert(out.size() + kAeadTagBytes == ciphertext.size());
  std::uint8_t none = 0;
  std::size_t size = 0;
  if (EVP_AEAD_CTX_open(&state_->context, out.empty() ? &none : out.data(),
                        &size, out.size(), nonce.data(), nonce.size(),
                        ciphertext.data(), ciphertext.size(),
                        associated_data.data(), associated_data.size()) != 1) {
    Wipe(out);
    ERR_clear_error();  // the queue is the thread's, and TLS reads it
    return absl::DataLossError("authentication tag does not match");
  }
  return absl::OkStatus();
}

}  // namespace sotto::crypto
