#include "training/local/trainer.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "base/status.h"
#include "training/local/shuffle.h"

namespace sotto::training {

absl::StatusOr<Trainer> Trainer::Create(const runtime::Model& model,
                                        const TrainOptions& options) {
  const auto bad = [](const char* field, double got, const char* needs) {
    return absl::InvalidArgumentError(
        absl::StrFormat("training: %s is %g, needs %s", field, got, needs));
  };
  const SgdParams& sgd = options.sgd;
  if (!(sgd.learning_rate > 0) || !std::isfinite(sgd.learning_rate)) {
    return bad("learning_rate", sgd.learning_rate, "a positive number");
  }
  if (!(sgd.momentum >= 0 && sgd.momentum < 1)) {
    return bad("momentum", sgd.momentum, "[0, 1)");
  }
  if (!(sgd.weight_decay >= 0) || !std::isfinite(sgd.weight_decay)) {
    return bad("weight_decay", sgd.weight_decay, "at least 0");
  }
  if (!(options.proximal >= 0) || !std::isfinite(options.proximal)) {
    return bad("proximal", options.proximal, "at least 0");
  }
  if (options.batch_size < 1 || options.batch_size > 65536) {
    return bad("batch_size", options.batch_size, "1 to 65536");
  }
  if (options.epochs < 1 || options.epochs > 100000) {
    return bad("epochs", options.epochs, "1 to 100000");
  }
  Trainer made;
  made.model_ = std::make_unique<runtime::Model>(model);
  made.options_ = options;
  made.weights_ = runtime::FlatWeights(model);
  // One example proves that every batch size will do.
  SOTTO_ASSIGN_OR_RETURN(GraphGradient graph,
                         GraphGradient::Create(*made.model_, 1));
  made.graphs_.push_back(std::make_unique<GraphGradient>(std::move(graph)));
  return made;
}

absl::Status Trainer::SetWeights(std::span<const float> weights) {
  if (weights.size() != weights_.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d weights are given, the model has %d",
                        static_cast<std::int64_t>(weights.size()),
                        static_cast<std::int64_t>(weights_.size())));
  }
  if (!std::ranges::all_of(weights, [](float w) { return std::isfinite(w); })) {
    return absl::InvalidArgumentError("a given weight is not finite");
  }
  std::ranges::copy(weights, weights_.begin());
  return absl::OkStatus();
}

runtime::Model Trainer::ToModel() const {
  runtime::Model model = *model_;
  [[maybe_unused]] const absl::Status status =
      runtime::SetFlatWeights(model, weights_);
  assert(status.ok());
  return model;
}

absl::Status Trainer::Check(const ExampleSource& examples) const {
  const std::size_t features = graphs_[0]->input().size();
  if (examples.size() > 0 && examples.features() != features) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "examples have %d values, the model's input has %d",
        static_cast<int>(examples.features()), static_cast<int>(features)));
  }
  return absl::OkStatus();
}

GraphGradient& Trainer::GraphFor(std::size_t batch) {
  for (const auto& graph : graphs_) {
    if (graph->batch() == static_cast<std::int32_t>(batch)) return *graph;
  }
  absl::StatusOr<GraphGradient> graph =
      GraphGradient::Create(*model_, static_cast<std::int32_t>(batch));
  assert(graph.ok());  // batch 1 was accepted
  graphs_.push_back(std::make_unique<GraphGradient>(*std::move(graph)));
  return *graphs_.back();
}

GraphGradient& Trainer::LoadBatch(const ExampleSource& examples,
                                  std::span<const std::size_t> indices) {
  GraphGradient& graph = GraphFor(indices.size());
  graph.SetWeights(weights_);
  labels_.resize(indices.size());
  const std::size_t features = examples.features();
  for (std::size_t i = 0; i < indices.size(); ++i) {
    labels_[i] = examples.Read(indices[i],
                               graph.input().subspan(i * features, features));
  }
  return graph;
}

absl::StatusOr<FitReport> Trainer::Fit(
    const ExampleSource& examples, const std::atomic<bool>* cancel,
    const std::function<void(const FitReport&)>& on_epoch) {
  SOTTO_RETURN_IF_ERROR(Check(examples));
  if (examples.size() == 0) {
    return absl::InvalidArgumentError("there are no examples to train on");
  }
  const std::vector<float> start = weights_;
  const auto proximal = static_cast<float>(options_.proximal);
  Sgd optimizer(options_.sgd, weights_.size());
  std::vector<std::size_t> order(examples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<float> gradient(weights_.size());
  FitReport report;
  for (std::uint32_t epoch = 0; epoch < options_.epochs; ++epoch) {
    Shuffle(order, options_.seed, epoch);
    double loss = 0;
    std::size_t seen = 0;
    for (std::size_t at = 0; at < order.size(); at += options_.batch_size) {
      if (cancel != nullptr && cancel->load(std::memory_order_relaxed)) {
        return absl::CancelledError("training was cancelled");
      }
      const std::size_t size =
          std::min<std::size_t>(options_.batch_size, order.size() - at);
      GraphGradient& graph =
          LoadBatch(examples, std::span(order).subspan(at, size));
      const auto classes = static_cast<std::int32_t>(graph.classes());
      if (std::ranges::any_of(labels_, [&](std::int32_t label) {
            return label < 0 || label >= classes;
          })) {
        weights_ = start;
        return absl::InvalidArgumentError(absl::StrFormat(
            "a label lies outside the model's %d classes", classes));
      }
      loss += graph.Forward(labels_).loss_sum;
      seen += size;
      std::ranges::copy(graph.Backward(labels_), gradient.begin());
      if (proximal > 0) {
        for (std::size_t i = 0; i < gradient.size(); ++i) {
          gradient[i] += proximal * (weights_[i] - start[i]);
        }
      }
      optimizer.Step(gradient, weights_);
    }
    report.examples += seen;
    report.epochs = epoch + 1;
    report.mean_loss = loss / static_cast<double>(seen);
    if (!std::isfinite(report.mean_loss) ||
        !std::ranges::all_of(weights_,
                             [](float w) { return std::isfinite(w); })) {
      weights_ = start;
      return absl::InternalError("training diverged; lower the learning rate");
    }
    if (on_epoch) on_epoch(report);
  }
  return report;
}

absl::StatusOr<Evaluation> Trainer::Evaluate(const ExampleSource& examples) {
  SOTTO_RETURN_IF_ERROR(Check(examples));
  Evaluation result;
  std::vector<std::size_t> indices;
  constexpr std::size_t kBatch = 32;
  for (std::size_t at = 0; at < examples.size(); at += kBatch) {
    indices.resize(std::min(kBatch, examples.size() - at));
    std::iota(indices.begin(), indices.end(), at);
    GraphGradient& graph = LoadBatch(examples, indices);
    const auto classes = static_cast<std::int32_t>(graph.classes());
    for (const std::int32_t label : labels_) {
      if (label < 0 || label >= classes) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "label %d lies outside the model's %d classes", label, classes));
      }
    }
    const LossResult batch = graph.Forward(labels_);
    result.count += indices.size();
    result.correct += batch.correct;
    result.loss_sum += batch.loss_sum;
  }
  return result;
}

}  // namespace sotto::training
