#include "tools/sotto/plan_noise.h"

#include <cmath>
#include <utility>
#include <vector>

#include "base/status.h"
#include "privacy/noise/banded_matrix.h"
#include "privacy/rounds/round_ledger.h"
#include "privacy/rounds/round_noise.h"

namespace sotto::tools {
namespace {

using Privacy = v1::Plan::Privacy;

struct PlanNoise {
  const char* flag;
  Privacy::Noise noise;
  const char* of;         // what has noise of the plan's size
  const char* calibrate;  // its name in `sotto privacy`
};

constexpr PlanNoise kNoises[] = {
    {"discrete-gaussian", Privacy::DISCRETE_GAUSSIAN, "the sum",
     "discrete-gaussian"},
    {"skellam", Privacy::SKELLAM, "the sum", "skellam"},
    {"coordinator-gaussian", Privacy::COORDINATOR_GAUSSIAN, "the sum",
     "gaussian"},
    {"coordinator-tree", Privacy::COORDINATOR_TREE, "each node of a tree",
     "tree"},
    {"coordinator-banded", Privacy::COORDINATOR_BANDED,
     "each row before the matrix", "banded"}};

const PlanNoise& NoiseOf(const v1::Plan& plan) {
  for (const PlanNoise& noise : kNoises) {
    if (noise.noise == plan.privacy().noise()) return noise;
  }
  return kNoises[0];
}

}  // namespace

void AddNoiseOptions(CLI::App& command, NoiseFlags& flags) {
  std::vector<std::string> names;
  for (const PlanNoise& noise : kNoises) names.emplace_back(noise.flag);
  command
      .add_option("--noise", flags.noise,
                  "what the devices add before masking, or a coordinator that "
                  "they trust to; none by default, and then, as with a "
                  "coordinator's, devices take part only where their policy "
                  "says so")
      ->check(CLI::IsMember(names));
  command.add_option("--noise-rounds", flags.noise_rounds,
                     "of the whole run, with --noise coordinator-tree or "
                     "coordinator-banded: it ends there");
  command.add_option("--bands", flags.bands,
                     "of the matrix, with --noise coordinator-banded; "
                     "--min-separation-rounds is at least as many");
  command.add_option("--noise-std", flags.noise_std,
                     "of the noise in a sum, in the unit of the update");
  command.add_option("--noise-multiplier", flags.noise_multiplier,
                     "the same over --clip-norm");
  command.add_option("--epsilon", flags.epsilon,
                     "what all rounds of the model may cost one user");
  command.add_option("--delta", flags.delta,
                     "chance of more; below one over the population");
  command
      .add_option("--unit", flags.unit,
                  "whose contributions neighbours differ in: all of one user")
      ->check(CLI::IsMember({"user"}));
  command
      .add_option("--sampling", flags.sampling,
                  "what is assumed of who takes part: none, as devices that "
                  "come when they can are no secret random sample")
      ->check(CLI::IsMember({"none"}));
}

const char kNoiseHelp[] =
    "Privacy. With --noise every device clips its update, rotates it, rounds\n"
    "it and adds its share of noise, so that the sum over --min-cohort "
    "devices\n"
    "has noise of --noise-std even if --corrupted-fraction of a cohort add\n"
    "none. The mean's noise falls with the devices in a round: use large\n"
    "cohorts, and let devices rest with --min-separation-rounds or\n"
    "--max-participations, for a user costs only the rounds it is in. The\n"
    "coordinator stops the task, and a device leaves a round, before the\n"
    "budget is exceeded. `sotto privacy calibrate` finds the noise.\n"
    "With --noise coordinator-gaussian, coordinator-tree or "
    "coordinator-banded\n"
    "the coordinator adds it to the sum, which it sees: for users who trust\n"
    "its operator. The last two are DP-FTRL: noise of one round takes away\n"
    "some of the noise of rounds before it, so that the model, which is their\n"
    "sum, has less. A matrix has the least, but the coordinator keeps as many\n"
    "sums as it has --bands, less one.\n\n"
    "Example:\n"
    "  sotto task plan --task train --model-name digits/cnn --model m.tflite "
    "\\\n"
    "      --out train.plan --clip-norm 1 --min-cohort 100 --noise \\\n"
    "      discrete-gaussian --noise-multiplier 4 --epsilon 8 --delta 1e-6 \\\n"
    "      --unit user --sampling none --max-participations 10";

absl::Status CheckNoiseFlags(const NoiseFlags& flags) {
  if (flags.noise.empty()) {
    for (const auto& [given, flag] :
         {std::pair{flags.noise_std.has_value(), "noise-std"},
          {flags.noise_multiplier.has_value(), "noise-multiplier"},
          {flags.epsilon.has_value(), "epsilon"},
          {flags.delta.has_value(), "delta"},
          {!flags.unit.empty(), "unit"},
          {!flags.sampling.empty(), "sampling"},
          {flags.noise_rounds.has_value(), "noise-rounds"},
          {flags.bands.has_value(), "bands"}}) {
      SOTTO_RETURN_IF_ERROR(CheckFlag(
          !given, flag, "--noise beside it; without no noise is added"));
    }
    return absl::OkStatus();
  }
  SOTTO_RETURN_IF_ERROR(CheckFlag(
      flags.noise_std.has_value() != flags.noise_multiplier.has_value(),
      "noise", "one of --noise-std and --noise-multiplier"));
  SOTTO_RETURN_IF_ERROR(CheckFlag(flags.epsilon.has_value(), "epsilon",
                                  "the budget of one user; it has no default"));
  SOTTO_RETURN_IF_ERROR(
      CheckFlag(flags.delta.has_value(), "delta",
                "less than one over the population; it has no default"));
  SOTTO_RETURN_IF_ERROR(CheckFlag(!flags.unit.empty(), "unit",
                                  "'user', stated; it has no default"));
  SOTTO_RETURN_IF_ERROR(CheckFlag(!flags.sampling.empty(), "sampling",
                                  "'none', stated; it has no default"));
  const bool banded = flags.noise == "coordinator-banded";
  SOTTO_RETURN_IF_ERROR(CheckFlag(
      flags.noise_rounds.has_value() ==
          (banded || flags.noise == "coordinator-tree"),
      "noise-rounds",
      "a number with --noise coordinator-tree or coordinator-banded, and only "
      "there"));
  const std::uint32_t bands = flags.bands.value_or(0);
  return CheckFlag(
      banded ? bands >= 1 && bands <= privacy::BandedMatrix::kMaxBands
             : !flags.bands.has_value(),
      "bands", "1 to 16384 with --noise coordinator-banded, and only there");
}

void SetNoise(const NoiseFlags& flags, Privacy& privacy) {
  for (const PlanNoise& noise : kNoises) {
    if (flags.noise == noise.flag) privacy.set_noise(noise.noise);
  }
  privacy.set_rounds(flags.noise_rounds.value_or(0));
  if (flags.bands.has_value()) {
    for (const double c : privacy::SquareRootCoefficients(*flags.bands)) {
      privacy.add_coefficients(c);
    }
  }
  if (flags.noise_std.has_value()) {
    privacy.set_central_std(*flags.noise_std);
  } else {
    privacy.set_noise_multiplier(*flags.noise_multiplier);
  }
  privacy.set_epsilon(*flags.epsilon);
  privacy.set_delta(*flags.delta);
  privacy.set_unit(Privacy::USER);
  privacy.set_sampling(Privacy::NO_AMPLIFICATION);
}

absl::StatusOr<NoiseCost> CostOf(const v1::Plan& plan,
                                 std::size_t num_weights) {
  // The smallest cohort is the dearest; the coordinator checks its own.
  const v1::Plan::SecureAggregation& secure = plan.secure_aggregation();
  SOTTO_ASSIGN_OR_RETURN(
      const privacy::NoisyEncoding encoding,
      privacy::RoundEncoding(
          plan, num_weights,
          {.devices = secure.min_cohort(),
           .min_devices = secure.min_cohort(),
           .corrupted_fraction = secure.corrupted_fraction()}));
  privacy::LedgerEntry entry{
      .task = plan.task(),
      .round = 1,
      .min_separation = plan.participation().min_separation_rounds(),
      .max_participations = plan.participation().max_participations()};
  SOTTO_RETURN_IF_ERROR(
      privacy::SetNoise(privacy::ReleaseOf(plan, encoding), entry));
  const Privacy& budget = plan.privacy();
  NoiseCost cost;
  SOTTO_ASSIGN_OR_RETURN(cost.one_round,
                         privacy::SpentEpsilon({&entry, 1}, budget.delta()));
  SOTTO_ASSIGN_OR_RETURN(
      cost.rounds,
      privacy::RoundsWithin({}, entry, budget.epsilon(), budget.delta()));
  if (cost.rounds != 0u) return cost;
  return absl::InvalidArgumentError(absl::StrFormat(
      "--epsilon %g at --delta %g does not pay for one round, which costs "
      "%.4g; `sotto privacy calibrate %s` finds the noise that does",
      budget.epsilon(), budget.delta(), cost.one_round,
      NoiseOf(plan).calibrate));
}

std::string Describe(const NoiseCost& cost, const v1::Plan& plan) {
  const Privacy& budget = plan.privacy();
  std::string text = absl::StrFormat(
      "noise of standard deviation %g on %s, %g of the clip; a round costs "
      "epsilon %.4g at delta %g,\nepsilon %g pays for %s",
      privacy::CentralStd(plan), NoiseOf(plan).of,
      privacy::CentralStd(plan) / plan.encode().clip_norm(), cost.one_round,
      budget.delta(), budget.epsilon(),
      cost.rounds.has_value()
          ? absl::StrFormat("%d rounds", *cost.rounds)
          : absl::StrFormat("any number of rounds: no device joins more than "
                            "%d",
                            plan.participation().max_participations()));
  if (budget.coefficients().empty()) return text;
  const double sum = privacy::PartialSumNoise(
      {budget.coefficients().data(),
       static_cast<std::size_t>(budget.coefficients_size())},
      budget.rounds());
  return text + absl::StrFormat(
                    "\nthe sum of all %d rounds has noise of standard "
                    "deviation %g; fresh noise would leave %g",
                    budget.rounds(), sum * privacy::CentralStd(plan),
                    std::sqrt(static_cast<double>(budget.rounds())) *
                        privacy::CentralStd(plan));
}

}  // namespace sotto::tools
