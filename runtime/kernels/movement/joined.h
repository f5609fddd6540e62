// Tensors cut into pieces along an axis, or joined from them: in every block of
// the dimensions before the axis each piece is one contiguous run.

#ifndef SOTTO_RUNTIME_KERNELS_MOVEMENT_JOINED_H_
#define SOTTO_RUNTIME_KERNELS_MOVEMENT_JOINED_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "runtime/core/tensor.h"

namespace sotto::runtime {

// Product of the dimensions before `axis`.
inline std::size_t BlocksBefore(const Shape& shape, std::size_t axis) {
  std::size_t blocks = 1;
  for (std::size_t i = 0; i < axis; ++i) {
    blocks *= static_cast<std::size_t>(shape[i]);
  }
  return blocks;
}

// whole: `blocks` times the runs of all pieces, one after another. Each piece
// has `blocks` equal runs.
inline void Join(std::span<Tensor* const> pieces, std::size_t blocks,
                 void* whole) {
  auto* to = static_cast<std::uint8_t*>(whole);
  for (std::size_t block = 0; block < blocks; ++block) {
    for (const Tensor* piece : pieces) {
      const std::size_t run = piece->bytes() / blocks;
      if (run == 0) continue;
      std::memcpy(to, piece->as<const std::uint8_t>() + block * run, run);
      to += run;
    }
  }
}

inline void Cut(const void* whole, std::size_t blocks,
                std::span<Tensor* const> pieces) {
  const auto* from = static_cast<const std::uint8_t*>(whole);
  for (std::size_t block = 0; block < blocks; ++block) {
    for (Tensor* piece : pieces) {
      const std::size_t run = piece->bytes() / blocks;
      if (run == 0) continue;
      std::memcpy(piece->as<std::uint8_t>() + block * run, from, run);
      from += run;
    }
  }
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_MOVEMENT_JOINED_H_
