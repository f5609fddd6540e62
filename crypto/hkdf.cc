#include "crypto/hkdf.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>

namespace sotto::crypto {
namespace {

void Hmac(const EVP_MD* hash, ByteView key, ByteView message,
          std::uint8_t* out) {
  // OpenSSL takes a null key for "keep the old one".
  const std::uint8_t none = 0;
  const std::uint8_t* key_data = key.empty() ? &none : key.data();
  unsigned int size = 0;
  if (HMAC(hash, key_data, static_cast<int>(key.size()), message.data(),
           message.size(), out, &size) == nullptr) {
    std::abort();
  }
}

}  // namespace

Sha256Digest HmacSha256(ByteView key, ByteView message) {
  Sha256Digest tag;
  Hmac(EVP_sha256(), key, message, tag.data());
  return tag;
}

Sha512Digest HmacSha512(ByteView key, ByteView message) {
  Sha512Digest tag;
  Hmac(EVP_sha512(), key, message, tag.data());
  return tag;
}

Secret<32> HkdfExtract(ByteView salt, ByteView ikm) {
  const std::array<std::uint8_t, 32> zeros = {};
  Sha256Digest prk = HmacSha256(salt.empty() ? ByteView(zeros) : salt, ikm);
  auto secret = Secret<32>::FromBytes(prk);
  Wipe(prk);
  return secret;
}

void HkdfExpandInto(ByteView pseudorandom_key, ByteView info,
                    std::span<std::uint8_t> out) {
  assert(out.size() <= 255 * 32);
  Sha256Digest block = {};
  Bytes message;
  message.reserve(block.size() + info.size() + 1);
  for (std::uint8_t counter = 1; !out.empty(); ++counter) {
    message.clear();
    if (counter > 1) message.insert(message.end(), block.begin(), block.end());
    message.insert(message.end(), info.begin(), info.end());
    message.push_back(counter);
    block = HmacSha256(pseudorandom_key, message);
    const std::size_t take = std::min(block.size(), out.size());
    std::copy_n(block.begin(), take, out.begin());
    out = out.subspan(take);
  }
  Wipe(block);
  Wipe(message);
}

SecretBytes HkdfSha256(ByteView ikm, ByteView salt, ByteView info,
                       std::size_t length_bytes) {
  const Secret<32> prk = HkdfExtract(salt, ikm);
  SecretBytes out(length_bytes);
  HkdfExpandInto(prk.Reveal(), info, out.RevealMutable());
  return out;
}

Secret<32> HkdfKey(ByteView ikm, ByteView salt, ByteView info) {
  const Secret<32> prk = HkdfExtract(salt, ikm);
  Secret<32> key;
  HkdfExpandInto(prk.Reveal(), info, key.RevealMutable());
  return key;
}

}  // namespace sotto::crypto
