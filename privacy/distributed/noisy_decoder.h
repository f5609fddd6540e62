// The server's side of noisy_encoding.h: the sum of residues to the sum of
// updates. Pure; thread-safe.
//
// DecodeNoisySum does it in place, for noise that the devices added. Where the
// server adds it, CentreResidues gives the integers that a SumRelease
// (noise/sum_release.h) takes, and DecodeSteps turns what that released into an
// update.

#ifndef SOTTO_PRIVACY_DISTRIBUTED_NOISY_DECODER_H_
#define SOTTO_PRIVACY_DISTRIBUTED_NOISY_DECODER_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "crypto/secret.h"
#include "privacy/distributed/noisy_encoding.h"

namespace sotto::privacy {

struct DecodedSum {
  std::span<float> values;  // dimension() of them, in the update's unit
  // Of the padded coordinates, in the outer eighth of either half of the
  // modulus: near 0, or the bits are too few. A statistic of the noisy sum, so
  // it may be logged.
  double near_boundary = 0;
};

// `sum` has padded_dimension() residues over `num_included` devices; the floats
// take its place, and values lie inside it. FAILED_PRECONDITION: fewer devices
// than the noise was shared among, so the sum must not be released; more than
// n. INVALID_ARGUMENT: another size.
absl::StatusOr<DecodedSum> DecodeNoisySum(
    const NoisyEncoding& encoding, const crypto::Secret<32>& rotation_seed,
    std::uint32_t num_included, std::span<std::uint32_t> sum);

// The same words as integers in [-2^(bits-1), 2^(bits-1)); bits in [1, 32].
std::span<std::int32_t> CentreResidues(std::uint32_t bits,
                                       std::span<std::uint32_t> residues);

// `steps` and `out` have padded_dimension() values (INVALID_ARGUMENT
// otherwise). The update is the first dimension() of `out`.
absl::StatusOr<std::span<float>> DecodeSteps(
    const NoisyEncoding& encoding, const crypto::Secret<32>& rotation_seed,
    std::span<const double> steps, std::span<float> out);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_DISTRIBUTED_NOISY_DECODER_H_
