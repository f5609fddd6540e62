// A device's masked input, handed out in chunks from any element on, so that an
// upload goes on where it broke off.

#ifndef SOTTO_SECURE_AGG_MASKED_INPUT_H_
#define SOTTO_SECURE_AGG_MASKED_INPUT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/sign.h"
#include "secure_agg/session_types.h"

namespace sotto::secure_agg {

// Immutable; holds the only copy of the masked vectors.
class MaskedInput {
 public:
  MaskedInput() = default;  // without vectors
  // `vectors` in the manifest's order; `masked` holds each of them, reduced.
  // Signs the hash of all of them, packed, and `members`, the bitmap of U2 that
  // they were masked for.
  MaskedInput(const SessionId& session, std::uint32_t sender, ByteView members,
              std::vector<VectorSpec> vectors, NamedVectors masked,
              const crypto::SigningKey& identity);

  const std::vector<VectorSpec>& vectors() const { return vectors_; }
  // At most 2^18 elements of `vector` from `offset` on, a multiple of 8, packed
  // (packing.h); an empty name is the first vector. INVALID_ARGUMENT: no such
  // vector or element.
  absl::StatusOr<v1::MaskedInputChunk> ChunkAt(std::string_view vector,
                                               std::uint32_t offset) const;

 private:
  std::uint32_t sender_ = 0;
  std::vector<VectorSpec> vectors_;
  NamedVectors masked_;
  crypto::Signature signature_ = {};
  crypto::Signature members_signature_ = {};
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_MASKED_INPUT_H_
