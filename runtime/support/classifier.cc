#include "runtime/support/classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/status.h"
#include "runtime/host/real_values.h"
#include "runtime/support/model_metadata.h"

namespace sotto::runtime {
namespace {

constexpr float kDefaultMean = 127.5f, kDefaultStddev = 127.5f;
constexpr std::int32_t kMaxSide = 16384;

}  // namespace

absl::Status Classifier::CheckTensors() {
  if (interpreter_.num_inputs() != 1 || interpreter_.num_outputs() < 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the model has %d inputs and %d outputs, a classifier has one input "
        "and scores as its first output",
        static_cast<int>(interpreter_.num_inputs()),
        static_cast<int>(interpreter_.num_outputs())));
  }
  const Tensor& input = interpreter_.input_tensor(0);
  const Shape& shape = input.shape;
  if (shape.rank != 4 || shape[0] != 1 || shape[3] != 3 || shape[1] < 1 ||
      shape[2] < 1 || shape[1] > kMaxSide || shape[2] > kMaxSide ||
      !HoldsRealValues(input)) {
    return absl::InvalidArgumentError(
        "the model's input is no image: expected 1 x height x width x 3 of f32 "
        "or a quantised type");
  }
  const Tensor& output = interpreter_.output_tensor(0);
  num_classes_ = output.shape.Elements();
  if (output.is_dynamic || num_classes_ == 0 || !HoldsRealValues(output) ||
      static_cast<std::size_t>(output.shape[output.shape.rank - 1]) !=
          num_classes_) {
    return absl::InvalidArgumentError(
        "the model's first output is no row of scores of f32 or a quantised "
        "type");
  }
  return absl::OkStatus();
}

absl::Status Classifier::ReadFileMetadata(ByteView file) {
  const absl::StatusOr<ModelMetadata> metadata =
      ReadMetadata(interpreter_.model());
  if (absl::IsNotFound(metadata.status())) return absl::OkStatus();
  SOTTO_RETURN_IF_ERROR(metadata.status());
  if (options_.mean.empty() && !metadata->inputs.empty()) {
    options_.mean = metadata->inputs[0].mean;
    options_.stddev = metadata->inputs[0].stddev;
  }
  if (metadata->outputs.empty()) return absl::OkStatus();
  const TensorMetadata& scores = metadata->outputs[0];
  if (!options_.score_threshold.has_value()) {
    options_.score_threshold = scores.score_threshold;
  }
  if (!options_.labels.empty()) return absl::OkStatus();
  SOTTO_ASSIGN_OR_RETURN(
      options_.labels,
      ReadLabels(file.empty() ? interpreter_.model().mapped : file, scores));
  return absl::OkStatus();
}

absl::Status Classifier::FitLabels() {
  std::vector<std::string>& labels = options_.labels;
  if (labels.empty()) {
    for (std::size_t i = 0; i < num_classes_; ++i) {
      labels.push_back("class " + std::to_string(i));
    }
  }
  if (labels.size() == num_classes_ + 1) labels.erase(labels.begin());
  if (labels.size() + 1 == num_classes_) {
    labels.insert(labels.begin(), "background");
  }
  if (labels.size() != num_classes_) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "there are %d labels, the model has %d classes",
        static_cast<int>(labels.size()), static_cast<int>(num_classes_)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Classifier> Classifier::Create(const Model& model, ByteView file,
                                              ClassifierOptions options) {
  SOTTO_ASSIGN_OR_RETURN(Interpreter interpreter,
                         Interpreter::Create(model, options.interpreter));
  Classifier made(std::move(interpreter));
  made.options_ = std::move(options);
  SOTTO_RETURN_IF_ERROR(made.CheckTensors());
  SOTTO_RETURN_IF_ERROR(made.ReadFileMetadata(file));
  ClassifierOptions& kept = made.options_;
  if (kept.mean.empty()) {
    kept.mean = {kDefaultMean};
    kept.stddev = {kDefaultStddev};
  }
  const auto usable = [](float x) { return std::isfinite(x); };
  if ((kept.mean.size() != 1 && kept.mean.size() != 3) ||
      kept.stddev.size() != kept.mean.size() ||
      !std::ranges::all_of(kept.mean, usable) ||
      !std::ranges::all_of(kept.stddev, usable) ||
      std::ranges::count(kept.stddev, 0.0f) > 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%d means and %d deviations, expected 1 or 3 of both, finite, no "
        "deviation 0",
        static_cast<int>(kept.mean.size()),
        static_cast<int>(kept.stddev.size())));
  }
  SOTTO_RETURN_IF_ERROR(made.FitLabels());
  return made;
}

absl::StatusOr<std::vector<LabelScore>> Classifier::Classify(
    const Image& image) {
  if (image.width < 1 || image.height < 1 ||
      image.rgb.size() != static_cast<std::size_t>(image.width) * 3 *
                              static_cast<std::size_t>(image.height)) {
    return absl::InvalidArgumentError("the image is empty or incomplete");
  }
  const Shape& shape = interpreter_.input_tensor(0).shape;
  const std::int32_t height = shape[1], width = shape[2];
  std::vector<float> values =
      options_.center_crop
          ? Resize(CropCenter(image, width, height), width, height)
          : Resize(image, width, height);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t c = options_.mean.size() == 1 ? 0 : i % 3;
    values[i] = (values[i] - options_.mean[c]) / options_.stddev[c];
  }
  WriteRealValues(values, interpreter_.input_tensor(0));
  SOTTO_RETURN_IF_ERROR(interpreter_.Invoke());
  std::vector<float> scores(num_classes_);
  ReadRealValues(interpreter_.output_tensor(0), scores);
  std::vector<std::size_t> order(num_classes_);
  std::iota(order.begin(), order.end(), std::size_t{0});
  // NaN is no score and comes last; equal scores keep the classes' order.
  const auto rank = [&](std::size_t i) {
    return std::isnan(scores[i]) ? -INFINITY : scores[i];
  };
  std::ranges::stable_sort(order, std::greater<>(), rank);
  std::vector<LabelScore> best;
  for (const std::size_t i : order) {
    if (best.size() == options_.top ||
        (options_.score_threshold.has_value() &&
         !(scores[i] >= *options_.score_threshold))) {
      break;
    }
    best.push_back({i, options_.labels[i], scores[i]});
  }
  return best;
}

}  // namespace sotto::runtime
