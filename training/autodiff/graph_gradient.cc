#include "training/autodiff/graph_gradient.h"

#include <algorithm>
#include <cassert>

#include "base/status.h"
#include "training/autodiff/gradient.h"

namespace sotto::training {

using runtime::kAbsent;
using runtime::OpCode;
using runtime::OpInfo;

absl::StatusOr<GraphGradient> GraphGradient::Create(const runtime::Model& model,
                                                    std::int32_t batch) {
  if (model.inputs.size() != 1 || model.outputs.size() != 1 ||
      model.ops.empty()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "training needs one input and one output, the model has %d and %d",
        static_cast<int>(model.inputs.size()),
        static_cast<int>(model.outputs.size())));
  }
  for (const std::int32_t t : {model.inputs[0], model.outputs[0]}) {
    if (model.tensors[static_cast<std::size_t>(t)].type !=
        runtime::ElementType::kFloat32) {
      return absl::UnimplementedError(
          "training needs f32 inputs and outputs, not quantised ones");
    }
  }
  GraphGradient made;
  made.batch_ = batch;
  made.weight_tensors_ = model.WeightTensors();
  made.num_ops_ = model.ops.size();
  made.logits_ = model.outputs[0];
  // A trailing SOFTMAX is fused with the loss.
  const OpInfo& last = model.ops.back();
  if (last.code == OpCode::kSoftmax && last.outputs[0] == made.logits_ &&
      last.options.beta == 1.0f) {
    made.from_probabilities_ = true;
    made.logits_ = last.inputs[0];
    --made.num_ops_;
  }
  // Which tensors depend on a weight.
  std::vector<bool> wanted(model.tensors.size(), false);
  for (const std::int32_t tensor : made.weight_tensors_) {
    wanted[static_cast<std::size_t>(tensor)] = true;
  }
  for (std::size_t i = 0; i < made.num_ops_; ++i) {
    const OpInfo& op = model.ops[i];
    const bool depends = std::ranges::any_of(op.inputs, [&](std::int32_t t) {
      return t != kAbsent && wanted[static_cast<std::size_t>(t)];
    });
    if (!depends) continue;
    if (FindGradient(op.code) == nullptr) {
      return absl::UnimplementedError(
          absl::StrFormat("operator %d %s has no gradient", static_cast<int>(i),
                          runtime::OpName(op.code)));
    }
    for (const std::int32_t t : op.outputs) {
      wanted[static_cast<std::size_t>(t)] = true;
    }
  }
  SOTTO_ASSIGN_OR_RETURN(
      runtime::Interpreter interpreter,
      runtime::Interpreter::Create(model,
                                   {.batch = batch, .keep_activations = true}));
  for (const OpInfo& op : model.ops) {
    for (const std::int32_t t : op.outputs) {
      if (interpreter.tensor(t).is_dynamic) {
        return absl::UnimplementedError(
            "training needs shapes that do not depend on data");
      }
    }
  }
  made.interpreter_ =
      std::make_unique<runtime::Interpreter>(std::move(interpreter));
  const std::size_t outputs = made.interpreter_->output().size();
  const auto rows = static_cast<std::size_t>(batch);
  if (outputs % rows != 0 || outputs / rows < 2) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the model's output has %d values for %d examples, training needs a "
        "row of classes for each",
        static_cast<int>(outputs), batch));
  }
  made.classes_ = outputs / rows;
  made.gradients_.resize(model.tensors.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i]) continue;
    made.gradients_[i].resize(
        made.interpreter_->tensor(static_cast<std::int32_t>(i))
            .shape.Elements());
  }
  for (const std::int32_t tensor : made.weight_tensors_) {
    made.weight_sizes_.push_back(model.Floats(tensor).size());
    made.num_weights_ += made.weight_sizes_.back();
  }
  made.weight_gradient_.resize(made.num_weights_);
  return made;
}

void GraphGradient::SetWeights(std::span<const float> weights) {
  for (std::size_t i = 0; i < weight_tensors_.size(); ++i) {
    interpreter_->UseWeights(weight_tensors_[i],
                             weights.first(weight_sizes_[i]));
    weights = weights.subspan(weight_sizes_[i]);
  }
}

LossResult GraphGradient::Forward(std::span<const std::int32_t> labels) {
  // The operators that have a gradient check everything in Prepare.
  [[maybe_unused]] const absl::Status status = interpreter_->Invoke();
  assert(status.ok());
  return SoftmaxCrossEntropy(interpreter_->output(), labels,
                             from_probabilities_, {});
}

std::span<const float> GraphGradient::Backward(
    std::span<const std::int32_t> labels) {
  for (std::vector<float>& gradient : gradients_) {
    std::ranges::fill(gradient, 0.0f);
  }
  SoftmaxCrossEntropy(interpreter_->output(), labels, from_probabilities_,
                      gradients_[static_cast<std::size_t>(logits_)]);
  const std::vector<OpInfo>& ops = interpreter_->model().ops;
  std::vector<std::span<float>> input_gradients;
  for (std::size_t i = num_ops_; i-- > 0;) {
    std::vector<float>& dy =
        gradients_[static_cast<std::size_t>(ops[i].outputs[0])];
    if (dy.empty()) continue;
    input_gradients.clear();
    for (const std::int32_t t : ops[i].inputs) {
      input_gradients.push_back(
          t == kAbsent
              ? std::span<float>()
              : std::span<float>(gradients_[static_cast<std::size_t>(t)]));
    }
    FindGradient(ops[i].code)({.op = interpreter_->op(i),
                               .output_gradient = dy,
                               .input_gradients = input_gradients,
                               .scratch = scratch_});
  }
  auto out = weight_gradient_.begin();
  for (const std::int32_t tensor : weight_tensors_) {
    out = std::ranges::copy(gradients_[static_cast<std::size_t>(tensor)], out)
              .out;
  }
  return weight_gradient_;
}

}  // namespace sotto::training
