// Parts of a cohort.

#ifndef SOTTO_BASE_FRACTION_H_
#define SOTTO_BASE_FRACTION_H_

#include <cmath>
#include <cstdint>

namespace sotto {

// floor(fraction * n); a product that rounding left just below a whole number
// counts as that number, as 0.29 * 100. fraction in [0, 1].
inline std::uint32_t MembersIn(double fraction, std::uint32_t cohort_size) {
  return static_cast<std::uint32_t>(std::floor(fraction * cohort_size + 1e-9));
}

}  // namespace sotto

#endif  // SOTTO_BASE_FRACTION_H_
