#include "privacy/accounting/tree_sensitivity.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "base/status.h"

namespace sotto::privacy {
namespace {

constexpr std::int64_t kMaxSearchSteps = std::int64_t{1} << 24;

// What a block can be worth, and the round of its last participation then.
struct Option {
  std::int64_t value, last;
};
// Sorted by falling value and falling last round.
using Options = std::vector<Option>;

// Drops every option that another beats in both respects.
Options Undominated(Options options) {
  std::sort(options.begin(), options.end(),
            [](const Option& a, const Option& b) {
              return std::tie(b.value, a.last) < std::tie(a.value, b.last);
            });
  Options kept;
  for (const Option& option : options) {
    if (kept.empty() || option.last < kept.back().last) kept.push_back(option);
  }
  return kept;
}

class Search {
 public:
  explicit Search(const Participation& participation)
      : rounds_(participation.rounds),
        separation_(participation.min_separation) {}

  // The most that `count` participations can be worth; nothing where the search
  // takes too long.
  std::optional<std::int64_t> Best(std::int64_t count) {
    const Options options = Forest(rounds_, count, 0);
    if (steps_ > kMaxSearchSteps) return std::nullopt;
    return options.front().value;
  }

 private:
  // `rounds` in whole blocks, the largest first, as binary digits say.
  Options Forest(std::int64_t rounds, std::int64_t count, std::int64_t first) {
    const int level = std::bit_width(static_cast<std::uint64_t>(rounds)) - 1;
    const std::int64_t block = std::int64_t{1} << level;
    if (rounds == block) return Block(level, count, first);
    return Join(
        block, count, first,
        [&](std::int64_t c, std::int64_t f) { return Block(level, c, f); },
        [&](std::int64_t c, std::int64_t f) {
          return Forest(rounds - block, c, f);
        });
  }

  Options Block(int level, std::int64_t count, std::int64_t first) {
    const std::int64_t size = std::int64_t{1} << level;
    if (first + (count - 1) * separation_ >= size) return {};
    // One participation is in one block of every level.
    if (count == 1) return {{level + 1, first}};
    const auto key = std::make_tuple(level, count, first);
    if (const auto known = blocks_.find(key); known != blocks_.end()) {
      return known->second;
    }
    const auto half = [&](std::int64_t c, std::int64_t f) {
      return Block(level - 1, c, f);
    };
    Options options = Join(size / 2, count, first, half, half);
    for (Option& option : options) option.value += count * count;
    return blocks_[key] = std::move(options);
  }

  // Participations spread over a left part of `width` rounds and a right one.
  template <typename Left, typename Right>
  Options Join(std::int64_t width, std::int64_t count, std::int64_t first,
               Left left, Right right) {
    Options options;
    for (std::int64_t c = 0; c <= count && steps_ <= kMaxSearchSteps; ++c) {
      const Options lefts = c == 0          ? Options{{0, first - separation_}}
                            : first < width ? left(c, first)
                                            : Options{};
      for (const Option& a : lefts) {
        if (c == count) {
          options.push_back(a);
          continue;
        }
        const std::int64_t next =
            std::max<std::int64_t>(0, a.last + separation_ - width);
        for (const Option& b : right(count - c, next)) {
          options.push_back({a.value + b.value, width + b.last});
        }
      }
      steps_ += 1 + static_cast<std::int64_t>(options.size());
    }
    return Undominated(std::move(options));
  }

  std::int64_t rounds_, separation_;
  std::int64_t steps_ = 0;
  std::map<std::tuple<int, std::int64_t, std::int64_t>, Options> blocks_;
};

}  // namespace

absl::StatusOr<double> TreeSquaredSensitivityBound(
    const Participation& participation) {
  SOTTO_RETURN_IF_ERROR(CheckParticipation(participation));
  const std::int64_t count = participation.Limit();
  double bound = 0;
  for (std::int64_t block = 1; block <= participation.rounds; block *= 2) {
    const std::int64_t most =
        std::min(count, (block - 1) / participation.min_separation + 1);
    const auto full = static_cast<double>(most),
               rest = static_cast<double>(count % most);
    bound += static_cast<double>(count / most) * full * full + rest * rest;
  }
  return bound;
}

absl::StatusOr<TreeSensitivity> TreeSquaredSensitivity(
    const Participation& participation) {
  SOTTO_ASSIGN_OR_RETURN(const double bound,
                         TreeSquaredSensitivityBound(participation));
  const auto best = Search(participation).Best(participation.Limit());
  if (!best.has_value()) return TreeSensitivity{bound, false};
  return TreeSensitivity{static_cast<double>(*best), true};
}

}  // namespace sotto::privacy
