// Vectors of 32-bit words as bytes in snapshots, little-endian. Pure.

#ifndef SOTTO_SECURE_AGG_LANES_H_
#define SOTTO_SECURE_AGG_LANES_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/bytes.h"

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

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_LANES_H_
