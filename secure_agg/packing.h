// Elements of an input on the wire: `bits` bits each, in [1, 32], one after
// another from the lowest bit of the first byte on, without gaps; the last byte
// is filled up with zeros. With 32 bits that is a little-endian word an
// element.

#ifndef SOTTO_SECURE_AGG_PACKING_H_
#define SOTTO_SECURE_AGG_PACKING_H_

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace sotto::secure_agg {

// Of so many elements.
constexpr std::size_t PackedBytes(std::size_t count, std::uint32_t bits) {
  return (count * bits + 7) / 8;
}

// Elements are below 2^bits; `out` has PackedBytes bytes.
void Pack(std::span<const std::uint32_t> elements, std::uint32_t bits,
          std::span<std::uint8_t> out);

// False: the bits after the last element are not all zero. `bytes` has
// PackedBytes of them.
bool Unpack(ByteView bytes, std::uint32_t bits,
            std::span<std::uint32_t> elements);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_PACKING_H_
