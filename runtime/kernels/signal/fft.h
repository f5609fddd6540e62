// Fourier transforms of real signals whose length is a power of two, in f32,
// f64, or fixed point as the integer audio front ends are defined.
//
// A signal of 2 n numbers is taken for n complex ones, transformed in radix 4
// (and a last radix 2), and taken apart again. Fixed point: twiddles are
// fractions of 2^B - 1 (B 15 or 31); products are rounded, halves upwards;
// every stage first divides by its radix, so that nothing can overflow but the
// lowest number itself, where sums wrap around. A transform is thus 1 / (2 n)
// of the true one, an inverse the true one with its 1 / (2 n).
// A floating-point inverse is 2 n times the true one.

#ifndef SOTTO_RUNTIME_KERNELS_SIGNAL_FFT_H_
#define SOTTO_RUNTIME_KERNELS_SIGNAL_FFT_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace sotto::runtime {

template <typename T>
struct Complex {
  T re, im;
};

template <typename T>
class RealFft {
 public:
  // `length` is a power of two from kMinLength on; `twiddles` has
  // TwiddleCount(length) elements, filled in by FillTwiddles.
  static constexpr std::size_t kMinLength = 4;
  static std::size_t TwiddleCount(std::size_t length) {
    return length / 2 + length / 4;
  }
  static void FillTwiddles(std::size_t length, bool inverse,
                           Complex<T>* twiddles) {
    const std::size_t n = length / 2;
    const auto size = static_cast<double>(n);
    const double sign = inverse ? 1.0 : -1.0;
    for (std::size_t i = 0; i < n; ++i) {
      twiddles[i] = Twiddle(sign * 2 * kPi * static_cast<double>(i) / size);
    }
    for (std::size_t i = 0; i < n / 2; ++i) {
      twiddles[n + i] =
          Twiddle(sign * kPi * (static_cast<double>(i + 1) / size + 0.5));
    }
  }

  RealFft(std::size_t length, const Complex<T>* twiddles)
      : n_(length / 2), twiddles_(twiddles) {}

  // out[length / 2 + 1] of in[length]; work has length / 2 elements.
  void Forward(const T* in, Complex<T>* work, Complex<T>* out) const {
    Transform(
        [in](std::size_t i) {
          return Complex<T>{in[2 * i], in[2 * i + 1]};
        },
        false, work);
    const Complex<T> first = Divide(work[0], 2);
    out[0] = {Wrap(Wide{first.re} + first.im), T{0}};
    out[n_] = {Wrap(Wide{first.re} - first.im), T{0}};
    for (std::size_t k = 1; k <= n_ / 2; ++k) {
      const Complex<T> a = Divide(work[k], 2);
      const Complex<T> b = Divide(Conjugate(work[n_ - k]), 2);
      const Complex<T> even = Add(a, b);
      const Complex<T> odd = Multiply(Subtract(a, b), twiddles_[n_ + k - 1]);
      out[k] = {Half(Wide{even.re} + odd.re), Half(Wide{even.im} + odd.im)};
      out[n_ - k] = {Half(Wide{even.re} - odd.re),
                     Half(Wide{odd.im} - even.im)};
    }
  }

  // out[length] of in[length / 2 + 1]; work has `length` elements.
  void Inverse(const Complex<T>* in, Complex<T>* work, T* out) const {
    Complex<T>* parts = work;  // out of place: the transform reads them
    parts[0] = Divide(
        {Wrap(Wide{in[0].re} + in[n_].re), Wrap(Wide{in[0].re} - in[n_].re)},
        2);
    for (std::size_t k = 1; k <= n_ / 2; ++k) {
      const Complex<T> a = Divide(in[k], 2);
      const Complex<T> b = Divide(Conjugate(in[n_ - k]), 2);
      const Complex<T> even = Add(a, b);
      const Complex<T> odd = Multiply(Subtract(a, b), twiddles_[n_ + k - 1]);
      parts[k] = Add(even, odd);
      parts[n_ - k] = Conjugate(Subtract(even, odd));
    }
    Complex<T>* result = work + n_;
    Transform([parts](std::size_t i) { return parts[i]; }, true, result);
    for (std::size_t i = 0; i < n_; ++i) {
      out[2 * i] = result[i].re;
      out[2 * i + 1] = result[i].im;
    }
  }
  // The complex transform of n values read(i); for n < 4 too.
  template <typename Read>
  void Transform(const Read& read, bool inverse, Complex<T>* out) const {
    for (std::size_t i = 0; i < n_; ++i) out[i] = read(Source(i));
    // Stages from the shortest transforms to the longest.
    std::size_t m = 1;
    while (m < n_) {
      const std::size_t radix = m == 1 && LastRadixIsTwo() ? 2 : 4;
      const std::size_t step = n_ / (m * radix);
      for (std::size_t block = 0; block < n_; block += m * radix) {
        if (radix == 2) {
          Combine2(out + block, step, m);
        } else {
          Combine4(out + block, step, m, inverse);
        }
      }
      m *= radix;
    }
  }

 private:
  static constexpr bool kFixed = std::is_integral_v<T>;
  using Wide = std::conditional_t<kFixed, std::int64_t, T>;
  static constexpr double kPi = 3.14159265358979323846;
  static constexpr int kBits = 8 * sizeof(T) - 1;

  static T Wrap(Wide value) { return static_cast<T>(value); }
  static T Round(Wide value) {
    if constexpr (kFixed) {
      return static_cast<T>((value + (Wide{1} << (kBits - 1))) >> kBits);
    } else {
      return value;
    }
  }
  static T Half(Wide value) {
    if constexpr (kFixed) {
      return static_cast<T>(value >> 1);
    } else {
      return value * T{0.5};
    }
  }
  static Complex<T> Twiddle(double phase) {
    if constexpr (kFixed) {
      const double one = std::numeric_limits<T>::max();
      return {static_cast<T>(std::floor(0.5 + one * std::cos(phase))),
              static_cast<T>(std::floor(0.5 + one * std::sin(phase)))};
    } else {
      return {static_cast<T>(std::cos(phase)), static_cast<T>(std::sin(phase))};
    }
  }
  static Complex<T> Add(Complex<T> a, Complex<T> b) {
    return {Wrap(Wide{a.re} + b.re), Wrap(Wide{a.im} + b.im)};
  }
  static Complex<T> Subtract(Complex<T> a, Complex<T> b) {
    return {Wrap(Wide{a.re} - b.re), Wrap(Wide{a.im} - b.im)};
  }
  static Complex<T> Conjugate(Complex<T> a) {
    return {a.re, Wrap(-Wide{a.im})};
  }
  // |b| is at most 1, so a sum of two products is below 1.5 * 2^62.
  static Complex<T> Multiply(Complex<T> a, Complex<T> b) {
    return {Round(Wide{a.re} * b.re - Wide{a.im} * b.im),
            Round(Wide{a.re} * b.im + Wide{a.im} * b.re)};
  }
  static Complex<T> Divide(Complex<T> a, int by) {
    if constexpr (kFixed) {
      const Wide factor = std::numeric_limits<T>::max() / by;
      return {Round(a.re * factor), Round(a.im * factor)};
    } else {
      return a;
    }
  }

  bool LastRadixIsTwo() const {
    std::size_t rest = n_;
    while (rest >= 4) rest /= 4;
    return rest == 2;
  }
  // Which input comes to place `place` before the stages: the digits of the
  // mixed radix in the opposite order.
  std::size_t Source(std::size_t place) const {
    std::size_t source = 0, stride = 1;
    for (std::size_t rest = n_; rest > 1;) {
      const std::size_t radix = rest % 4 == 0 ? 4 : 2;
      rest /= radix;
      source += place / rest * stride;
      place %= rest;
      stride *= radix;
    }
    return source;
  }
  void Combine2(Complex<T>* at, std::size_t step, std::size_t m) const {
    for (std::size_t i = 0; i < m; ++i) {
      const Complex<T> a = Divide(at[i], 2);
      const Complex<T> b = Multiply(Divide(at[i + m], 2), twiddles_[i * step]);
      at[i + m] = Subtract(a, b);
      at[i] = Add(a, b);
    }
  }
  void Combine4(Complex<T>* at, std::size_t step, std::size_t m,
                bool inverse) const {
    for (std::size_t i = 0; i < m; ++i) {
      const Complex<T> a = Divide(at[i], 4);
      const Complex<T> b = Multiply(Divide(at[i + m], 4), twiddles_[i * step]);
      const Complex<T> c =
          Multiply(Divide(at[i + 2 * m], 4), twiddles_[2 * i * step]);
      const Complex<T> d =
          Multiply(Divide(at[i + 3 * m], 4), twiddles_[3 * i * step]);
      const Complex<T> a_minus_c = Subtract(a, c), a_plus_c = Add(a, c);
      const Complex<T> b_plus_d = Add(b, d), b_minus_d = Subtract(b, d);
      // b - d turned by a quarter, to the side that the direction asks for.
      const Complex<T> turned = {b_minus_d.im, Wrap(-Wide{b_minus_d.re})};
      at[i] = Add(a_plus_c, b_plus_d);
      at[i + 2 * m] = Subtract(a_plus_c, b_plus_d);
      at[i + m] =
          inverse ? Subtract(a_minus_c, turned) : Add(a_minus_c, turned);
      at[i + 3 * m] =
          inverse ? Add(a_minus_c, turned) : Subtract(a_minus_c, turned);
    }
  }

  std::size_t n_;
  const Complex<T>* twiddles_;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_SIGNAL_FFT_H_
