// Sums over windows of 8-bit images, all channels at once.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_POOL_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_POOL_H_

#include <cstddef>
#include <cstdint>

namespace sotto::runtime {

// Sums of bytes of fewer elements than this stay below 2^31.
constexpr std::size_t kMaxInt8Window = std::size_t{1} << 23;

// Elements of one window of one image: `first` is channel 0 of the first pixel.
struct Int8PoolWindow {
  const std::uint8_t* first;
  std::size_t rows, columns, row_step, channels;
};

// sums[c] = sum of u8(byte ^ flip).
void SumInt8Window(const Int8PoolWindow& window, std::uint8_t flip,
                   std::int32_t* sums);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_POOL_H_
