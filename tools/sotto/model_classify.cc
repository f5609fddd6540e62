// sotto model classify: the labels of a picture.

#include <cstdio>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "runtime/support/classifier.h"
#include "runtime/support/model_metadata.h"
#include "tools/sotto/command.h"
#include "tools/sotto/model_commands.h"
#include "tools/sotto/model_session.h"

namespace sotto::tools {
namespace {

struct ClassifyFlags {
  SessionFlags session;
  std::string image, labels;
  std::vector<float> mean, stddev;
  double min_score = 0;
  bool has_min_score = false, center_crop = false, json = false;
  std::size_t top = 5;
};

absl::StatusOr<runtime::ClassifierOptions> OptionsOf(
    const ClassifyFlags& flags,
    const runtime::InterpreterOptions& interpreter) {
  runtime::ClassifierOptions options;
  options.interpreter = interpreter;
  options.mean = flags.mean;
  options.stddev = flags.stddev;
  options.center_crop = flags.center_crop;
  options.top = flags.top;
  if (flags.has_min_score) {
    options.score_threshold = static_cast<float>(flags.min_score);
  }
  if (!flags.labels.empty()) {
    SOTTO_ASSIGN_OR_RETURN(const Bytes text, ReadFile(flags.labels));
    options.labels = runtime::SplitLines(text);
    if (options.labels.empty()) {
      return absl::InvalidArgumentError(flags.labels + " has no lines");
    }
  }
  return options;
}

absl::Status Classify(const ClassifyFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const std::unique_ptr<ModelSession> session,
                         ModelSession::Load(flags.session));
  SOTTO_ASSIGN_OR_RETURN(runtime::ClassifierOptions options,
                         OptionsOf(flags, session->options()));
  absl::StatusOr<runtime::Classifier> classifier =
      runtime::Classifier::Create(session->model(), {}, std::move(options));
  if (!classifier.ok()) {
    return Annotate(classifier.status(), flags.session.path);
  }
  SOTTO_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(flags.image));
  const absl::StatusOr<runtime::Image> image = runtime::DecodeImage(bytes);
  if (!image.ok()) return Annotate(image.status(), flags.image);
  SOTTO_ASSIGN_OR_RETURN(const std::vector<runtime::LabelScore> found,
                         classifier->Classify(*image));
  if (flags.json) {
    nlohmann::json results = nlohmann::json::array();
    for (const runtime::LabelScore& r : found) {
      results.push_back(
          {{"class", r.class_index}, {"label", r.label}, {"score", r.score}});
    }
    PrintJson({{"model", flags.session.path},
               {"image", flags.image},
               {"results", results}});
    return absl::OkStatus();
  }
  for (const runtime::LabelScore& r : found) {
    std::printf("%8.4f  %s\n", r.score, r.label.c_str());
  }
  if (found.empty()) std::printf("no class reaches the least score\n");
  return absl::OkStatus();
}

}  // namespace

void AddModelClassify(CLI::App& model) {
  auto flags = std::make_shared<ClassifyFlags>();
  CLI::App& command =
      *model.add_subcommand("classify", "print the labels of a picture");
  AddSessionFlags(command, flags->session);
  command.add_option("image", flags->image, "a .bmp of 24 or 32 bits")
      ->required();
  command.add_option("--labels", flags->labels,
                     "a line per class; default: those in the model's file");
  command.add_option("--top", flags->top, "results at most")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100000}))
      ->capture_default_str();
  CLI::Option* score = command.add_option(
      "--min-score", flags->min_score,
      "results below it are left out; default: the file's metadata");
  CLI::Option* mean = command.add_option(
      "--mean", flags->mean,
      "taken from pixels of 0 to 255; one, or three with commas; default: the "
      "file's metadata, else 127.5");
  CLI::Option* stddev =
      command.add_option("--std", flags->stddev,
                         "divides what is left; default: the file's metadata, "
                         "else 127.5");
  mean->delimiter(',')->needs(stddev);
  stddev->delimiter(',')->needs(mean);
  command.add_flag("--center-crop", flags->center_crop,
                   "cut the picture to the input's shape instead of "
                   "stretching it");
  command.add_flag("--json", flags->json, "print JSON");
  command.footer(
      "Normalisation, labels and the least score come from the model's "
      "TFLITE_METADATA;\nflags replace them. Inputs of 8 bits are quantised by "
      "their own scale after\nnormalising, so --mean and --std mean the same "
      "for all types: 127.5 and 127.5 give\n[-1, 1], 0 and 255 give [0, 1]. A "
      "list of one label more or less than the model has\nclasses differs by "
      "the background class, the first.\nExample:\n"
      "  sotto model classify mobilenet.tflite cat.bmp --top 3");
  SetAction(command, [flags, score] {
    flags->has_min_score = score->count() > 0;
    return Classify(*flags);
  });
}

}  // namespace sotto::tools
