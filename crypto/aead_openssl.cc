// ChaCha20-Poly1305 through OpenSSL's EVP cipher interface.

#include <openssl/err.h>

#include <algorithm>
#include <cassert>

#include "crypto/aead.h"
#include "crypto/openssl_handle.h"

namespace sotto::crypto {
namespace {

CipherContext Make(const Secret<32>& key, int encrypt) {
  CipherContext context(EVP_CIPHER_CTX_new());
  Require(context != nullptr);
  Require(EVP_CipherInit_ex(context.get(), EVP_chacha20_poly1305(), nullptr,
                            key.Reveal().data(), nullptr, encrypt));
  return context;
}

// EVP lengths are int; messages are chunks, far below.
int Length(std::size_t size) {
  assert(size < std::size_t{1} << 31);
  return static_cast<int>(size);
}

}  // namespace

struct Aead::State {
  explicit State(const Secret<32>& key)
      : seal(Make(key, 1)), open(Make(key, 0)) {}

  CipherContext seal, open;
};

Aead::Aead(const Secret<32>& key) : state_(std::make_unique<State>(key)) {}
Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

void Aead::SealInto(const AeadNonce& nonce, ByteView associated_data,
                    ByteView plaintext, std::span<std::uint8_t> out) const {
  assert(out.size() == plaintext.size() + kAeadTagBytes);
  EVP_CIPHER_CTX* context = state_->seal.get();
  int length = 0;
  std::uint8_t none = 0;
  Require(EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()));
  if (!associated_data.empty()) {
    Require(EVP_EncryptUpdate(context, nullptr, &length, associated_data.data(),
                              Length(associated_data.size())));
  }
  if (!plaintext.empty()) {
    Require(EVP_EncryptUpdate(context, out.data(), &length, plaintext.data(),
                              Length(plaintext.size())));
  }
  Require(EVP_EncryptFinal_ex(context, &none, &length));
  Require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes,
                              out.data() + plaintext.size()));
}

absl::Status Aead::OpenInto(const AeadNonce& nonce, ByteView associated_data,
                            ByteView ciphertext,
                            std::span<std::uint8_t> out) const {
  if (ciphertext.size() < kAeadTagBytes) {
    return absl::DataLossError("ciphertext is shorter than its tag");
  }
  const ByteView text = ciphertext.first(ciphertext.size() - kAeadTagBytes);
  std::array<std::uint8_t, kAeadTagBytes> tag;
  std::copy(ciphertext.end() - kAeadTagBytes, ciphertext.end(), tag.begin());
  assert(out.size() == text.size());
  EVP_CIPHER_CTX* context = state_->open.get();
  int length = 0;
  std::uint8_t none = 0;
  Require(EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()));
  if (!associated_data.empty()) {
    Require(EVP_DecryptUpdate(context, nullptr, &length, associated_data.data(),
                              Length(associated_data.size())));
  }
  if (!text.empty()) {
    Require(EVP_DecryptUpdate(context, out.data(), &length, text.data(),
                              Length(text.size())));
  }
  Require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes,
                              tag.data()));
  if (EVP_DecryptFinal_ex(context, &none, &length) != 1) {
    Wipe(out);
    ERR_clear_error();  // the queue is the thread's, and TLS reads it
    return absl::DataLossError("authentication tag does not match");
  }
  return absl::OkStatus();
}

}  // namespace sotto::crypto
