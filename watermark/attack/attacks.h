// What a thief does to a model: for tests, and for owners who want to know what
// their mark survives. Each keeps or slightly costs accuracy.
//
// Every function returns a changed copy. Seeded ones give the same result for
// the same seed.

#ifndef SOTTO_WATERMARK_ATTACK_ATTACKS_H_
#define SOTTO_WATERMARK_ATTACK_ATTACKS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "runtime/loader/model.h"

namespace sotto::watermark {

// Zeroes the smallest `fraction` of all weights of convolutions and fully
// connected layers, by magnitude over the whole model. INVALID_ARGUMENT:
// outside [0, 1).
absl::StatusOr<runtime::Model> Prune(const runtime::Model& model,
                                     double fraction);

// Symmetric integers of `bits` bits for the weights, as a file that any runtime
// of the format loads. INVALID_ARGUMENT: outside 2 to 8.
absl::StatusOr<Bytes> Quantise(const runtime::Model& model, int bits);

// Shuffles the units of every free group; the function stays the same.
absl::StatusOr<runtime::Model> PermuteUnits(const runtime::Model& model,
                                            std::uint64_t seed);

// Multiplies units by e^(spread * normal) and divides what reads them; the
// function stays the same. Groups that are not positively homogeneous are left.
// INVALID_ARGUMENT: spread outside [0, 4].
absl::StatusOr<runtime::Model> ScaleUnits(const runtime::Model& model,
                                          double spread, std::uint64_t seed);

// Adds Gaussian noise of `level` standard deviations of each weight tensor.
// INVALID_ARGUMENT: outside [0, 10].
absl::StatusOr<runtime::Model> AddNoise(const runtime::Model& model,
                                        double level, std::uint64_t seed);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_ATTACK_ATTACKS_H_
