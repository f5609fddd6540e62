// Goodness of fit of integer draws to a pmf, for tests.
//
// Neighbouring values are counted together until 20 draws of them are expected.
// The statistic becomes a standard normal deviate by the cube-root rule
// of Wilson and Hilferty, so tests of any size use one threshold.

#ifndef SOTTO_PRIVACY_NOISE_CHI_SQUARE_TEST_SUPPORT_H_
#define SOTTO_PRIVACY_NOISE_CHI_SQUARE_TEST_SUPPORT_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>
#include <vector>

#include "crypto/secret.h"
#include "privacy/noise/random_words.h"

namespace sotto::privacy {

// A deviate above this has probability 3e-5; seeds are fixed, so a test that
// passes once always does.
inline constexpr double kMaxDeviate = 4.0;

// SOTTO_NOISE_DRAWS=100000000 makes the long run of these tests.
inline std::uint64_t NumDraws(std::uint64_t otherwise) {
  const char* const text = std::getenv("SOTTO_NOISE_DRAWS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// The same words for the same seed on every machine.
class TestWords : public RandomWords {
 public:
  explicit TestWords(std::uint8_t seed) : RandomWords(KeyOf(seed)) {}

 private:
  static crypto::Secret<32> KeyOf(std::uint8_t seed) {
    crypto::Secret<32> key;
    key.RevealMutable()[0] = seed;
    return key;
  }
};

// `draw` fills a block; `log_weight(k)` is ln P[k] up to a constant, P[k] =
// P[-k]; values beyond `reach` in magnitude have no weight to speak of.
inline double PmfDeviate(
    std::uint64_t num_draws, std::int64_t reach,
    const std::function<void(std::span<std::int64_t>)>& draw,
    const std::function<double(std::int64_t)>& log_weight) {
  const auto size = static_cast<std::size_t>(2 * reach + 1);
  std::vector<double> expected(size), counted(size);
  double total = 0;
  for (std::size_t i = 0; i < size; ++i) {
    expected[i] =
        std::exp(log_weight(std::abs(static_cast<std::int64_t>(i) - reach)));
    total += expected[i];
  }
  std::vector<std::int64_t> block(4096);
  std::uint64_t drawn = 0;
  while (drawn < num_draws) {
    draw(block);
    for (const std::int64_t value : block) {
      counted[static_cast<std::size_t>(std::clamp(value, -reach, reach) +
                                       reach)] += 1;
    }
    drawn += block.size();
  }
  double statistic = 0, tail_expected = 0, tail_counted = 0;
  double freedom = -1;
  for (std::size_t i = 0; i < size; ++i) {
    tail_expected += expected[i] / total * static_cast<double>(drawn);
    tail_counted += counted[i];
    if (tail_expected < 20) continue;
    const double distance = tail_counted - tail_expected;
    statistic += distance * distance / tail_expected;
    freedom += 1;
    tail_expected = tail_counted = 0;
  }
  // What is left of the upper tail.
  statistic += tail_expected > 0 ? (tail_counted - tail_expected) *
                                       (tail_counted - tail_expected) /
                                       std::max(tail_expected, 20.0)
                                 : 0;
  if (freedom < 1) return statistic > 0 ? 100 : 0;
  const double spread = 2 / (9 * freedom);
  return (std::cbrt(statistic / freedom) - (1 - spread)) / std::sqrt(spread);
}

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_CHI_SQUARE_TEST_SUPPORT_H_
