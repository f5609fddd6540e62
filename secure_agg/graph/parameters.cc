#include "secure_agg/graph/parameters.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "base/fraction.h"
#include "base/status.h"

namespace sotto::secure_agg {
namespace {

// ln(n!): exact products up to 16, then Stirling's series, whose next term is
// below 1e-12 there. Not std::lgamma, which writes a global.
double LogFactorial(double n) {
  if (n < 16) {
    double product = 1;
    for (double i = 2; i <= n; ++i) product *= i;
    return std::log(product);
  }
  const double x = 1 / n, y = x * x;
  return n * std::log(n) - n + 0.5 * std::log(2 * std::numbers::pi * n) +
         x * (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y / 1680)));
}

double LogChoose(double n, double k) {
  return LogFactorial(n) - LogFactorial(k) - LogFactorial(n - k);
}

// How many of `draws` without replacement are marked, when `marked` of
// `population` are. All are whole numbers.
struct Hypergeometric {
  double population, marked, draws;

  double Least() const { return std::max(0.0, draws + marked - population); }
  double Most() const { return std::min(marked, draws); }

  // ln of (first term, summed by its ratios to the following ones). The terms
  // fall away from the mode, so the sum ends early in a tail.
  double LogAbove(double bound) const {
    const double from = std::max(std::floor(bound) + 1, Least());
    if (from > Most()) return -HUGE_VAL;
    double sum = 1, term = 1;
    for (double i = from; i < Most() && term > sum * 1e-17; ++i) {
      term *= (marked - i) / (i + 1) * (draws - i) /
              (population - marked - draws + i + 1);
      sum += term;
    }
    return LogTerm(from) + std::log(sum);
  }
  double LogBelow(double bound) const {
    const double from = std::min(std::ceil(bound) - 1, Most());
    if (from < Least()) return -HUGE_VAL;
    double sum = 1, term = 1;
    for (double i = from; i > Least() && term > sum * 1e-17; --i) {
      term *= i / (marked - i + 1) * (population - marked - draws + i) /
              (draws - i + 1);
      sum += term;
    }
    return LogTerm(from) + std::log(sum);
  }

 private:
  double LogTerm(double i) const {
    return LogChoose(marked, i) + LogChoose(population - marked, draws - i) -
           LogChoose(population, draws);
  }
};

// Two runs of k / 2 bad members cut a ring; the union bound over the places of
// the two runs.
bool StaysConnected(double n, double bad, double k, double log_failure) {
  if (k > bad) return true;
  return std::log(n * (n - k - 1) / 2) + LogFactorial(bad) +
             LogFactorial(n - k) - LogFactorial(n) - LogFactorial(bad - k) <
         log_failure;
}

// The smallest a that hardly any member's corrupted neighbours exceed.
double CorruptedNeighbours(double n, double corrupted, double k,
                           double log_failure) {
  const Hypergeometric bad = {n, corrupted, k};
  double low = 0, high = bad.Most();  // the answer is in [low, high]
  while (low < high) {
    const double middle = std::floor((low + high) / 2);
    if (std::log(n) + bad.LogAbove(middle) <= log_failure) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

absl::Status CheckRanges(const GraphAssumptions& assume) {
  const double gamma = assume.corrupted_fraction;
  const double delta = assume.dropout_fraction;
  if (assume.cohort_size < 3 || assume.cohort_size > 1u << 24) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "cohort size is %d, needs 3 to 2^24", assume.cohort_size));
  }
  if (!(gamma >= 0 && delta >= 0 && gamma + delta < 1)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "corrupted fraction %g and dropout fraction %g, need to be at least 0 "
        "and below 1 together",
        gamma, delta));
  }
  return absl::OkStatus();
}

double LogFailure(double bits) { return -bits * std::numbers::ln2; }

// The threshold that rings of k neighbours need, or nothing where so few
// neighbours do not keep the honest survivors together.
std::optional<double> SafeThreshold(const GraphAssumptions& assume, double k) {
  const double n = assume.cohort_size;
  const double corrupted =
      MembersIn(assume.corrupted_fraction, assume.cohort_size);
  const double gone =
      assume.min_survivors == 0
          ? MembersIn(assume.dropout_fraction, assume.cohort_size)
          : n - std::min<double>(assume.min_survivors, n);
  const double insecure = LogFailure(assume.security_bits + 1.0);
  if (!StaysConnected(n, corrupted + gone, k, insecure)) return std::nullopt;
  const double a = CorruptedNeighbours(n, corrupted, k, insecure);
  return assume.server == ServerModel::kActive ? std::floor((k + a) / 2) + 1
                                               : a + 1;
}

}  // namespace

absl::StatusOr<GraphParams> FindRegularGraph(const GraphAssumptions& assume) {
  SOTTO_RETURN_IF_ERROR(CheckRanges(assume));
  const double n = assume.cohort_size;
  const double dropped = MembersIn(assume.dropout_fraction, assume.cohort_size);
  const double stuck = LogFailure(assume.correctness_bits);
  for (double k = 2; k < n; k += 2) {
    const std::optional<double> t = SafeThreshold(assume, k);
    if (!t) continue;
    const Hypergeometric alive = {n, n - dropped, k};
    if (std::log(n) + alive.LogBelow(*t) > stuck) continue;
    GraphParams found;
    found.neighbours = static_cast<std::uint32_t>(k);
    found.threshold = static_cast<std::uint32_t>(*t);
    return found;
  }
  return absl::NotFoundError(absl::StrFormat(
      "no regular graph of %d members bears %g corrupted and %g dropped out",
      assume.cohort_size, assume.corrupted_fraction, assume.dropout_fraction));
}

absl::StatusOr<GraphParams> ChooseGraph(const GraphAssumptions& assume) {
  SOTTO_RETURN_IF_ERROR(CheckRanges(assume));
  if (assume.cohort_size <= kSmallCohort) {
    return CompleteGraph(assume.cohort_size, assume.corrupted_fraction);
  }
  const absl::StatusOr<GraphParams> ring = FindRegularGraph(assume);
  if (ring.ok() && ring->neighbours < assume.cohort_size - 1) return ring;
  if (!ring.ok() && !absl::IsNotFound(ring.status())) return ring;
  return CompleteGraph(assume.cohort_size, assume.corrupted_fraction);
}

absl::Status CheckGraph(const GraphAssumptions& assume,
                        const GraphParams& graph) {
  SOTTO_RETURN_IF_ERROR(CheckRanges(assume));
  const std::uint32_t n = assume.cohort_size, k = graph.neighbours;
  std::uint32_t least = 0;
  if (k == n - 1) {
    SOTTO_ASSIGN_OR_RETURN(const GraphParams complete,
                           CompleteGraph(n, assume.corrupted_fraction));
    least = complete.threshold;
  } else {
    const std::optional<double> t =
        k >= 2 && k % 2 == 0 && k < n ? SafeThreshold(assume, k) : std::nullopt;
    if (!t) {
      return absl::PermissionDeniedError(absl::StrFormat(
          "%d neighbours each do not keep a cohort of %d together", k, n));
    }
    least = static_cast<std::uint32_t>(*t);
  }
  if (graph.threshold >= least && graph.threshold <= k) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrFormat(
      "threshold %d with %d neighbours in a cohort of %d, needs %d to %d",
      graph.threshold, k, n, least, k));
}

}  // namespace sotto::secure_agg
