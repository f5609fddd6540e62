#include "watermark/embed/carrier.h"

#include <algorithm>

#include "base/status.h"

namespace sotto::watermark {

absl::StatusOr<Carrier> FindCarrier(const UnitGraph& graph) {
  Carrier carrier;
  std::vector<std::int32_t> seen;
  for (std::size_t i = 1; i + 1 < graph.layers.size(); ++i) {
    const UnitLayer& layer = graph.layers[i];
    // A tensor that two layers share carries once.
    if (std::find(seen.begin(), seen.end(), layer.weights) != seen.end()) {
      continue;
    }
    seen.push_back(layer.weights);
    const std::size_t size = layer.out * layer.taps * layer.in;
    carrier.layers.push_back({.layer = i, .begin = carrier.size, .size = size});
    carrier.size += size;
  }
  if (carrier.size < kMinCoordinates) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the model has %d weights between its first and its last layer, a mark "
        "needs %d",
        static_cast<int>(carrier.size), static_cast<int>(kMinCoordinates)));
  }
  return carrier;
}

std::vector<std::uint8_t> KeyedBits::Bits(std::size_t count) const {
  std::vector<std::uint8_t> bytes((count + 7) / 8), bits(count);
  prg_.Fill(bytes, 0);
  for (std::size_t i = 0; i < count; ++i) {
    bits[i] = (bytes[i / 8] >> (i % 8)) & 1;
  }
  return bits;
}

std::vector<std::uint32_t> KeyedBits::Words(std::size_t count) const {
  std::vector<std::uint8_t> bytes(4 * count);
  prg_.Fill(bytes, 0);
  std::vector<std::uint32_t> words(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 4; k-- > 0;) {
      words[i] = (words[i] << 8) | bytes[4 * i + k];
    }
  }
  return words;
}

std::vector<std::uint8_t> OwnerHalf(const OwnerKey& key, std::size_t size) {
  return KeyedBits(key, "part", {}).Bits(size);
}

}  // namespace sotto::watermark
