#include "privacy/distributed/hadamard.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>

namespace sotto::privacy {
namespace {

constexpr std::size_t kCacheTile = 4096;  // 16 KiB

// Rows 0, 1, 2, 3 of each group of 4 `stride`: two levels at once, so that half
// as many passes go through memory.
void FourRows(float* x, std::size_t stride) {
  float* const __restrict a = x;
  float* const __restrict b = x + stride;
  float* const __restrict c = x + 2 * stride;
  float* const __restrict d = x + 3 * stride;
  for (std::size_t i = 0; i < stride; ++i) {
    const float ab = a[i] + b[i], a_b = a[i] - b[i];
    const float cd = c[i] + d[i], c_d = c[i] - d[i];
    a[i] = ab + cd;
    b[i] = a_b + c_d;
    c[i] = ab - cd;
    d[i] = a_b - c_d;
  }
}

void TwoRows(float* __restrict x, std::size_t stride) {
  float* const __restrict y = x + stride;
  for (std::size_t i = 0; i < stride; ++i) {
    const float sum = x[i] + y[i], difference = x[i] - y[i];
    x[i] = sum;
    y[i] = difference;
  }
}

// Strides from `stride` up to half of `size`.
void Levels(float* x, std::size_t size, std::size_t stride) {
  for (; stride * 4 <= size; stride *= 4) {
    for (std::size_t i = 0; i < size; i += 4 * stride) FourRows(x + i, stride);
  }
  if (stride * 2 <= size) {
    for (std::size_t i = 0; i < size; i += 2 * stride) TwoRows(x + i, stride);
  }
}

}  // namespace

void ScaledHadamard(float scale, std::span<float> x) {
  assert(std::has_single_bit(x.size()));
  const std::size_t tile = std::min(x.size(), kCacheTile);
  for (std::size_t i = 0; i < x.size(); i += tile) {
    Levels(x.data() + i, tile, 1);
    for (std::size_t j = 0; j < tile; ++j) x[i + j] *= scale;
  }
  Levels(x.data(), x.size(), tile);
}

}  // namespace sotto::privacy
