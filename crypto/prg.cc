#include "crypto/prg.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/status.h"
#include "crypto/aes_ctr.h"
#include "crypto/openssl_handle.h"
#include "crypto/sodium.h"

namespace sotto::crypto {
namespace {

void FillAes(const Secret<32>& key, std::span<std::uint8_t> out,
             std::uint64_t start_block) {
  // Four 16-byte AES blocks make one 64-byte block; the counter is big-endian.
  std::array<std::uint8_t, 16> counter = {};
  const std::uint64_t low = start_block << 2, high = start_block >> 62;
  for (int i = 0; i < 8; ++i) {
    counter[static_cast<std::size_t>(15 - i)] =
        static_cast<std::uint8_t>(low >> (8 * i));
    counter[static_cast<std::size_t>(7 - i)] =
        static_cast<std::uint8_t>(high >> (8 * i));
  }
  FillAes256Ctr(key, counter, out);
}

void FillChaCha(const Secret<32>& key, std::span<std::uint8_t> out,
                std::uint64_t start_block) {
  const std::array<std::uint8_t, crypto_stream_chacha20_NONCEBYTES> nonce = {};
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  if (out.empty()) return;
  EnsureSodium();
  Require(crypto_stream_chacha20_xor_ic(out.data(), out.data(), out.size(),
                                        nonce.data(), start_block,
                                        key.Reveal().data()) == 0);
}

}  // namespace

void Prg::Fill(std::span<std::uint8_t> out, std::uint64_t start_block) const {
  switch (kind_) {
    case Kind::kAes256Ctr:
      return FillAes(key_, out, start_block);
    case Kind::kChaCha20:
      return FillChaCha(key_, out, start_block);
  }
}

std::string_view Prg::Name(Kind kind) {
  return kind == Kind::kAes256Ctr ? "aes256-ctr" : "chacha20";
}

absl::StatusOr<Prg::Kind> Prg::Parse(std::string_view name) {
  if (name == Name(Kind::kAes256Ctr)) return Kind::kAes256Ctr;
  if (name == Name(Kind::kChaCha20)) return Kind::kChaCha20;
  return absl::InvalidArgumentError(
      absl::StrFormat("mask generator '%s' is neither aes256-ctr nor chacha20",
                      std::string(name)));
}

Prg::Kind Prg::Preferred() {
  EnsureSodium();
  return sodium_runtime_has_aesni() != 0 ? Kind::kAes256Ctr : Kind::kChaCha20;
}

}  // namespace sotto::crypto
