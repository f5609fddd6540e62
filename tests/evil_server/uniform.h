// Whether numbers look uniform: a smoke test, fixed inputs only.

#ifndef SOTTO_TESTS_EVIL_SERVER_UNIFORM_H_
#define SOTTO_TESTS_EVIL_SERVER_UNIFORM_H_

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace sotto::evil {

// Chi-square with 255 degrees of freedom, of the lowest and of the highest
// eight of `bits`: mean 255, standard deviation 22.6. Seven deviations away: by
// chance less often than once in 10^9 for inputs drawn anew.
inline void ExpectUniform(const std::vector<std::uint32_t>& values,
                          std::uint32_t bits) {
  for (const std::uint32_t shift : {0u, bits - 8}) {
    std::array<double, 256> counts = {};
    for (const std::uint32_t value : values) ++counts[(value >> shift) & 255];
    const double expected = static_cast<double>(values.size()) / 256;
    double chi_square = 0;
    for (const double count : counts) {
      chi_square += (count - expected) * (count - expected) / expected;
    }
    EXPECT_NEAR(chi_square, 255, 7 * std::sqrt(2.0 * 255))
        << "the byte from bit " << shift << " on";
  }
}

}  // namespace sotto::evil

#endif  // SOTTO_TESTS_EVIL_SERVER_UNIFORM_H_
