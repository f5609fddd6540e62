// Layer A: the owner's white-box mark, w += alpha * sigma * sign on a keyed
// half of the weights.

#ifndef SOTTO_WATERMARK_EMBED_OWNER_MARK_H_
#define SOTTO_WATERMARK_EMBED_OWNER_MARK_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "watermark/embed/carrier.h"

namespace sotto::watermark {

// The registry's answer to a commitment; salt of the key schedule.
using Nonce = std::array<std::uint8_t, 32>;

// The signs of all coordinates, +1 or -1.
std::vector<std::int8_t> OwnerSigns(const OwnerKey& key, const Nonce& nonce,
                                    std::size_t size);

// The owner layer's share of a false claim in 1e9.
inline constexpr double kOwnerEpsilon = 2.5e-10;

// clamp(30 / sqrt(weights of the owner's half), 0.05, 0.2).
double DefaultStrength(std::size_t owner_weights);

struct EmbedReport {
  Bytes file;
  double strength = 0;      // reached by every layer, in its own deviations
  double before = 0;        // mean over layers, of the model given
  std::size_t weights = 0;  // that carry the mark
};

// Raises each layer's correlation with the signs to `strength` deviations of
// its unmarked part; one that is there already is left alone, so embedding
// twice is embedding once, and a trained model gets back only what training
// wore off. `strength` 0 takes the default. Errors of ParseModel and
// FindCarrier; INVALID_ARGUMENT: strength outside [0, 1], or weights that are
// not stored as f32.
absl::StatusOr<EmbedReport> EmbedOwnerMark(ByteView file, const OwnerKey& key,
                                           const Nonce& nonce, double strength);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_EMBED_OWNER_MARK_H_
