// attack prune | quantise | permute | scale | noise.

#include <cstdio>
#include <functional>
#include <memory>

#include "base/file.h"
#include "base/status.h"
#include "runtime/loader/model_writer.h"
#include "tools/watermark/command.h"
#include "watermark/attack/attacks.h"

namespace sotto::tools {
namespace {

struct AttackArguments {
  std::string model, out;
  double fraction = 0.5, spread = 1, level = 0.1;
  int bits = 8;
  std::uint64_t seed = 1;
};

using Attack = std::function<absl::StatusOr<Bytes>(const runtime::Model&,
                                                   const AttackArguments&)>;

absl::StatusOr<Bytes> Written(const absl::StatusOr<runtime::Model>& model) {
  if (!model.ok()) return model.status();
  return runtime::WriteModel(*model);
}

absl::StatusOr<ExitCode> Run(const AttackArguments& arguments,
                             const Attack& attack) {
  SOTTO_ASSIGN_OR_RETURN(const ModelInput input, ReadModel(arguments.model));
  SOTTO_ASSIGN_OR_RETURN(const Bytes bytes, attack(input.model, arguments));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(arguments.out, bytes));
  std::printf("wrote %s, %d bytes\n", arguments.out.c_str(),
              static_cast<int>(bytes.size()));
  return ExitCode::kOk;
}

}  // namespace

void AddAttackCommands(CLI::App& app) {
  CLI::App* group = app.add_subcommand(
      "attack", "Apply what a thief would try to a copy of a model");
  group->require_subcommand(1);
  auto arguments = std::make_shared<AttackArguments>();
  const auto add = [&](const char* name, const char* about, Attack attack) {
    CLI::App* command = group->add_subcommand(name, about);
    command->add_option("--model", arguments->model, "The .tflite file")
        ->required();
    command->add_option("--out", arguments->out, "Where the result goes")
        ->required();
    SetAction(*command,
              [arguments, attack] { return Run(*arguments, attack); });
    return command;
  };
  const auto add_seed = [&](CLI::App* command) {
    command->add_option("--seed", arguments->seed, "Same seed, same result")
        ->capture_default_str();
  };
  add("prune", "Zero the smallest weights",
      [](const runtime::Model& model, const AttackArguments& a) {
        return Written(watermark::Prune(model, a.fraction));
      })
      ->add_option("--fraction", arguments->fraction, "Of all weights")
      ->capture_default_str();
  CLI::App* quantise =
      add("quantise", "Store the weights as small integers",
          [](const runtime::Model& model, const AttackArguments& a) {
            return watermark::Quantise(model, a.bits);
          });
  quantise->add_option("--bits", arguments->bits, "2 to 8")
      ->capture_default_str();
  add_seed(add("permute", "Shuffle the units of every layer; same function",
               [](const runtime::Model& model, const AttackArguments& a) {
                 return Written(watermark::PermuteUnits(model, a.seed));
               }));
  CLI::App* scale =
      add("scale", "Rescale units and undo it downstream; same function",
          [](const runtime::Model& model, const AttackArguments& a) {
            return Written(watermark::ScaleUnits(model, a.spread, a.seed));
          });
  scale->add_option("--spread", arguments->spread, "Deviation of ln(scale)")
      ->capture_default_str();
  add_seed(scale);
  CLI::App* noise =
      add("noise", "Add Gaussian noise",
          [](const runtime::Model& model, const AttackArguments& a) {
            return Written(watermark::AddNoise(model, a.level, a.seed));
          });
  noise
      ->add_option("--level", arguments->level,
                   "Standard deviations of each weight tensor")
      ->capture_default_str();
  add_seed(noise);
}

}  // namespace sotto::tools
