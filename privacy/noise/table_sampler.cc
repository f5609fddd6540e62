#include "privacy/noise/table_sampler.h"

#include <bit>
#include <cassert>

namespace sotto::privacy {
namespace {

constexpr std::uint64_t kLastBlock = 255;

// The number of zeros before the first one of a sequence of random bits that
// starts with the low 31 bits of `word`.
std::uint64_t CountZeros(std::uint64_t word, RandomWords& words) {
  constexpr std::uint64_t kMarker = std::uint64_t{1} << 31;
  const auto zeros =
      static_cast<std::uint64_t>(std::countr_zero(word | kMarker));
  if (zeros < 31) return zeros;
  std::uint64_t total = 31;
  for (;;) {
    const std::uint64_t more = words.Next();
    total += static_cast<std::uint64_t>(std::countr_zero(more));
    if (more != 0) return total;
  }
}

}  // namespace

TableSampler::TableSampler(std::unique_ptr<const Weights> weights,
                           int table_digits)
    : weights_(std::move(weights)), table_(weights_->Table()) {
  assert(table_digits >= 8 && table_digits <= 64);
  const std::uint64_t dropped = (std::uint64_t{1} << (64 - table_digits)) - 1;
  for (std::uint64_t& bound : table_) bound &= ~dropped;
  slack_ = dropped + Weights::kSlack;
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 63;
  block_length_ = 1;
  while (block_length_ < table_.size() &&
         table_[block_length_] > kHalf - slack_) {
    ++block_length_;
  }
}

void TableSampler::Draw(RandomWords& words, std::span<std::int64_t> out) const {
  const std::uint64_t t = block_length_;
  // 2^32 mod t: places that would come up once too often (Lemire 2019).
  const std::uint64_t excess = (std::uint64_t{1} << 32) % t;
  for (std::size_t i = 0; i < out.size();) {
    // Bits 32 to 63 choose the place, bit 31 the sign, the others the block.
    const std::uint64_t proposal = words.Next();
    const std::uint64_t product = (proposal >> 32) * t;
    const std::uint64_t block = CountZeros(proposal, words);
    const std::uint64_t k = (product >> 32) + block * t;
    const std::uint64_t word = words.Next();
    const std::uint64_t bound = k < table_.size() ? table_[k] : 0;
    const std::uint64_t scaled = block < 64 ? word >> block : 0;
    bool accept = scaled < bound;
    if (scaled >= bound && scaled - bound < slack_) [[unlikely]] {
      accept = Decide(k, block, word, words);
    }
    const std::uint64_t sign = (proposal >> 31) & 1;
    accept &= (product & 0xffffffffu) >= excess;
    accept &= (k | (sign ^ 1)) != 0;  // zero would count twice
    const auto value = static_cast<std::int64_t>((k ^ (0 - sign)) + sign);
    out[i] = value;
    i += accept ? 1 : 0;
  }
}

bool TableSampler::Decide(std::uint64_t k, std::uint64_t block,
                          std::uint64_t word, RandomWords& words) const {
  if (block > kLastBlock) return false;
  WideUint drawn(word);
  for (std::size_t bits = 128;; bits += 64) {
    drawn <<= 64;
    drawn += WideUint(words.Next());
    WideUint bound = weights_->LowerBound(k, bits);
    if (WideUint::Compare(drawn, bound << block) < 0) return true;
    bound += WideUint(Weights::kSlack);
    if (WideUint::Compare(drawn, bound << block) >= 0) return false;
  }
}

}  // namespace sotto::privacy
