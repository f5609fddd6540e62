// Which weights carry marks, and the keyed bits that say what they carry.
//
// Coordinates are the weights of all convolutions and fully connected layers
// but the first and the last, in execution order. A keyed half belongs to the
// owner's mark, the other half to the recipients' fingerprint.

#ifndef SOTTO_WATERMARK_EMBED_CARRIER_H_
#define SOTTO_WATERMARK_EMBED_CARRIER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/prg.h"
#include "watermark/detect/unit_graph.h"
#include "watermark/evidence/owner_key.h"

namespace sotto::watermark {

struct CarrierLayer {
  std::size_t layer = 0;  // in the unit graph
  std::size_t begin = 0;  // its first coordinate
  std::size_t size = 0;
};

struct Carrier {
  std::vector<CarrierLayer> layers;
  std::size_t size = 0;  // coordinates
};

// Fewer cannot carry both marks.
inline constexpr std::size_t kMinCoordinates = 4096;

// INVALID_ARGUMENT: fewer than kMinCoordinates weights between the first and
// the last layer.
absl::StatusOr<Carrier> FindCarrier(const UnitGraph& graph);

// A stream of fair bits and words from one derived key.
class KeyedBits {
 public:
  KeyedBits(const OwnerKey& key, std::string_view label, ByteView salt)
      : prg_(crypto::Prg::Kind::kChaCha20, key.Derive(label, salt)) {}

  std::vector<std::uint8_t> Bits(std::size_t count) const;  // 0 or 1
  std::vector<std::uint32_t> Words(std::size_t count) const;

 private:
  crypto::Prg prg_;
};

// 1: the coordinate is the owner's. Needs no nonce, so that packages can be
// marked without a registration; the signs do.
std::vector<std::uint8_t> OwnerHalf(const OwnerKey& key, std::size_t size);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_EMBED_CARRIER_H_
