#include "privacy/distributed/rotation.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/codec.h"
#include "crypto/hkdf.h"
#include "crypto/prg.h"
#include "privacy/distributed/hadamard.h"

namespace sotto::privacy {
namespace {

void FlipSigns(const crypto::Secret<32>& seed, std::span<float> vector) {
  const crypto::Prg prg(crypto::Prg::Kind::kChaCha20, seed);
  constexpr std::size_t kTile = 8192;
  std::array<std::uint8_t, kTile / 8> bits;
  constexpr std::size_t kBlocksPerTile = bits.size() / crypto::Prg::kBlockBytes;
  for (std::size_t start = 0; start < vector.size(); start += kTile) {
    prg.Fill(bits, start / kTile * kBlocksPerTile);
    const std::size_t end = std::min(vector.size(), start + kTile);
    for (std::size_t i = start; i < end; ++i) {
      const std::size_t bit = i - start;
      if (bits[bit / 8] >> (bit % 8) & 1) vector[i] = -vector[i];
    }
  }
}

float Normaliser(std::size_t size) {
  return static_cast<float>(1 / std::sqrt(static_cast<double>(size)));
}

}  // namespace

crypto::Secret<32> RotationSeed(ByteView session_id,
                                std::string_view vector_name) {
  return crypto::HkdfKey(
      session_id, {}, Encoder("sotto/rotation/v1").Text(vector_name).bytes());
}

void Rotate(const crypto::Secret<32>& seed, std::span<float> vector) {
  FlipSigns(seed, vector);
  ScaledHadamard(Normaliser(vector.size()), vector);
}

void Unrotate(const crypto::Secret<32>& seed, std::span<float> vector) {
  ScaledHadamard(Normaliser(vector.size()), vector);
  FlipSigns(seed, vector);
}

}  // namespace sotto::privacy
