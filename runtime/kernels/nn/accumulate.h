// Sums of products, exact for integers of any number of terms, in double
// precision for floats.

#ifndef SOTTO_RUNTIME_KERNELS_NN_ACCUMULATE_H_
#define SOTTO_RUNTIME_KERNELS_NN_ACCUMULATE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace sotto::runtime {

// sum_i (x[i] - x_zero) * (w[i] - w_zero). 8-bit x: zero points inside their
// types, so no product exceeds 255^2; 16-bit x: both zero points 0, so none
// exceeds 2^15 * 2^7. Blocks of 2^15 and 2^8 terms stay below 2^31 in an int32,
// which is what small processors add fastest.
template <typename X, typename W>
std::int64_t SumOfProducts(const X* x, const W* w, std::size_t size,
                           std::int32_t x_zero, std::int32_t w_zero) {
  static_assert(sizeof(W) == 1 && sizeof(X) <= 2);
  constexpr std::size_t kBlock = sizeof(X) == 1 ? 1 << 15 : 1 << 8;
  std::int64_t sum = 0;
  for (std::size_t begin = 0; begin < size; begin += kBlock) {
    const std::size_t end = std::min(size, begin + kBlock);
    std::int32_t partial = 0;
    for (std::size_t i = begin; i < end; ++i) {
      partial += (std::int32_t{x[i]} - x_zero) * (std::int32_t{w[i]} - w_zero);
    }
    sum += partial;
  }
  return sum;
}

inline double SumOfProducts(const float* x, const float* w, std::size_t size) {
  double sum = 0.0;
  for (std::size_t i = 0; i < size; ++i) sum += double{x[i]} * w[i];
  return sum;
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_ACCUMULATE_H_
