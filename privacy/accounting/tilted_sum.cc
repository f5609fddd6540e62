#include "privacy/accounting/tilted_sum.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace sotto::privacy {
namespace {

using Complex = std::complex<double>;

Complex Multiply(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(),
          a.real() * b.imag() + a.imag() * b.real()};
}

Complex Power(Complex base, std::uint64_t exponent) {
  Complex result = 1;
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = Multiply(result, base);
    base = Multiply(base, base);
  }
  return result;
}

// value mod size, in [0, size); size is a power of two.
std::size_t Wrap(std::int64_t value, std::size_t size) {
  return static_cast<std::size_t>(static_cast<std::uint64_t>(value) &
                                  (size - 1));
}

}  // namespace

TiltedSum::TiltedSum(std::size_t min_points)
    : fft_(std::bit_width(std::max<std::size_t>(min_points, 2) - 1)),
      product_(size(), 1.0),
      scratch_(size()),
      log_magnitude_(size()),
      sensitivity_(size()) {}

void TiltedSum::Add(const Part& part) {
  std::fill(scratch_.begin(), scratch_.end(), Complex());
  for (std::size_t i = 0; i < part.log_mass.size(); ++i) {
    const std::int64_t index = part.loss.lowest + static_cast<std::int64_t>(i);
    scratch_[Wrap(index, size())] +=
        std::exp(part.log_mass[i] - part.log_mgf +
                 part.theta * part.loss.step * static_cast<double>(index));
  }
  fft_.Forward(scratch_);
  const double eta = fft_.ErrorBound();
  const auto count = static_cast<std::uint64_t>(part.count);
  for (std::size_t k = 0; k < size(); ++k) {
    const double magnitude =
        std::hypot(scratch_[k].real(), scratch_[k].imag()) + eta;
    log_magnitude_[k] += part.count * std::log(magnitude);
    sensitivity_[k] += part.count / magnitude;
    product_[k] = Multiply(product_[k], Power(scratch_[k], count));
  }
  num_releases_ += part.count;
}

std::vector<double> TiltedSum::UpperBounds(std::int64_t first) && {
  const double eta = fft_.ErrorBound();
  double error = 0;
  for (std::size_t k = 0; k < size(); ++k) {
    error += std::exp(log_magnitude_[k]) *
             (eta * sensitivity_[k] + 3 * 0x1p-53 * num_releases_ + eta);
  }
  error /= static_cast<double>(size());
  fft_.Inverse(product_);
  std::vector<double> masses(size());
  for (std::size_t i = 0; i < size(); ++i) {
    const std::size_t at = Wrap(first + static_cast<std::int64_t>(i), size());
    masses[i] = std::max(0.0, product_[at].real()) + error;
  }
  return masses;
}

}  // namespace sotto::privacy
