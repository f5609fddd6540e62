// Types that both sides of a session share.

#ifndef SOTTO_SECURE_AGG_SESSION_TYPES_H_
#define SOTTO_SECURE_AGG_SESSION_TYPES_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "crypto/certificate.h"
#include "crypto/sha2.h"
#include "proto/messages/secure_agg.pb.h"

namespace sotto::secure_agg {

using RoundId = std::array<std::uint8_t, 16>;
using SessionId = crypto::Sha256Digest;
// Named vectors of residues, for example {"update", "metrics"}.
using NamedVectors = std::map<std::string, std::vector<std::uint32_t>>;

struct VectorSpec {
  std::string name;
  std::uint32_t length = 0;
  std::uint32_t bits = 32;  // in [1, 32]
  std::uint64_t bound = 0;  // R: entries are residues of R different values
  // Entries fill the modulus, R = 2^bits: noisy ones, whose encoding bounds how
  // likely a sum is to wrap (privacy/distributed/noisy_encoding.h).
  bool modular = false;

  bool operator==(const VectorSpec&) const = default;
};

// INVALID_ARGUMENT: no vectors, a repeated or empty name, a length of 0 or
// above 2^28, bits outside [1, 32], or n (R - 1) + 1 > 2^bits for n =
// cohort_size; of a modular vector, R other than 2^bits.
absl::Status CheckVectors(const std::vector<VectorSpec>& vectors,
                          std::uint32_t cohort_size);

std::vector<VectorSpec> VectorsOf(const v1::SessionManifest& manifest);

// Little-endian bit i of byte i / 8.
bool TestBit(ByteView bitmap, std::size_t index);
void SetBit(Bytes& bitmap, std::size_t index);
void ClearBit(Bytes& bitmap, std::size_t index);
std::size_t CountBits(ByteView bitmap);
// INVALID_ARGUMENT: not ceil(size / 8) bytes, or a bit at or above size.
absl::Status CheckBitmap(ByteView bitmap, std::size_t size);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_SESSION_TYPES_H_
