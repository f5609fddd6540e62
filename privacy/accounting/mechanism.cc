#include "privacy/accounting/mechanism.h"

#include <cmath>

#include "base/status.h"
#include "privacy/accounting/gaussian.h"
#include "privacy/accounting/matrix_sensitivity.h"
#include "privacy/accounting/pld.h"
#include "privacy/accounting/ranges.h"
#include "privacy/accounting/rdp.h"
#include "privacy/accounting/tree_sensitivity.h"
#include "privacy/accounting/zcdp.h"

namespace sotto::privacy {
namespace {

struct Question {
  Adjacency adjacency;
  double delta;
};

absl::StatusOr<Guarantee> GaussianGuarantee(double squared_sensitivity,
                                            double noise_multiplier,
                                            const Question& question) {
  SOTTO_RETURN_IF_ERROR(CheckNoiseMultiplier(noise_multiplier));
  const double factor = question.adjacency == Adjacency::kReplace ? 2 : 1;
  SOTTO_ASSIGN_OR_RETURN(
      const double rho,
      GaussianRho(factor * std::sqrt(squared_sensitivity) * (1 + 0x1p-50),
                  noise_multiplier));
  SOTTO_ASSIGN_OR_RETURN(const double epsilon,
                         GaussianEpsilonFromRho(rho, question.delta));
  return Guarantee{.epsilon = epsilon,
                   .delta = question.delta,
                   .accountant = "gaussian",
                   .squared_sensitivity = std::nullopt,
                   .rho = rho,
                   .order = std::nullopt};
}

absl::StatusOr<Guarantee> RenyiGuarantee(const RdpAccountant& accountant,
                                         double delta) {
  SOTTO_ASSIGN_OR_RETURN(const RdpBound bound, accountant.Epsilon(delta));
  if (!std::isfinite(bound.value)) {
    return absl::OutOfRangeError(
        absl::StrFormat("no order bounds epsilon at delta %g", delta));
  }
  return Guarantee{.epsilon = bound.value,
                   .delta = delta,
                   .accountant = "rdp",
                   .squared_sensitivity = std::nullopt,
                   .rho = std::nullopt,
                   .order = bound.order};
}

absl::StatusOr<Guarantee> Account(const GaussianReleases& run,
                                  const Question& question) {
  SOTTO_RETURN_IF_ERROR(CheckCount("releases", run.releases));
  return GaussianGuarantee(static_cast<double>(run.releases),
                           run.noise_multiplier, question);
}

absl::StatusOr<Guarantee> Account(const SampledSteps& run,
                                  const Question& question) {
  if (question.adjacency == Adjacency::kReplace) {
    return absl::UnimplementedError(
        "sampled steps are accounted for one unit added or removed only");
  }
  SOTTO_RETURN_IF_ERROR(CheckCount("rounds", run.steps));
  if (run.accountant == SampledAccountant::kPld) {
    PldAccountant pld;
    SOTTO_RETURN_IF_ERROR(pld.AddSampledGaussian(
        run.noise_multiplier, run.sampling_probability, run.steps));
    const absl::StatusOr<double> epsilon = pld.Epsilon(question.delta);
    if (epsilon.ok()) {
      return Guarantee{.epsilon = *epsilon,
                       .delta = question.delta,
                       .accountant = "pld",
                       .squared_sensitivity = std::nullopt,
                       .rho = std::nullopt,
                       .order = std::nullopt};
    }
    if (!absl::IsResourceExhausted(epsilon.status())) return epsilon.status();
  }
  SOTTO_ASSIGN_OR_RETURN(RdpAccountant renyi,
                         RdpAccountant::Create(DefaultRdpOrders()));
  SOTTO_RETURN_IF_ERROR(renyi.AddSampledGaussian(
      run.noise_multiplier, run.sampling_probability, run.steps));
  return RenyiGuarantee(renyi, question.delta);
}

absl::StatusOr<Guarantee> Account(const TreeRun& run,
                                  const Question& question) {
  SOTTO_ASSIGN_OR_RETURN(const TreeSensitivity sensitivity,
                         TreeSquaredSensitivity(run.participation));
  SOTTO_ASSIGN_OR_RETURN(
      Guarantee guarantee,
      GaussianGuarantee(sensitivity.squared, run.noise_multiplier, question));
  guarantee.squared_sensitivity = sensitivity.squared;
  return guarantee;
}

absl::StatusOr<Guarantee> Account(const MatrixRun& run,
                                  const Question& question) {
  SOTTO_ASSIGN_OR_RETURN(
      const double squared,
      BandedSquaredSensitivity(run.squared_column_norm, run.bands,
                               run.participation));
  SOTTO_ASSIGN_OR_RETURN(
      Guarantee guarantee,
      GaussianGuarantee(squared, run.noise_multiplier, question));
  guarantee.squared_sensitivity = squared;
  return guarantee;
}

absl::StatusOr<Guarantee> Account(const DistributedReleases& run,
                                  const Question& question) {
  SOTTO_RETURN_IF_ERROR(CheckCount("releases", run.releases));
  DistributedNoise noise = run.noise;
  noise.replace_adjacency = question.adjacency == Adjacency::kReplace;
  SOTTO_ASSIGN_OR_RETURN(RdpAccountant renyi,
                         RdpAccountant::Create(IntegerRdpOrders()));
  SOTTO_RETURN_IF_ERROR(
      renyi.Add([&](double order) { return DistributedNoiseRdp(noise, order); },
                run.releases));
  return RenyiGuarantee(renyi, question.delta);
}

}  // namespace

absl::StatusOr<Guarantee> AccountEpsilon(const Mechanism& mechanism,
                                         Adjacency adjacency, double delta) {
  SOTTO_RETURN_IF_ERROR(CheckDelta(delta));
  return std::visit(
      [&](const auto& run) {
        return Account(run, Question{.adjacency = adjacency, .delta = delta});
      },
      mechanism);
}

double NoiseOf(const Mechanism& mechanism) {
  return std::visit(
      [](const auto& run) {
        if constexpr (requires { run.noise_multiplier; }) {
          return run.noise_multiplier;
        } else {
          return run.noise.central_std;
        }
      },
      mechanism);
}

Mechanism WithNoise(Mechanism mechanism, double noise) {
  std::visit(
      [noise](auto& run) {
        if constexpr (requires { run.noise_multiplier; }) {
          run.noise_multiplier = noise;
        } else {
          run.noise.central_std = noise;
        }
      },
      mechanism);
  return mechanism;
}

}  // namespace sotto::privacy
