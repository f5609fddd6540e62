#include "crypto/sha2.h"

#include "crypto/openssl_handle.h"

namespace sotto::crypto {
namespace {

DigestContext Begin(const EVP_MD* algorithm) {
  DigestContext context(EVP_MD_CTX_new());
  Require(context != nullptr);
  Require(EVP_DigestInit_ex(context.get(), algorithm, nullptr));
  return context;
}

}  // namespace

struct Sha256Hasher::State {
  DigestContext context = Begin(EVP_sha256());
};
struct Sha512Hasher::State {
  DigestContext context = Begin(EVP_sha512());
};

Sha256Hasher::Sha256Hasher() : state_(std::make_unique<State>()) {}
Sha256Hasher::~Sha256Hasher() = default;
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;
void Sha256Hasher::Update(ByteView bytes) {
  Require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}
Sha256Digest Sha256Hasher::Finish() {
  Sha256Digest digest;
  Require(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr));
  return digest;
}

Sha512Hasher::Sha512Hasher() : state_(std::make_unique<State>()) {}
Sha512Hasher::~Sha512Hasher() = default;
Sha512Hasher::Sha512Hasher(Sha512Hasher&&) noexcept = default;
Sha512Hasher& Sha512Hasher::operator=(Sha512Hasher&&) noexcept = default;
void Sha512Hasher::Update(ByteView bytes) {
  Require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}
Sha512Digest Sha512Hasher::Finish() {
  Sha512Digest digest;
  Require(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr));
  return digest;
}

Sha256Digest Sha256(ByteView bytes) {
  Sha256Hasher hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}
Sha512Digest Sha512(ByteView bytes) {
  Sha512Hasher hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}

}  // namespace sotto::crypto
