// sotto task plan: what devices do for a task, as a file to be published.

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "crypto/sha2.h"
#include "privacy/fixed_point.h"
#include "privacy/rounds/round_ledger.h"
#include "privacy/rounds/round_noise.h"
#include "proto/messages/plan.pb.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tools/sotto/command.h"
#include "tools/sotto/message_json.h"
#include "tools/sotto/task_commands.h"

namespace sotto::tools {
namespace {

constexpr char kDiscreteGaussian[] = "discrete-gaussian";
constexpr char kSkellam[] = "skellam";
constexpr char kCoordinatorGaussian[] = "coordinator-gaussian";
constexpr char kCoordinatorTree[] = "coordinator-tree";

struct PlanFlags {
  std::string task, model_name, model, out;
  double learning_rate = 0.05, momentum = 0, weight_decay = 0, proximal = 0;
  std::uint32_t epochs = 1, batch_size = 32;
  std::uint64_t seed = 1;
  double clip_norm = 10, scale = 65536;
  std::uint32_t bits = 32;
  std::optional<std::uint32_t> max_weight;  // 128, or 1 with noise
  std::uint32_t min_examples = 1, min_separation = 1, max_participations = 0;
  std::uint32_t min_cohort = 3;
  double corrupted_fraction = 0.1, dropout_fraction = 0.3;
  std::string noise, unit, sampling;
  std::optional<double> noise_std, noise_multiplier, epsilon, delta;
  std::optional<std::uint64_t> tree_rounds;
  bool json = false;

  std::uint32_t MaxWeight() const {
    return max_weight.value_or(noise.empty() ? 128 : 1);
  }
};

absl::Status CheckRange(bool holds, const char* flag, const char* wants) {
  if (holds) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("--%s: wants %s", flag, wants));
}

absl::Status CheckPrivacyFlags(const PlanFlags& flags) {
  SOTTO_RETURN_IF_ERROR(CheckRange(
      flags.noise_std.has_value() != flags.noise_multiplier.has_value(),
      "noise", "one of --noise-std and --noise-multiplier"));
  SOTTO_RETURN_IF_ERROR(
      CheckRange(flags.epsilon.has_value(), "epsilon",
                 "the budget of one user; it has no default"));
  SOTTO_RETURN_IF_ERROR(
      CheckRange(flags.delta.has_value(), "delta",
                 "less than one over the population; it has no default"));
  SOTTO_RETURN_IF_ERROR(CheckRange(!flags.unit.empty(), "unit",
                                   "'user', stated; it has no default"));
  SOTTO_RETURN_IF_ERROR(CheckRange(!flags.sampling.empty(), "sampling",
                                   "'none', stated; it has no default"));
  return CheckRange(
      flags.tree_rounds.has_value() == (flags.noise == kCoordinatorTree),
      "tree-rounds", "a number with --noise coordinator-tree, and only there");
}

void SetPrivacy(const PlanFlags& flags, v1::Plan::Privacy& privacy) {
  privacy.set_noise(flags.noise == kSkellam ? v1::Plan::Privacy::SKELLAM
                    : flags.noise == kCoordinatorGaussian
                        ? v1::Plan::Privacy::COORDINATOR_GAUSSIAN
                    : flags.noise == kCoordinatorTree
                        ? v1::Plan::Privacy::COORDINATOR_TREE
                        : v1::Plan::Privacy::DISCRETE_GAUSSIAN);
  privacy.set_rounds(flags.tree_rounds.value_or(0));
  if (flags.noise_std.has_value()) {
    privacy.set_central_std(*flags.noise_std);
  } else {
    privacy.set_noise_multiplier(*flags.noise_multiplier);
  }
  privacy.set_epsilon(*flags.epsilon);
  privacy.set_delta(*flags.delta);
  privacy.set_unit(v1::Plan::Privacy::USER);
  privacy.set_sampling(v1::Plan::Privacy::NO_AMPLIFICATION);
}

// What the plan's budget buys.
struct Cost {
  double one_round = 0;                 // epsilon
  std::optional<std::uint64_t> rounds;  // absent: any number
};

absl::StatusOr<Cost> CostOf(const v1::Plan& plan, std::size_t num_weights) {
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
  const v1::Plan::Privacy& budget = plan.privacy();
  Cost cost;
  SOTTO_ASSIGN_OR_RETURN(cost.one_round,
                         privacy::SpentEpsilon({&entry, 1}, budget.delta()));
  SOTTO_ASSIGN_OR_RETURN(
      cost.rounds,
      privacy::RoundsWithin({}, entry, budget.epsilon(), budget.delta()));
  if (cost.rounds != 0u) return cost;
  return absl::InvalidArgumentError(absl::StrFormat(
      "--epsilon %g at --delta %g does not pay for one round, which costs "
      "%.4g; "
      "`sotto privacy calibrate %s` finds the noise that does",
      budget.epsilon(), budget.delta(), cost.one_round,
      budget.noise() == v1::Plan::Privacy::SKELLAM ? kSkellam
      : privacy::TreeRounds(plan) > 0              ? "tree"
      : privacy::IsCoordinatorNoise(plan)          ? "gaussian"
                                                   : kDiscreteGaussian));
}

std::string Describe(const Cost& cost, const v1::Plan& plan) {
  const v1::Plan::Privacy& budget = plan.privacy();
  return absl::StrFormat(
      "noise of standard deviation %g on %s, %g of the clip; a round costs "
      "epsilon %.4g at delta %g,\nepsilon %g pays for %s",
      privacy::CentralStd(plan),
      privacy::TreeRounds(plan) > 0 ? "each node of a tree" : "the sum",
      privacy::CentralStd(plan) / plan.encode().clip_norm(), cost.one_round,
      budget.delta(), budget.epsilon(),
      cost.rounds.has_value()
          ? absl::StrFormat("%d rounds", *cost.rounds)
          : absl::StrFormat("any number of rounds: no device joins more than "
                            "%d",
                            plan.participation().max_participations()));
}

absl::Status Check(const PlanFlags& flags) {
  SOTTO_RETURN_IF_ERROR(
      CheckRange(flags.learning_rate > 0, "learning-rate", "a number above 0"));
  SOTTO_RETURN_IF_ERROR(CheckRange(flags.momentum >= 0 && flags.momentum < 1,
                                   "momentum", "a number in [0, 1)"));
  SOTTO_RETURN_IF_ERROR(CheckRange(flags.epochs > 0, "epochs", "at least 1"));
  SOTTO_RETURN_IF_ERROR(
      CheckRange(flags.batch_size > 0, "batch-size", "at least 1"));
  SOTTO_RETURN_IF_ERROR(
      CheckRange(flags.min_cohort >= 2, "min-cohort", "at least 2"));
  SOTTO_RETURN_IF_ERROR(CheckRange(
      flags.corrupted_fraction >= 0 && flags.dropout_fraction >= 0 &&
          flags.corrupted_fraction + flags.dropout_fraction < 1,
      "corrupted-fraction", "with --dropout-fraction, a sum below 1"));
  if (!flags.noise.empty()) return CheckPrivacyFlags(flags);
  for (const auto& [given, flag] :
       {std::pair{flags.noise_std.has_value(), "noise-std"},
        {flags.noise_multiplier.has_value(), "noise-multiplier"},
        {flags.epsilon.has_value(), "epsilon"},
        {flags.delta.has_value(), "delta"},
        {!flags.unit.empty(), "unit"},
        {!flags.sampling.empty(), "sampling"},
        {flags.tree_rounds.has_value(), "tree-rounds"}}) {
    SOTTO_RETURN_IF_ERROR(CheckRange(
        !given, flag, "--noise beside it; without no noise is added"));
  }
  // The smallest cohort must fit at least; the coordinator checks its goal.
  return Annotate(privacy::FixedPoint::Create({.clip = flags.clip_norm,
                                               .scale = flags.scale,
                                               .bits = flags.bits,
                                               .max_weight = flags.MaxWeight(),
                                               .num_devices = flags.min_cohort})
                      .status(),
                  "encoding");
}

absl::Status WritePlan(const PlanFlags& flags) {
  SOTTO_RETURN_IF_ERROR(Check(flags));
  SOTTO_ASSIGN_OR_RETURN(const runtime::Model model,
                         runtime::LoadModel(flags.model));
  v1::Plan plan;
  plan.set_task(flags.task);
  plan.set_model(flags.model_name);
  const auto hash = crypto::Sha256(runtime::ArchitectureBytes(model));
  plan.set_architecture_hash(hash.data(), hash.size());
  v1::Plan::Train& train = *plan.mutable_train();
  train.set_learning_rate(flags.learning_rate);
  train.set_momentum(flags.momentum);
  train.set_weight_decay(flags.weight_decay);
  train.set_proximal(flags.proximal);
  train.set_epochs(flags.epochs);
  train.set_batch_size(flags.batch_size);
  train.set_seed(flags.seed);
  v1::Plan::Encode& encode = *plan.mutable_encode();
  encode.set_clip_norm(flags.clip_norm);
  encode.set_scale(flags.scale);
  encode.set_bits(flags.bits);
  encode.set_max_weight(flags.MaxWeight());
  v1::Plan::Participation& participation = *plan.mutable_participation();
  participation.set_min_examples(flags.min_examples);
  participation.set_min_separation_rounds(flags.min_separation);
  participation.set_max_participations(flags.max_participations);
  v1::Plan::SecureAggregation& secure = *plan.mutable_secure_aggregation();
  secure.set_min_cohort(flags.min_cohort);
  secure.set_corrupted_fraction(flags.corrupted_fraction);
  secure.set_dropout_fraction(flags.dropout_fraction);
  std::optional<Cost> cost;
  if (!flags.noise.empty()) {
    SetPrivacy(flags, *plan.mutable_privacy());
    SOTTO_ASSIGN_OR_RETURN(cost,
                           CostOf(plan, runtime::FlatWeights(model).size()));
  }
  SOTTO_RETURN_IF_ERROR(
      WriteFileAtomically(flags.out, plan.SerializeAsString()));
  if (flags.json) {
    nlohmann::json json = MessageJson(plan);
    if (cost.has_value()) {
      json["round_epsilon"] = cost->one_round;
      json["rounds_in_budget"] =
          cost->rounds.has_value() ? nlohmann::json(*cost->rounds) : nullptr;
    }
    std::printf("%s\n", json.dump().c_str());
  } else {
    if (cost.has_value()) {
      std::printf("%s\n", Describe(*cost, plan).c_str());
    }
    std::printf(
        "%s: plan of task '%s'; publish it with `sotto store "
        "publish-plan`\n",
        flags.out.c_str(), flags.task.c_str());
  }
  return absl::OkStatus();
}

}  // namespace

void AddTaskPlan(CLI::App& family) {
  auto flags = std::make_shared<PlanFlags>();
  CLI::App& command = *family.add_subcommand("plan", "write a plan file");
  command.add_option("--task", flags->task, "the task's name")->required();
  command.add_option("--model-name", flags->model_name, "family, digits/cnn")
      ->required();
  command.add_option("--model", flags->model, ".tflite with the architecture")
      ->required();
  command.add_option("--out", flags->out, "the file to write")->required();
  command.add_option("--learning-rate", flags->learning_rate, "of SGD");
  command.add_option("--momentum", flags->momentum, "of SGD, in [0, 1)");
  command.add_option("--weight-decay", flags->weight_decay, "of SGD");
  command.add_option("--proximal", flags->proximal, "FedProx mu");
  command.add_option("--epochs", flags->epochs, "over the local data");
  command.add_option("--batch-size", flags->batch_size, "examples a step");
  command.add_option("--seed", flags->seed, "of the shuffles");
  command.add_option("--clip-norm", flags->clip_norm, "L2 bound of an update");
  command.add_option("--scale", flags->scale, "fixed-point units per 1.0");
  command.add_option("--bits", flags->bits, "sums are taken mod 2^bits");
  command.add_option("--max-weight", flags->max_weight,
                     "examples above it count as it; default 128, with noise "
                     "1: every device counts the same");
  command.add_option("--min-examples", flags->min_examples, "to take part");
  command.add_option("--min-separation-rounds", flags->min_separation,
                     "between two participations; 1: consecutive rounds");
  command.add_option("--max-participations", flags->max_participations,
                     "of one device; 0: unlimited");
  command.add_option("--min-cohort", flags->min_cohort,
                     "fewer survivors give no result");
  command.add_option("--corrupted-fraction", flags->corrupted_fraction,
                     "of the cohort that may collude with the server");
  command.add_option("--dropout-fraction", flags->dropout_fraction,
                     "of the cohort that may vanish");
  command
      .add_option("--noise", flags->noise,
                  "what the devices add before masking, or a coordinator that "
                  "they trust to; none by default, and then, as with a "
                  "coordinator's, devices take part only where their policy "
                  "says so")
      ->check(CLI::IsMember({kDiscreteGaussian, kSkellam, kCoordinatorGaussian,
                             kCoordinatorTree}));
  command.add_option("--tree-rounds", flags->tree_rounds,
                     "of the whole run, with --noise coordinator-tree: it ends "
                     "there, and every round costs its place in the tree");
  command.add_option("--noise-std", flags->noise_std,
                     "of the noise in a sum, in the unit of the update");
  command.add_option("--noise-multiplier", flags->noise_multiplier,
                     "the same over --clip-norm");
  command.add_option("--epsilon", flags->epsilon,
                     "what all rounds of the model may cost one user");
  command.add_option("--delta", flags->delta,
                     "chance of more; below one over the population");
  command
      .add_option("--unit", flags->unit,
                  "whose contributions neighbours differ in: all of one user")
      ->check(CLI::IsMember({"user"}));
  command
      .add_option("--sampling", flags->sampling,
                  "what is assumed of who takes part: none, as devices that "
                  "come when they can are no secret random sample")
      ->check(CLI::IsMember({"none"}));
  command.add_flag("--json", flags->json, "print the plan as JSON");
  command.footer(
      "Privacy. With --noise every device clips its update, rotates it, "
      "rounds\n"
      "it and adds its share of noise, so that the sum over --min-cohort "
      "devices\n"
      "has noise of --noise-std even if --corrupted-fraction of a cohort add\n"
      "none. The mean's noise falls with the devices in a round: use large\n"
      "cohorts, and let devices rest with --min-separation-rounds or\n"
      "--max-participations, for a user costs only the rounds it is in. The\n"
      "coordinator stops the task, and a device leaves a round, before the\n"
      "budget is exceeded. `sotto privacy calibrate` finds the noise.\n"
      "With --noise coordinator-gaussian or coordinator-tree (DP-FTRL) the\n"
      "coordinator adds it to the sum, which it sees: for users who trust its\n"
      "operator.\n\n"
      "Example:\n"
      "  sotto task plan --task train --model-name digits/cnn --model m.tflite "
      "\\\n"
      "      --out train.plan --clip-norm 1 --min-cohort 100 --noise \\\n"
      "      discrete-gaussian --noise-multiplier 4 --epsilon 8 --delta 1e-6 "
      "\\\n"
      "      --unit user --sampling none --max-participations 10");
  SetAction(command, [flags] { return WritePlan(*flags); });
}

}  // namespace sotto::tools
