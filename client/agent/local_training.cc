#include "client/agent/local_training.h"

#include "base/codec.h"
#include "base/status.h"
#include "crypto/sha2.h"
#include "privacy/clip.h"
#include "training/local/trainer.h"

namespace sotto::client {
namespace {

constexpr std::uint32_t kMaxEpochs = 10'000;

// The app's examples, as the training library reads them.
class Borrowed final : public training::ExampleSource {
 public:
  Borrowed(const Examples& examples, std::size_t num_features)
      : examples_(examples), num_features_(num_features) {}
  std::size_t size() const override { return examples_.size(); }
  std::size_t features() const override { return num_features_; }
  std::int32_t Read(std::size_t index, std::span<float> out) const override {
    return examples_.Read(index, out);
  }

 private:
  const Examples& examples_;
  const std::size_t num_features_;
};

absl::StatusOr<std::size_t> FeaturesOf(const runtime::Model& model) {
  if (model.inputs.size() != 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the model has %d inputs, training wants 1", model.inputs.size()));
  }
  const auto& shape =
      model.tensors[static_cast<std::size_t>(model.inputs[0])].shape;
  std::size_t features = 1;
  for (std::size_t i = 1; i < shape.rank; ++i) {
    features *= static_cast<std::size_t>(shape[i]);
  }
  return features;
}

// One seed a device and round, so that devices do not shuffle alike.
std::uint64_t SeedFor(const LocalTraining& work) {
  const crypto::Sha256Digest digest =
      crypto::Sha256(Encoder("sotto/train-seed/v1")
                         .U64(work.plan->train().seed())
                         .Octets(work.device_id)
                         .U64(work.round)
                         .bytes());
  std::uint64_t seed = 0;
  for (int i = 7; i >= 0; --i) {
    seed = seed << 8 | digest[static_cast<std::size_t>(i)];
  }
  return seed;
}

absl::StatusOr<training::TrainOptions> OptionsOf(const LocalTraining& work) {
  const v1::Plan& plan = *work.plan;
  if (plan.trainable_size() != 0) {
    return absl::UnimplementedError(absl::StrFormat(
        "plan '%s' trains %d named tensors; this build trains all weights",
        plan.task(), plan.trainable_size()));
  }
  if (plan.train().epochs() == 0 || plan.train().epochs() > kMaxEpochs) {
    return absl::InvalidArgumentError(
        absl::StrFormat("plan '%s': epochs is %d, expected 1 to %d",
                        plan.task(), plan.train().epochs(), kMaxEpochs));
  }
  if (!(plan.encode().clip_norm() > 0)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("plan '%s': clip_norm must be positive", plan.task()));
  }
  training::TrainOptions options;
  options.sgd.learning_rate = plan.train().learning_rate();
  options.sgd.momentum = plan.train().momentum();
  options.sgd.weight_decay = plan.train().weight_decay();
  options.proximal = plan.train().proximal();
  options.epochs = plan.train().epochs();
  options.batch_size = plan.train().batch_size();
  options.seed = SeedFor(work);
  return options;
}

}  // namespace

absl::StatusOr<LocalResult> TrainLocally(const LocalTraining& work) {
  const v1::Plan& plan = *work.plan;
  if (work.examples->size() < plan.participation().min_examples()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "plan '%s' wants %d examples, this device has %d", plan.task(),
        plan.participation().min_examples(), work.examples->size()));
  }
  SOTTO_ASSIGN_OR_RETURN(const training::TrainOptions options, OptionsOf(work));
  SOTTO_ASSIGN_OR_RETURN(const std::size_t num_features,
                         FeaturesOf(*work.graph));
  SOTTO_ASSIGN_OR_RETURN(training::Trainer trainer,
                         training::Trainer::Create(*work.graph, options));
  SOTTO_RETURN_IF_ERROR(trainer.SetWeights(work.weights));

  const Examples& evaluated =
      work.evaluation != nullptr ? *work.evaluation : *work.examples;
  SOTTO_ASSIGN_OR_RETURN(const training::Evaluation before,
                         trainer.Evaluate(Borrowed(evaluated, num_features)));
  double loss_of_epochs = 0;
  std::uint32_t epochs = 0;
  SOTTO_RETURN_IF_ERROR(trainer
                            .Fit(Borrowed(*work.examples, num_features),
                                 work.cancel,
                                 [&](const training::FitReport& report) {
                                   loss_of_epochs += report.mean_loss;
                                   ++epochs;
                                 })
                            .status());

  LocalResult result;
  result.update.assign(trainer.weights().begin(), trainer.weights().end());
  for (std::size_t i = 0; i < result.update.size(); ++i) {
    result.update[i] -= work.weights[i];
  }
  privacy::ClipL2(result.update, plan.encode().clip_norm());
  result.examples = work.examples->size();
  result.loss_sum = epochs == 0 ? 0.0
                                : loss_of_epochs / epochs *
                                      static_cast<double>(result.examples);
  result.eval_count = before.count;
  result.eval_correct = before.correct;
  return result;
}

absl::StatusOr<ModelQuality> MeasureModel(const runtime::Model& model,
                                          const Examples& examples) {
  SOTTO_ASSIGN_OR_RETURN(const std::size_t num_features, FeaturesOf(model));
  SOTTO_ASSIGN_OR_RETURN(training::Trainer trainer,
                         training::Trainer::Create(model, {}));
  SOTTO_ASSIGN_OR_RETURN(const training::Evaluation evaluation,
                         trainer.Evaluate(Borrowed(examples, num_features)));
  return ModelQuality{.count = evaluation.count, .correct = evaluation.correct};
}

}  // namespace sotto::client
