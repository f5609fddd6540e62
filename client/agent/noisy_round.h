// A device's vector in a round with noise (proto/messages/plan.proto, Privacy).
// The SDK clips and adds the noise after training: nothing in a plan runs after
// that, and what it asks of the noise is checked against the manifest here.

#ifndef SOTTO_CLIENT_AGENT_NOISY_ROUND_H_
#define SOTTO_CLIENT_AGENT_NOISY_ROUND_H_

#include <chrono>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "client/agent/local_training.h"
#include "crypto/rng.h"
#include "privacy/distributed/noisy_encoding.h"
#include "proto/messages/plan.pb.h"
#include "proto/messages/secure_agg.pb.h"

namespace sotto::client {

// Inputs leave the device at whole multiples of it after the shares came, so
// that the time of drawing noise shows in the number of slots only.
inline constexpr std::chrono::milliseconds kInputSlot{100};

// PERMISSION_DENIED: cohort, floor or corrupted fraction of the manifest are
// below the plan's, or the plan's noise does not fit them; the message has the
// numbers.
absl::StatusOr<privacy::NoisyEncoding> EncodingFor(
    const v1::SessionManifest& manifest, const v1::Plan& plan,
    std::size_t num_weights);

// The residues to mask, clipped and with noise; once a session. `rng` is
// cryptographically secure. Errors of privacy::NoisyEncoder.
absl::StatusOr<std::vector<std::uint32_t>> EncodeNoisyRound(
    const privacy::NoisyEncoding& encoding, const v1::Plan& plan,
    const LocalResult& result, ByteView session_id, crypto::Rng& rng);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_AGENT_NOISY_ROUND_H_
