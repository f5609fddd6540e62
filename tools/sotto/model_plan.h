// A graph that is prepared and planned, and never run: kernels, shapes, memory.

#ifndef SOTTO_TOOLS_SOTTO_MODEL_PLAN_H_
#define SOTTO_TOOLS_SOTTO_MODEL_PLAN_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/host/graph_runner.h"
#include "runtime/host/interpreter.h"

namespace sotto::tools {

class ModelPlan {
 public:
  // Of subgraph `number` of the file; errors of Interpreter::Create. No memory
  // is taken for activations and packed weights.
  static absl::StatusOr<std::unique_ptr<ModelPlan>> Make(
      const runtime::Model& model, const runtime::InterpreterOptions& options,
      std::size_t number);

  const runtime::Graph& graph() const { return runner_->graph(); }
  const runtime::MemoryUse& memory() const { return runner_->memory(); }
  const std::vector<runtime::Node>& nodes() const { return runner_->nodes(); }
  // With the shapes that the kernels inferred.
  const runtime::Tensor& tensor(std::int32_t index) const {
    return runner_->tensors()[static_cast<std::size_t>(index)];
  }
  std::uint64_t MacsOfOp(std::size_t op) const;
  std::uint64_t TotalMacs() const;
  // The kernel that computes the operator; "" when it is fused into another or
  // folded away.
  std::vector<std::string> Kernels() const;

 private:
  ModelPlan() = default;

  runtime::RunnerShared shared_;
  std::unique_ptr<runtime::GraphRunner> runner_;
};

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_MODEL_PLAN_H_
