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

SecretBytes HkdfExpand(ByteView pseudorandom_key, ByteView info,
                       std::size_t length_bytes) {
  assert(length_bytes <= 255 * 32);
  SecretBytes out(length_bytes);
  Sha256Digest block = {};
  Bytes message;
  std::size_t done = 0;
  for (std::uint8_t counter = 1; done < length_bytes; ++counter) {
    Wipe(message);
    message.clear();
    if (counter > 1) message.insert(message.end(), block.begin(), block.end());
    message.insert(message.end(), info.begin(), info.end());
    message.push_back(counter);
    block = HmacSha256(pseudorandom_key, message);
    const std::size_t take = std::min(block.size(), length_bytes - done);
    std::copy_n(
        block.begin(), take,
        out.RevealMutable().begin() + static_cast<std::ptrdiff_t>(done));
    done += take;
  }
  Wipe(block);
  Wipe(message);
  return out;
}

SecretBytes HkdfSha256(ByteView ikm, ByteView salt, ByteView info,
                       std::size_t length_bytes) {
  const Secret<32> prk = HkdfExtract(salt, ikm);
  return HkdfExpand(prk.Reveal(), info, length_bytes);
}

Secret<32> HkdfKey(ByteView ikm, ByteView salt, ByteView info) {
  const SecretBytes bytes = HkdfSha256(ikm, salt, info, 32);
  return Secret<32>::FromBytes(bytes.Reveal().first<32>());
}

}  // namespace sotto::crypto
