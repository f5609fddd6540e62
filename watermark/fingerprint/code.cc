#include "watermark/fingerprint/code.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/codec.h"
#include "crypto/rng.h"

namespace sotto::watermark {
namespace {

constexpr double kCutoff = 0.01;
constexpr double kTwo32 = 4294967296.0;

}  // namespace

std::size_t SymbolCount(std::size_t coordinates) {
  const std::size_t wanted = coordinates < 50'000      ? 2048
                             : coordinates < 300'000   ? 4096
                             : coordinates < 1'000'000 ? 8192
                                                       : 16384;
  return std::min(wanted, std::max<std::size_t>(1, coordinates / 8));
}

FingerprintCode::FingerprintCode(const OwnerKey& key,
                                 const crypto::Sha256Digest& master_digest,
                                 const Carrier& carrier)
    : key_(&key), salt_(master_digest) {
  const std::vector<std::uint8_t> half = OwnerHalf(key, carrier.size);
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < carrier.size; ++i) {
    if (half[i] == 0) order.push_back(static_cast<std::uint32_t>(i));
  }
  crypto::SeededRng rng(key.Derive("C.order", salt_).Reveal());
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[crypto::UniformBelow(rng, i)]);
  }
  const std::size_t symbols = SymbolCount(carrier.size);
  const std::vector<std::uint8_t> signs =
      KeyedBits(key, "C.chips", salt_).Bits(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    chips_.push_back({.coordinate = order[i],
                      .symbol = static_cast<std::uint32_t>(i % symbols),
                      .sign = signs[i] == 1 ? 1.0f : -1.0f});
  }
  const double low = std::asin(std::sqrt(kCutoff));
  const double high = std::numbers::pi / 2 - low;
  for (const std::uint32_t word :
       KeyedBits(key, "C.bias", salt_).Words(symbols)) {
    const double angle = low + (high - low) * (word + 0.5) / kTwo32;
    bias_.push_back(std::sin(angle) * std::sin(angle));
  }
}

std::vector<std::uint8_t> FingerprintCode::BitsOf(
    const std::string& release, const std::string& recipient) const {
  const crypto::Sha256Digest who =
      crypto::Sha256(Encoder("sotto/watermark-recipient/v1")
                         .Text(release)
                         .Text(recipient)
                         .bytes());
  const std::vector<std::uint32_t> words =
      KeyedBits(*key_, "C.code." + HexEncode(who), salt_).Words(bias_.size());
  std::vector<std::uint8_t> bits(bias_.size());
  for (std::size_t i = 0; i < bits.size(); ++i) {
    bits[i] = words[i] < bias_[i] * kTwo32 ? 1 : 0;
  }
  return bits;
}

}  // namespace sotto::watermark
