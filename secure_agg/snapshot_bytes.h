// What snapshots share: vectors of 32-bit words as little-endian bytes, flags
// in one byte, and a SHA-256 at the end that notices damage. Pure.

#ifndef SOTTO_SECURE_AGG_SNAPSHOT_BYTES_H_
#define SOTTO_SECURE_AGG_SNAPSHOT_BYTES_H_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/codec.h"
#include "crypto/sha2.h"

namespace sotto::secure_agg {

static_assert(std::endian::native == std::endian::little);

inline ByteView LanesOf(const std::vector<std::uint32_t>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()),
          values.size() * sizeof(std::uint32_t)};
}

// False: there are not as many bytes as `values` takes.
inline bool FillLanes(ByteView bytes, std::vector<std::uint32_t>& values) {
  if (bytes.size() != LanesOf(values).size()) return false;
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return true;
}

// Up to 8 flags, the first in the lowest bit.
inline std::uint8_t FlagByte(std::initializer_list<bool> flags) {
  unsigned byte = 0, at = 0;
  for (const bool flag : flags) byte |= unsigned{flag} << at++;
  return static_cast<std::uint8_t>(byte);
}

// Its inverse; further bits are not looked at.
inline void SetFlags(std::uint8_t byte, std::initializer_list<bool*> flags) {
  unsigned rest = byte;
  for (bool* flag : flags) {
    *flag = (rest & 1) != 0;
    rest >>= 1;
  }
}

// The encoding with a last field: the SHA-256 of all before it.
inline Bytes WithCheck(Encoder encoder) {
  const crypto::Sha256Digest check = crypto::Sha256(encoder.bytes());
  encoder.Octets(check);
  return std::move(encoder).Take();
}

// What is before that field. DATA_LOSS: it is not there, or does not match.
inline absl::StatusOr<ByteView> CheckedBody(ByteView snapshot) {
  constexpr std::size_t kCheckBytes = 4 + sizeof(crypto::Sha256Digest);
  if (snapshot.size() >= kCheckBytes) {
    const ByteView body = snapshot.first(snapshot.size() - kCheckBytes);
    Decoder last(snapshot.last(kCheckBytes));
    const auto check = last.Octets("check");
    if (check.ok() && std::ranges::equal(*check, crypto::Sha256(body))) {
      return body;
    }
  }
  return absl::DataLossError("snapshot: its bytes do not match their hash");
}

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_SNAPSHOT_BYTES_H_
