// The discrete Fourier transform of 2^k complex numbers.
//
//   forward   F[j] = sum_i x[i] e^(-2 pi sqrt(-1) i j / N)
//   inverse   x[i] = 1/N sum_j F[j] e^(+2 pi sqrt(-1) i j / N)
//
// Radix 2 in place, with every root of unity computed by itself, so that the
// error of any output is at most ErrorBound() times the sum of |x|: the
// accountants add it to their results. Why not a library:
// docs/adr/0007-own-fft.md.
//
// Immutable after construction; thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_FFT_H_
#define SOTTO_PRIVACY_ACCOUNTING_FFT_H_

#include <complex>
#include <span>
#include <vector>

namespace sotto::privacy {

class Fft {
 public:
  // 2^log2_size points; 1 <= log2_size <= 26, asserted.
  explicit Fft(int log2_size);

  // x.size() == size(), asserted.
  void Forward(std::span<std::complex<double>> x) const;
  void Inverse(std::span<std::complex<double>> x) const;

  std::size_t size() const { return std::size_t{1} << log2_size_; }
  // Each of log2 N levels multiplies by a root and adds once: less than 6 units
  // of rounding.
  double ErrorBound() const { return 6 * 0x1p-53 * (log2_size_ + 1); }

 private:
  int log2_size_;
  std::vector<std::complex<double>> roots_;  // e^(-2 pi i k / N), k < N/2
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_FFT_H_
