#include "runtime/kernels/cpu/int8_sum_form.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace sotto::runtime {
namespace {

constexpr int kShift = 28;
constexpr std::int64_t kOne = std::int64_t{1} << kShift;
// Pairs to look at one by one; more are no accident but exact ties.
constexpr int kMaxNear = 256;

double ToDouble(FixedPoint factor) {
  return std::ldexp(factor.multiplier, factor.shift - 31);
}

// One operand: what the operator makes of each number, and the linear form.
struct Operand {
  std::array<std::int32_t, 256> scaled;
  std::array<std::int64_t, 256> linear;
  std::int64_t weight = 0;
  double error = 0.0;  // at most this between the two, in units of the form
};

// `unit`: of the form, what 1 of the scaled sum is.
bool MakeOperand(const Int8Addend& from, double unit, Operand* to) {
  const double weight =
      std::round(std::ldexp(ToDouble(from.factor), 20) * unit);
  if (!(weight < 0x1p30)) return false;
  to->weight = static_cast<std::int64_t>(weight);
  for (std::int32_t i = 0; i < 256; ++i) {
    const auto at = static_cast<std::size_t>(i);
    to->scaled[at] = Requantize((i - from.zero) * (1 << 20), from.factor);
    to->linear[at] = (i - from.zero) * to->weight;
    to->error = std::max(
        to->error,
        std::fabs(static_cast<double>(to->linear[at]) - to->scaled[at] * unit));
  }
  return true;
}

std::int64_t Fraction(std::int64_t value) { return value & (kOne - 1); }

}  // namespace

bool FindInt8SumForm(const Int8Addend& a, const Int8Addend& b,
                     FixedPoint factor, std::int32_t zero, Int8SumForm* form) {
  if (factor.shift > 0) return false;
  const double unit = ToDouble(factor) * static_cast<double>(kOne);
  Operand left, right;
  if (!MakeOperand(a, unit, &left) || !MakeOperand(b, unit, &right)) {
    return false;
  }
  // The sum's own first rounding, by half of 2^shift.
  const double error = left.error + right.error +
                       std::ldexp(1.0, kShift - 1 + factor.shift) + 1.0;
  if (!(error < 0x1p20)) return false;
  const auto slack = static_cast<std::int64_t>(error) + 1;
  const std::int64_t reach = 2 * slack;

  struct Entry {
    std::int64_t fraction;
    std::size_t number;
  };
  std::array<Entry, 256> sorted;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    sorted[i] = {Fraction(right.linear[i]), i};
  }
  std::sort(sorted.begin(), sorted.end(), [](const Entry& p, const Entry& q) {
    return p.fraction < q.fraction;
  });
  // A half more: floor rounds to the nearest.
  constexpr std::int64_t kHalf = kOne / 2;
  std::int64_t low = -slack, high = slack;
  int near = 0;
  for (std::size_t i = 0; i < left.linear.size(); ++i) {
    // b's whose t lies within `reach` of a multiple of 2^28.
    const std::int64_t first = Fraction(-left.linear[i] - kHalf - reach);
    std::size_t at = static_cast<std::size_t>(
        std::lower_bound(sorted.begin(), sorted.end(), first,
                         [](const Entry& entry, std::int64_t value) {
                           return entry.fraction < value;
                         }) -
        sorted.begin());
    for (std::size_t n = 0; n < sorted.size(); ++n, ++at) {
      const Entry& entry = sorted[at % sorted.size()];
      if (Fraction(entry.fraction - first) > 2 * reach) break;
      if (++near > kMaxNear) return false;
      const std::int64_t t =
          left.linear[i] + right.linear[entry.number] + kHalf;
      const std::int64_t wanted =
          kOne *
          Requantize(left.scaled[i] + right.scaled[entry.number], factor);
      low = std::max(low, wanted - t);
      high = std::min(high, wanted + kOne - 1 - t);
    }
  }
  if (low > high) return false;
  const std::int64_t start = kHalf + (low + high) / 2 + zero * kOne -
                             a.zero * left.weight - b.zero * right.weight;
  constexpr std::int64_t kLowBits = (1 << 15) - 1;
  *form = {.a_high = static_cast<std::int16_t>(left.weight >> 15),
           .b_high = static_cast<std::int16_t>(right.weight >> 15),
           .a_low = static_cast<std::int16_t>(left.weight & kLowBits),
           .b_low = static_cast<std::int16_t>(right.weight & kLowBits),
           .start_high = static_cast<std::int32_t>(start >> 15),
           .start_low = static_cast<std::int32_t>(start & kLowBits)};
  return true;
}

}  // namespace sotto::runtime
