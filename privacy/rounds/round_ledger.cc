#include "privacy/rounds/round_ledger.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <functional>
#include <limits>
#include <map>
#include <tuple>
#include <vector>

#include "base/status.h"
#include "privacy/accounting/ranges.h"
#include "privacy/accounting/rdp.h"
#include "privacy/accounting/tree_sensitivity.h"

namespace sotto::privacy {
namespace {

constexpr std::uint64_t kMaxRounds = 1 << 20;

// A divergence for each order of IntegerRdpOrders.
using Curve = std::vector<double>;

// Rounds of a task have few different noises, and a curve is a long sum.
class Curves {
 public:
  absl::StatusOr<const Curve*> Of(const DistributedNoise& noise) {
    const Key key{noise.kind,  noise.clip,        noise.dimension,
                  noise.scale, noise.central_std, noise.contributors};
    const auto known = curves_.find(key);
    if (known != curves_.end()) return &known->second;
    Curve curve;
    for (const double order : orders_) {
      SOTTO_ASSIGN_OR_RETURN(const double divergence,
                             DistributedNoiseRdp(noise, order));
      curve.push_back(divergence);
    }
    return &curves_.emplace(key, std::move(curve)).first->second;
  }
  const std::vector<double>& orders() const { return orders_; }

 private:
  using Key = std::tuple<IntegerNoise, double, std::int64_t, double, double,
                         std::int64_t>;
  const std::vector<double> orders_ = IntegerRdpOrders();
  std::map<Key, Curve> curves_;
};

struct Release {
  std::uint64_t round;
  const Curve* curve;
  std::uint32_t count;
};

// Of a task, with noise of their own or of one tree or matrix.
struct Task {
  std::uint64_t separation = 1;
  std::uint64_t limit = 0;
  std::vector<Release> releases;
};

// The most rounds that one user can be in: taking the earliest one possible
// each time leaves the most for the rest.
std::uint64_t Participations(const Task& task) {
  std::vector<std::uint64_t> rounds;
  for (const Release& release : task.releases) rounds.push_back(release.round);
  std::ranges::sort(rounds);
  std::uint64_t taken = 0, last = 0;
  for (const std::uint64_t round : rounds) {
    if (taken > 0 && round - last < task.separation) continue;
    ++taken;
    last = round;
  }
  return task.limit == 0 ? taken : std::min(taken, task.limit);
}

// Adds the dearest rounds at each order.
void AddTask(const Task& task, Curve& total) {
  const std::uint64_t most = Participations(task);
  std::vector<double> costs(task.releases.size());
  for (std::size_t i = 0; i < total.size(); ++i) {
    std::ranges::transform(task.releases, costs.begin(), [&](const Release& r) {
      return r.count * (*r.curve)[i];
    });
    std::ranges::sort(costs, std::greater<>());
    for (std::uint64_t k = 0; k < most; ++k) total[i] += costs[k];
  }
}

// Sum of n_v^2 over the nodes, for one user who was in all of `releases`.
double PatternSensitivity(const std::vector<Release>& releases,
                          std::uint64_t noise_rounds) {
  double squared = 0;
  for (std::uint32_t level = 0; noise_rounds >> level != 0; ++level) {
    std::map<std::uint64_t, double> nodes;
    for (const Release& release : releases) {
      const std::uint64_t node = (release.round - 1) >> level;
      // Nodes that the run does not fill have no noise.
      if (node < noise_rounds >> level) ++nodes[node];
    }
    for (const auto& [node, count] : nodes) squared += count * count;
  }
  return squared;
}

// Noise that belongs together over rounds, by which tasks are told apart.
struct Correlated {
  const Curve* curve;
  std::uint64_t rounds;
  std::uint32_t bands;
  auto operator<=>(const Correlated&) const = default;
};

// Of what one user changes in a matrix's rows, in clips times the column norm.
double BandedNorm(std::uint64_t rounds, const Task& task, std::uint32_t bands) {
  // Columns that overlap are at worst parallel.
  const auto most = static_cast<double>(rounds);
  return task.separation >= bands ? std::sqrt(most) : most;
}

// Of what one user changes in a tree's nodes, in clips, or in a matrix's rows.
absl::StatusOr<double> CorrelatedNorm(const Task& task,
                                      const Correlated& noise) {
  const std::uint64_t noise_rounds = noise.rounds;
  std::uint64_t rounds = 0;
  bool placed = true;
  for (const Release& release : task.releases) {
    rounds += release.count;
    placed = placed && release.count == 1 && release.round > 0 &&
             release.round <= noise_rounds;
  }
  const std::uint64_t most = placed ? Participations(task) : rounds;
  if (noise.bands > 0) return BandedNorm(most, task, noise.bands);
  if (placed && most == task.releases.size()) {
    return std::sqrt(PatternSensitivity(task.releases, noise_rounds));
  }
  SOTTO_ASSIGN_OR_RETURN(
      const TreeSensitivity sensitivity,
      TreeSquaredSensitivity(
          {.rounds = static_cast<std::int64_t>(noise_rounds),
           .min_separation = static_cast<std::int64_t>(task.separation),
           .max_participations = static_cast<std::int64_t>(most)}));
  return std::sqrt(sensitivity.squared);
}

}  // namespace

absl::StatusOr<double> SpentEpsilon(std::span<const LedgerEntry> entries,
                                    double delta) {
  SOTTO_RETURN_IF_ERROR(CheckDelta(delta));
  Curves curves;
  std::map<std::string, Task> tasks;
  std::map<Correlated, std::map<std::string, Task>> correlated;
  for (const LedgerEntry& entry : entries) {
    if (!entry.noise.has_value()) {
      return std::numeric_limits<double>::infinity();
    }
    SOTTO_ASSIGN_OR_RETURN(const Curve* curve, curves.Of(*entry.noise));
    Task& task =
        entry.noise_rounds == 0
            ? tasks[entry.task]
            : correlated[{curve, entry.noise_rounds, entry.bands}][entry.task];
    task.separation = std::max<std::uint64_t>(1, entry.min_separation);
    task.limit = entry.max_participations;
    task.releases.push_back({entry.round, curve, entry.count});
  }
  if (entries.empty()) return 0;
  Curve total(curves.orders().size(), 0.0);
  for (const auto& [name, task] : tasks) AddTask(task, total);
  for (const auto& [noise, uses] : correlated) {
    double norm = 0;
    for (const auto& [name, task] : uses) {
      SOTTO_ASSIGN_OR_RETURN(const double more, CorrelatedNorm(task, noise));
      norm += more;
    }
    for (std::size_t i = 0; i < total.size(); ++i) {
      total[i] += norm * norm * (*noise.curve)[i];
    }
  }
  std::map<double, double> at;
  for (std::size_t i = 0; i < total.size(); ++i) {
    at[curves.orders()[i]] = total[i];
  }
  SOTTO_ASSIGN_OR_RETURN(RdpAccountant accountant,
                         RdpAccountant::Create(curves.orders()));
  SOTTO_RETURN_IF_ERROR(accountant.Add(
      [&](double order) -> absl::StatusOr<double> { return at[order]; }, 1));
  SOTTO_ASSIGN_OR_RETURN(const RdpBound bound, accountant.Epsilon(delta));
  return bound.value;
}

absl::StatusOr<std::optional<std::uint64_t>> RoundsWithin(
    std::span<const LedgerEntry> entries, const LedgerEntry& next,
    double epsilon, double delta) {
  // Participations of one user in the rounds to come, as one entry: the search
  // then needs no list of rounds.
  const auto within = [&](std::uint64_t count) -> absl::StatusOr<bool> {
    std::vector<LedgerEntry> all(entries.begin(), entries.end());
    if (count > 0) {
      all.push_back(next);
      all.back().task += "\n";  // its own: no limit of the past bounds it
      all.back().max_participations = 0;
      if (next.noise_rounds > 0) all.back().round = 0;  // anywhere in it
      all.back().count = static_cast<std::uint32_t>(count);
    }
    SOTTO_ASSIGN_OR_RETURN(const double spent, SpentEpsilon(all, delta));
    return spent <= epsilon;
  };
  SOTTO_ASSIGN_OR_RETURN(const bool now, within(0));
  if (!now) return std::optional<std::uint64_t>(0);
  if (next.max_participations != 0) {
    SOTTO_ASSIGN_OR_RETURN(const bool all, within(next.max_participations));
    if (all) return std::optional<std::uint64_t>();
  }
  std::uint64_t low = 0, high = kMaxRounds;
  while (low + 1 < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    SOTTO_ASSIGN_OR_RETURN(const bool fits, within(middle));
    (fits ? low : high) = middle;
  }
  const std::uint64_t separation =
      std::max<std::uint64_t>(1, next.min_separation);
  const std::uint64_t most =
      next.noise_rounds > 0 ? next.noise_rounds : kMaxRounds;
  return std::optional<std::uint64_t>(std::min(most, low * separation));
}

}  // namespace sotto::privacy
