#include "secure_agg/session_types.h"

#include <bit>
#include <set>

#include "base/status.h"

namespace sotto::secure_agg {

absl::Status CheckVectors(const std::vector<VectorSpec>& vectors,
                          std::uint32_t cohort_size) {
  if (vectors.empty()) {
    return absl::InvalidArgumentError("the session has no vectors");
  }
  std::set<std::string> names;
  for (const VectorSpec& v : vectors) {
    const auto bad = [&](const char* what) {
      return absl::InvalidArgumentError(
          absl::StrFormat("vector '%s': %s", v.name, what));
    };
    if (v.name.empty() || v.name.size() > 64 || !names.insert(v.name).second) {
      return bad("its name is empty, too long or repeated");
    }
    if (v.length < 1 || v.length > 1u << 28) {
      return bad("its length is outside [1, 2^28]");
    }
    if (v.bits < 1 || v.bits > 32) return bad("its bits are outside [1, 32]");
    if (v.bound < 1 || v.bound > std::uint64_t{1} << 32) {
      return bad("its bound is outside [1, 2^32]");
    }
    if (v.modular) {
      if (v.bound == std::uint64_t{1} << v.bits) continue;
      return bad("it is modular and its bound is not 2^bits");
    }
    // n < 2^16 and R <= 2^32: no overflow in 64 bits.
    if (cohort_size * (v.bound - 1) + 1 > std::uint64_t{1} << v.bits) {
      return bad("a sum over the cohort could wrap around");
    }
  }
  return absl::OkStatus();
}

std::vector<VectorSpec> VectorsOf(const v1::SessionManifest& manifest) {
  std::vector<VectorSpec> vectors;
  for (const auto& v : manifest.vectors()) {
    vectors.push_back({.name = v.name(),
                       .length = v.length(),
                       .bits = v.bits(),
                       .bound = v.bound(),
                       .modular = v.modular()});
  }
  return vectors;
}

bool TestBit(ByteView bitmap, std::size_t index) {
  return (bitmap[index / 8] >> (index % 8) & 1) != 0;
}

void SetBit(Bytes& bitmap, std::size_t index) {
  bitmap[index / 8] |= static_cast<std::uint8_t>(1u << (index % 8));
}

void ClearBit(Bytes& bitmap, std::size_t index) {
  bitmap[index / 8] &= static_cast<std::uint8_t>(~(1u << (index % 8)));
}

std::size_t CountBits(ByteView bitmap) {
  std::size_t count = 0;
  for (const std::uint8_t byte : bitmap) {
    count += static_cast<std::size_t>(std::popcount(byte));
  }
  return count;
}

absl::Status CheckBitmap(ByteView bitmap, std::size_t size) {
  if (bitmap.size() != (size + 7) / 8) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "bitmap has %d bytes, expected %d", static_cast<int>(bitmap.size()),
        static_cast<int>((size + 7) / 8)));
  }
  for (std::size_t i = size; i < bitmap.size() * 8; ++i) {
    if (TestBit(bitmap, i)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("bitmap names member %d of %d", static_cast<int>(i),
                          static_cast<int>(size)));
    }
  }
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
