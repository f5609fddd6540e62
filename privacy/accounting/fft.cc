#include "privacy/accounting/fft.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <utility>

namespace sotto::privacy {

Fft::Fft(int log2_size) : log2_size_(log2_size), roots_(size() / 2) {
  assert(log2_size >= 1 && log2_size <= 26);
  const double unit = -2 * std::numbers::pi / static_cast<double>(size());
  for (std::size_t k = 0; k < roots_.size(); ++k) {
    const double angle = unit * static_cast<double>(k);
    roots_[k] = {std::cos(angle), std::sin(angle)};
  }
}

void Fft::Forward(std::span<std::complex<double>> x) const {
  assert(x.size() == size());
  const std::size_t n = size();
  for (std::size_t i = 1, reversed = 0; i < n; ++i) {
    std::size_t bit = n >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (i < reversed) std::swap(x[i], x[reversed]);
  }
  for (std::size_t half = 1; half < n; half *= 2) {
    const std::size_t stride = n / (2 * half);
    for (std::size_t block = 0; block < n; block += 2 * half) {
      for (std::size_t k = 0; k < half; ++k) {
        const std::complex<double> root = roots_[k * stride];
        const std::complex<double> b = x[block + half + k];
        // Written out: operator* also looks for infinities.
        const std::complex<double> turned(
            root.real() * b.real() - root.imag() * b.imag(),
            root.real() * b.imag() + root.imag() * b.real());
        x[block + half + k] = x[block + k] - turned;
        x[block + k] += turned;
      }
    }
  }
}

void Fft::Inverse(std::span<std::complex<double>> x) const {
  Forward(x);
  std::reverse(x.begin() + 1, x.end());
  const double scale = 1 / static_cast<double>(size());
  for (std::complex<double>& value : x) value *= scale;
}

}  // namespace sotto::privacy
