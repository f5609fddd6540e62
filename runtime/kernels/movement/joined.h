// Tensors cut into pieces along an axis, or joined from them: in every block of
// the dimensions before the axis each piece is one contiguous run.

#ifndef SOTTO_RUNTIME_KERNELS_MOVEMENT_JOINED_H_
#define SOTTO_RUNTIME_KERNELS_MOVEMENT_JOINED_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

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

// `count` runs of `run` bytes, the steps in bytes.
inline void CopyRuns(const std::uint8_t* from, std::size_t from_step,
                     std::uint8_t* to, std::size_t to_step, std::size_t run,
                     std::size_t count) {
  const auto copy = [&](auto size) {
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(to + i * to_step, from + i * from_step, size);
    }
  };
  // A copy of a known size is a few moves in place of a call.
  switch (run) {
    case 4:
      return copy(std::integral_constant<std::size_t, 4>());
    case 8:
      return copy(std::integral_constant<std::size_t, 8>());
    case 16:
      return copy(std::integral_constant<std::size_t, 16>());
    case 32:
      return copy(std::integral_constant<std::size_t, 32>());
    case 64:
      return copy(std::integral_constant<std::size_t, 64>());
    default:
      return copy(run);
  }
}

// whole: `blocks` > 0 times the runs of all pieces, one after another. Each
// piece has `blocks` equal runs.
inline void Join(std::span<Tensor* const> pieces, std::size_t blocks,
                 const Tensor& whole) {
  const std::size_t step = blocks == 1 ? 0 : whole.bytes() / blocks;
  auto* to = whole.as<std::uint8_t>();
  for (const Tensor* piece : pieces) {
    const std::size_t bytes = piece->bytes();
    if (bytes == 0) continue;
    const std::size_t run = blocks == 1 ? bytes : bytes / blocks;
    CopyRuns(piece->as<const std::uint8_t>(), run, to, step, run, blocks);
    to += run;
  }
}

inline void Cut(const Tensor& whole, std::size_t blocks,
                std::span<Tensor* const> pieces) {
  const std::size_t step = blocks == 1 ? 0 : whole.bytes() / blocks;
  const auto* from = whole.as<const std::uint8_t>();
  for (Tensor* piece : pieces) {
    const std::size_t bytes = piece->bytes();
    if (bytes == 0) continue;
    const std::size_t run = blocks == 1 ? bytes : bytes / blocks;
    CopyRuns(from, step, piece->as<std::uint8_t>(), run, run, blocks);
    from += run;
  }
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_MOVEMENT_JOINED_H_
