// Exact draws from a symmetric log-concave distribution on the integers, by
// rejection in trials of equal work.
//
// With t the least integer whose weight q(t) is at most 1/2, log-concavity
// gives q(k) <= 2^-floor(k / t). A trial proposes a sign, a block v with
// probability 2^-(v+1) and a place u below t, all from one random word, and
// accepts k = v t + u with probability 2^v q(k): one more word is compared with
// a table of q to 64 bits. Once in about 2^56 trials the table cannot decide,
// and both numbers are continued until they differ (weights.h). Half of the
// trials succeed.
//
// How many trials a draw takes says nothing about its value, and every trial
// takes the same steps, apart from which table entry it reads. A proposal
// beyond block 255, of probability 2^-256, is refused.
//
// Immutable and thread-safe.

#ifndef SOTTO_PRIVACY_NOISE_TABLE_SAMPLER_H_
#define SOTTO_PRIVACY_NOISE_TABLE_SAMPLER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "privacy/noise/random_words.h"
#include "privacy/noise/weights.h"

namespace sotto::privacy {

class TableSampler {
 public:
  // Keeps `table_digits` binary digits of each weight, in [8, 64]: fewer change
  // how often the weights are asked for more, not what is drawn. The standard
  // deviation is at most 2^14, so that the table is at most 1.2 MB.
  explicit TableSampler(std::unique_ptr<const Weights> weights,
                        int table_digits = 64);

  void Draw(RandomWords& words, std::span<std::int64_t> out) const;

 private:
  bool Decide(std::uint64_t k, std::uint64_t block, std::uint64_t word,
              RandomWords& words) const;

  std::unique_ptr<const Weights> weights_;
  std::vector<std::uint64_t> table_;  // lower bounds
  std::uint64_t slack_;               // 2^64 q(k) <= table_[k] + slack_
  std::uint64_t block_length_;        // t
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_TABLE_SAMPLER_H_
