#include "tools/sotto/model_plan.h"

#include "base/status.h"
#include "tools/sotto/model_profile.h"

namespace sotto::tools {

absl::StatusOr<std::unique_ptr<ModelPlan>> ModelPlan::Make(
    const runtime::Model& model, const runtime::InterpreterOptions& options,
    std::size_t number) {
  std::unique_ptr<ModelPlan> plan(new ModelPlan);
  runtime::RunnerShared& shared = plan->shared_;
  shared.model = &model;
  shared.options = options;
  shared.pool = std::make_unique<runtime::ThreadPool>(options.threads);
  shared.runners.resize(model.num_graphs());
  shared.called_once.resize(model.num_graphs());
  for (std::int32_t i = 0; i < model.num_resources; ++i) {
    shared.variables.push_back(std::make_unique<runtime::GrowingTensor>());
  }
  const runtime::Graph& graph = model.graph(number);
  plan->runner_ = std::make_unique<runtime::GraphRunner>(graph, number, shared);
  std::vector<runtime::Shape> shapes;
  for (const std::int32_t input : graph.inputs) {
    shapes.push_back(graph.tensors[static_cast<std::size_t>(input)].shape);
    if (options.batch > 0 && shapes.back().rank > 0) {
      shapes.back().dims[0] = options.batch;
    }
  }
  SOTTO_RETURN_IF_ERROR(plan->runner_->Prepare(shapes));
  return plan;
}

std::uint64_t ModelPlan::MacsOfOp(std::size_t op) const {
  std::vector<const runtime::Tensor*> tensors;
  for (const runtime::Tensor& t : runner_->tensors()) tensors.push_back(&t);
  return MacsOf(graph(), op, tensors);
}

std::uint64_t ModelPlan::TotalMacs() const {
  std::uint64_t macs = 0;
  for (std::size_t i = 0; i < graph().ops.size(); ++i) macs += MacsOfOp(i);
  return macs;
}

std::vector<std::string> ModelPlan::Kernels() const {
  std::vector<std::string> labels(graph().ops.size());
  for (const runtime::Node& node : nodes()) {
    labels[static_cast<std::size_t>(node.op_index)] =
        node.deferred ? "chosen when it runs" : node.label;
  }
  return labels;
}

}  // namespace sotto::tools
