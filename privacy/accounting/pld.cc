#include "privacy/accounting/pld.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "privacy/accounting/ranges.h"

namespace sotto::privacy {
namespace {

constexpr std::size_t kMaxWindow = std::size_t{1} << 20;
// Share of delta that the cut tails of all releases may take.
constexpr double kTailShare = 1e-8;
// Wider steps would cost more tightness than the answer is worth.
constexpr double kMaxStep = 0.1;

}  // namespace

absl::Status PldAccountant::AddSampledGaussian(double noise_multiplier,
                                               double sampling_probability,
                                               std::int64_t count) {
  SOTTO_RETURN_IF_ERROR(
      CheckRange("sampling probability", sampling_probability, 1e-12, 1));
  SOTTO_RETURN_IF_ERROR(CheckNoiseMultiplier(noise_multiplier));
  return AddMixture(SampledGaussian(noise_multiplier, sampling_probability),
                    count);
}

absl::Status PldAccountant::AddMixture(GaussianMixture mixture,
                                       std::int64_t count) {
  SOTTO_RETURN_IF_ERROR(CheckMixture(mixture));
  SOTTO_RETURN_IF_ERROR(CheckCount("count", count));
  releases_.push_back({std::move(mixture), count});
  return absl::OkStatus();
}

double PldAccountant::NumReleases() const {
  double count = 0;
  for (const Release& release : releases_) {
    count += static_cast<double>(release.count);
  }
  return count;
}

double PldAccountant::Step() const {
  double step = std::min(5e-4, std::sqrt(6e-5 / NumReleases()));
  for (const Release& release : releases_) {
    step =
        std::min(step, std::sqrt(SecondOrderDivergence(release.mixture)) / 32);
  }
  return step;
}

template <typename Question>
absl::StatusOr<LossComposition::Answer> PldAccountant::AskAt(
    double step, Neighbor neighbor, double log_tail, Question question) const {
  LossComposition composition(step);
  for (const Release& release : releases_) {
    SOTTO_ASSIGN_OR_RETURN(
        LossDistribution loss,
        DiscretizeLoss(release.mixture, neighbor, step, log_tail));
    composition.Add(std::move(loss), release.count);
  }
  return question(composition);
}

template <typename Question>
absl::StatusOr<double> PldAccountant::Ask(Neighbor neighbor, double log_tail,
                                          Question question) const {
  if (releases_.empty()) {
    return absl::FailedPreconditionError("no release to account for");
  }
  // A coarse grid says how wide the window of the fine one will be.
  const double wanted = Step();
  double coarse = 8 * wanted;
  auto answer = AskAt(coarse, neighbor, log_tail, question);
  while (absl::IsResourceExhausted(answer.status()) && coarse < kMaxStep) {
    coarse *= 4;
    answer = AskAt(coarse, neighbor, log_tail, question);
  }
  if (!answer.ok()) return answer.status();
  double step =
      std::max(wanted, 1.01 * answer->window / static_cast<double>(kMaxWindow));
  for (; step < coarse; step *= 1.5) {
    const auto fine = AskAt(step, neighbor, log_tail, question);
    if (fine.ok()) return fine->value;
    if (!absl::IsResourceExhausted(fine.status())) return fine.status();
  }
  return answer->value;
}

absl::StatusOr<double> PldAccountant::Epsilon(double delta,
                                              Neighbor neighbor) const {
  SOTTO_RETURN_IF_ERROR(CheckDelta(delta));
  const double log_tail =
      std::log(delta) + std::log(kTailShare / NumReleases());
  return Ask(neighbor, log_tail, [&](const LossComposition& composition) {
    return composition.Epsilon(delta, kMaxWindow);
  });
}

absl::StatusOr<double> PldAccountant::Delta(double epsilon,
                                            Neighbor neighbor) const {
  SOTTO_RETURN_IF_ERROR(CheckEpsilon(epsilon));
  // The tails to cut depend on the answer: cut further while they matter.
  double log_total = std::log(1e-16);
  for (;;) {
    SOTTO_ASSIGN_OR_RETURN(const double delta,
                           Ask(neighbor, log_total - std::log(NumReleases()),
                               [&](const LossComposition& composition) {
                                 return composition.Delta(epsilon, kMaxWindow);
                               }));
    if (std::log(delta) + std::log(kTailShare) / 2 > log_total ||
        log_total < -600) {
      return delta;
    }
    log_total *= 2;
  }
}

absl::StatusOr<double> PldAccountant::Epsilon(double delta) const {
  SOTTO_ASSIGN_OR_RETURN(const double remove,
                         Epsilon(delta, Neighbor::kRemove));
  SOTTO_ASSIGN_OR_RETURN(const double add, Epsilon(delta, Neighbor::kAdd));
  return std::max(remove, add);
}

absl::StatusOr<double> PldAccountant::Delta(double epsilon) const {
  SOTTO_ASSIGN_OR_RETURN(const double remove,
                         Delta(epsilon, Neighbor::kRemove));
  SOTTO_ASSIGN_OR_RETURN(const double add, Delta(epsilon, Neighbor::kAdd));
  return std::max(remove, add);
}

}  // namespace sotto::privacy
