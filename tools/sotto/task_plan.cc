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
#include "proto/messages/plan.pb.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tools/sotto/command.h"
#include "tools/sotto/message_json.h"
#include "tools/sotto/plan_noise.h"
#include "tools/sotto/task_commands.h"

namespace sotto::tools {
namespace {

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
  NoiseFlags noise;
  bool json = false;

  std::uint32_t MaxWeight() const {
    return max_weight.value_or(noise.noise.empty() ? 128 : 1);
  }
};

absl::Status Check(const PlanFlags& flags) {
  SOTTO_RETURN_IF_ERROR(
      CheckFlag(flags.learning_rate > 0, "learning-rate", "a number above 0"));
  SOTTO_RETURN_IF_ERROR(CheckFlag(flags.momentum >= 0 && flags.momentum < 1,
                                  "momentum", "a number in [0, 1)"));
  SOTTO_RETURN_IF_ERROR(CheckFlag(flags.epochs > 0, "epochs", "at least 1"));
  SOTTO_RETURN_IF_ERROR(
      CheckFlag(flags.batch_size > 0, "batch-size", "at least 1"));
  SOTTO_RETURN_IF_ERROR(
      CheckFlag(flags.min_cohort >= 3, "min-cohort", "at least 3"));
  SOTTO_RETURN_IF_ERROR(CheckFlag(
      flags.corrupted_fraction >= 0 && flags.dropout_fraction >= 0 &&
          flags.corrupted_fraction + flags.dropout_fraction < 1,
      "corrupted-fraction", "with --dropout-fraction, a sum below 1"));
  SOTTO_RETURN_IF_ERROR(CheckNoiseFlags(flags.noise));
  if (!flags.noise.noise.empty()) return absl::OkStatus();  // CostOf
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
  std::optional<NoiseCost> cost;
  if (!flags.noise.noise.empty()) {
    SetNoise(flags.noise, *plan.mutable_privacy());
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
  AddNoiseOptions(command, flags->noise);
  command.add_flag("--json", flags->json, "print the plan as JSON");
  command.footer(kNoiseHelp);
  SetAction(command, [flags] { return WritePlan(*flags); });
}

}  // namespace sotto::tools
