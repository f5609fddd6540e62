// sotto train: trains a classifier on one folder of examples, here and now. The
// same loop that a device runs in a round.

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tools/sotto/command.h"
#include "training/local/idx_dataset.h"
#include "training/local/trainer.h"

namespace sotto::tools {
namespace {

struct TrainFlags {
  std::string model, data, out;
  training::TrainOptions options = {
      .sgd = {.learning_rate = 0.02, .momentum = 0.9},
      .epochs = 10,
      .batch_size = 16};
  bool json = false;
};

// One line an epoch; on a terminal, one line that is drawn over.
class Progress {
 public:
  explicit Progress(std::uint32_t epochs)
      : epochs_(epochs), terminal_(isatty(STDERR_FILENO) == 1) {}
  ~Progress() { EndLine(); }

  void Show(const training::FitReport& report) {
    if (!terminal_) {
      std::fprintf(stderr, "epoch %u/%u  loss %.4f\n", report.epochs, epochs_,
                   report.mean_loss);
      return;
    }
    constexpr std::uint64_t kWidth = 30;
    const auto filled =
        static_cast<int>(std::uint64_t{report.epochs} * kWidth / epochs_);
    const std::string bar(static_cast<std::size_t>(filled), '#');
    std::fprintf(stderr, "\r[%-30s] epoch %u/%u  loss %.4f", bar.c_str(),
                 report.epochs, epochs_, report.mean_loss);
    std::fflush(stderr);
    open_ = true;
  }
  void EndLine() {
    if (open_) std::fputc('\n', stderr);
    open_ = false;
  }

 private:
  std::uint32_t epochs_;
  bool terminal_;
  bool open_ = false;
};

// Nothing when the folder has no test split: a training set alone will do.
absl::StatusOr<std::optional<training::Evaluation>> EvaluateTestSplit(
    const std::string& folder, training::Trainer& trainer) {
  const absl::StatusOr<training::ExampleTable> test =
      training::ReadIdxFolder(folder, training::Split::kTest);
  if (absl::IsNotFound(test.status())) return std::nullopt;
  SOTTO_RETURN_IF_ERROR(test.status());
  SOTTO_ASSIGN_OR_RETURN(const training::Evaluation result,
                         trainer.Evaluate(*test));
  if (result.count == 0) return std::nullopt;
  return result;
}

absl::Status Train(const TrainFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const runtime::Model model,
                         runtime::LoadModel(flags.model));
  SOTTO_ASSIGN_OR_RETURN(
      const training::ExampleTable examples,
      training::ReadIdxFolder(flags.data, training::Split::kTrain));
  absl::StatusOr<training::Trainer> trainer =
      training::Trainer::Create(model, flags.options);
  if (!trainer.ok()) return Annotate(trainer.status(), flags.model);

  Progress progress(flags.options.epochs);
  const absl::StatusOr<training::FitReport> fit = trainer->Fit(
      examples, nullptr,
      [&](const training::FitReport& report) { progress.Show(report); });
  progress.EndLine();
  if (!fit.ok()) return Annotate(fit.status(), flags.data);
  SOTTO_ASSIGN_OR_RETURN(const std::optional<training::Evaluation> test,
                         EvaluateTestSplit(flags.data, *trainer));
  SOTTO_RETURN_IF_ERROR(
      WriteFileAtomically(flags.out, runtime::WriteModel(trainer->ToModel())));

  if (flags.json) {
    nlohmann::json report = {{"examples", examples.size()},
                             {"epochs", fit->epochs},
                             {"loss", fit->mean_loss},
                             {"accuracy", nullptr}};
    if (test.has_value()) report["accuracy"] = test->accuracy();
    std::printf("%s\n", report.dump().c_str());
    return absl::OkStatus();
  }
  std::printf("%s: %zu examples, %u epochs, loss %.4f", flags.out.c_str(),
              examples.size(), fit->epochs, fit->mean_loss);
  if (test.has_value()) {
    std::printf(", accuracy %.4f on %llu held out", test->accuracy(),
                static_cast<unsigned long long>(test->count));
  }
  std::printf("\n");
  return absl::OkStatus();
}

}  // namespace

void AddTrainCommand(CLI::App& app) {
  auto flags = std::make_shared<TrainFlags>();
  training::TrainOptions& options = flags->options;
  CLI::App& command = *app.add_subcommand(
      "train", "train a classifier on a folder of examples, centrally");
  command.add_option("--model", flags->model, "the .tflite file to start from")
      ->required();
  command
      .add_option("--data", flags->data,
                  "folder of MNIST-style IDX files: trains on the train split, "
                  "evaluates on the test split")
      ->required();
  command.add_option("--out", flags->out, "the .tflite file to write")
      ->required();
  command.add_option("--epochs", options.epochs, "passes over the examples")
      ->capture_default_str();
  command.add_option("--lr", options.sgd.learning_rate, "learning rate")
      ->capture_default_str();
  command.add_option("--momentum", options.sgd.momentum, "in [0, 1)")
      ->capture_default_str();
  command
      .add_option("--weight-decay", options.sgd.weight_decay, "L2 coefficient")
      ->capture_default_str();
  command.add_option("--batch", options.batch_size, "examples a step")
      ->capture_default_str();
  command.add_option("--seed", options.seed, "of the shuffles")
      ->capture_default_str();
  command.add_flag("--json", flags->json,
                   "print {examples, epochs, loss, accuracy}; accuracy is null "
                   "without a test split");
  SetAction(command, [flags] { return Train(*flags); });
}

}  // namespace sotto::tools
