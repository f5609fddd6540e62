// sotto model evaluate: accuracy of a classifier on an IDX folder.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/status.h"
#include "runtime/host/interpreter.h"
#include "runtime/loader/model_file.h"
#include "tools/sotto/command.h"
#include "tools/sotto/model_commands.h"
#include "training/local/idx_dataset.h"

namespace sotto::tools {
namespace {

constexpr std::size_t kBatch = 32;

struct EvaluateFlags {
  std::string path, data, split = "test";
  bool json = false;
};

absl::StatusOr<std::size_t> CountCorrect(
    const runtime::Model& model, const training::ExampleSource& examples) {
  SOTTO_ASSIGN_OR_RETURN(
      runtime::Interpreter runner,
      runtime::Interpreter::Create(model, {.batch = kBatch}));
  const std::size_t features = examples.features();
  if (model.inputs.size() != 1 || model.outputs.size() != 1 ||
      runner.input().size() != features * kBatch ||
      runner.output().size() % kBatch != 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "an example has %d values, the model's input has %d",
        static_cast<std::int64_t>(features),
        static_cast<std::int64_t>(runner.input().size() / kBatch)));
  }
  const std::size_t classes = runner.output().size() / kBatch;
  std::vector<std::int32_t> labels(kBatch);
  std::size_t correct = 0;
  for (std::size_t start = 0; start < examples.size(); start += kBatch) {
    const std::size_t count = std::min(kBatch, examples.size() - start);
    for (std::size_t i = 0; i < count; ++i) {
      labels[i] = examples.Read(start + i,
                                runner.input().subspan(i * features, features));
    }
    SOTTO_RETURN_IF_ERROR(runner.Invoke());
    for (std::size_t i = 0; i < count; ++i) {
      const auto scores = runner.output().subspan(i * classes, classes);
      const auto best = std::ranges::max_element(scores) - scores.begin();
      if (best == labels[i]) ++correct;
    }
  }
  return correct;
}

absl::Status Evaluate(const EvaluateFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const runtime::Model model,
                         runtime::LoadModel(flags.path));
  const auto split =
      flags.split == "train" ? training::Split::kTrain : training::Split::kTest;
  SOTTO_ASSIGN_OR_RETURN(const training::ExampleTable examples,
                         training::ReadIdxFolder(flags.data, split));
  if (examples.size() == 0) {
    return absl::InvalidArgumentError(flags.data + " has no examples");
  }
  absl::StatusOr<std::size_t> correct = CountCorrect(model, examples);
  if (!correct.ok()) return Annotate(correct.status(), flags.path);
  const double accuracy =
      static_cast<double>(*correct) / static_cast<double>(examples.size());
  if (flags.json) {
    const nlohmann::json report = {{"count", examples.size()},
                                   {"correct", *correct},
                                   {"accuracy", accuracy}};
    std::printf("%s\n", report.dump().c_str());
  } else {
    std::printf("%.4f (%zu of %zu)\n", accuracy, *correct, examples.size());
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelEvaluate(CLI::App& model) {
  auto flags = std::make_shared<EvaluateFlags>();
  CLI::App& command = *model.add_subcommand(
      "evaluate", "accuracy of a classifier on an IDX folder");
  command.add_option("model", flags->path, "the .tflite file")->required();
  command.add_option("--data", flags->data, "folder of MNIST-style IDX files")
      ->required();
  command.add_option("--split", flags->split, "train or test")
      ->check(CLI::IsMember({"train", "test"}))
      ->capture_default_str();
  command.add_flag("--json", flags->json, "print JSON");
  SetAction(command, [flags] { return Evaluate(*flags); });
}

}  // namespace sotto::tools
