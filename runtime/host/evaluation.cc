#include "runtime/host/evaluation.h"

#include <cstring>

#include "base/status.h"

namespace sotto::runtime {
namespace {

// The runner of `subgraph`, prepared for the inputs' shapes.
absl::StatusOr<GraphRunner*> Callee(RunnerShared& shared, std::int32_t subgraph,
                                    std::span<Tensor* const> inputs) {
  const auto number = static_cast<std::size_t>(subgraph);
  if (subgraph < 0 || number >= shared.model->num_graphs()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("subgraph %d does not exist", subgraph));
  }
  std::unique_ptr<GraphRunner>& runner = shared.runners[number];
  if (runner == nullptr) {
    runner = std::make_unique<GraphRunner>(shared.model->graph(number), number,
                                           shared);
  }
  const Graph& graph = runner->graph();
  if (graph.inputs.size() != inputs.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("subgraph %d has %d inputs, the call %d", subgraph,
                        static_cast<int>(graph.inputs.size()),
                        static_cast<int>(inputs.size())));
  }
  bool same = runner->ready();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& formal =
        runner->tensors()[static_cast<std::size_t>(graph.inputs[i])];
    if (inputs[i] == nullptr || inputs[i]->type != formal.type) {
      return absl::InvalidArgumentError(
          absl::StrFormat("subgraph %d wants another type for input %d",
                          subgraph, static_cast<int>(i)));
    }
    same = same && inputs[i]->shape == formal.shape;
  }
  if (!same) {
    std::vector<Shape> shapes;
    for (const Tensor* input : inputs) shapes.push_back(input->shape);
    SOTTO_RETURN_IF_ERROR(runner->Prepare(shapes));
    SOTTO_RETURN_IF_ERROR(runner->Allocate());
  }
  return runner.get();
}

}  // namespace

StatusCode Evaluation::Keep(absl::Status status) {
  detail_ = std::move(status);
  return ToStatusCode(detail_.code());
}

StatusCode Evaluation::Resize(Tensor& output, const Shape& shape) {
  const StatusCode code = runner_.Resize(output, shape);
  if (code == StatusCode::kOk) return code;
  return Fail(code, "an output is too large");
}

absl::StatusOr<GraphRunner*> Evaluation::RunSubgraph(
    std::int32_t subgraph, std::span<Tensor* const> inputs) {
  if (runner_.shared().calls_left-- <= 0) {
    return absl::ResourceExhaustedError(
        "more subgraph calls than an invoke may make; does a loop not end?");
  }
  SOTTO_ASSIGN_OR_RETURN(GraphRunner * runner,
                         Callee(runner_.shared(), subgraph, inputs));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& formal =
        runner->tensors()[static_cast<std::size_t>(runner->graph().inputs[i])];
    if (formal.bytes() > 0) {
      std::memcpy(formal.data, inputs[i]->data, formal.bytes());
    }
  }
  SOTTO_RETURN_IF_ERROR(runner->Run());
  return runner;
}

StatusCode Evaluation::CallCondition(std::int32_t subgraph,
                                     std::span<Tensor* const> inputs,
                                     bool* result) {
  const absl::StatusOr<GraphRunner*> runner = RunSubgraph(subgraph, inputs);
  if (!runner.ok()) return Keep(runner.status());
  const Graph& graph = (*runner)->graph();
  if (graph.outputs.size() != 1) {
    return Fail(StatusCode::kInvalidArgument,
                "the condition has not one output");
  }
  const Tensor& value =
      (*runner)->tensors()[static_cast<std::size_t>(graph.outputs[0])];
  if (value.type != ElementType::kBool || value.shape.Elements() != 1) {
    return Fail(StatusCode::kInvalidArgument, "the condition is not one bool");
  }
  *result = *value.as<const std::uint8_t>() != 0;
  return StatusCode::kOk;
}

StatusCode Evaluation::Call(std::int32_t subgraph,
                            std::span<Tensor* const> inputs,
                            std::span<Tensor* const> outputs) {
  const absl::StatusOr<GraphRunner*> called = RunSubgraph(subgraph, inputs);
  if (!called.ok()) return Keep(called.status());
  GraphRunner& runner = **called;
  const Graph& graph = runner.graph();
  if (graph.outputs.size() != outputs.size()) {
    return Fail(StatusCode::kInvalidArgument,
                "the subgraph has another number of outputs");
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& result =
        runner.tensors()[static_cast<std::size_t>(graph.outputs[i])];
    if (outputs[i]->type != result.type) {
      return Fail(StatusCode::kInvalidArgument,
                  "an output of the subgraph has another type");
    }
    if (const StatusCode code = Resize(*outputs[i], result.shape);
        code != StatusCode::kOk) {
      return code;
    }
    if (result.bytes() > 0) {
      std::memcpy(outputs[i]->data, result.data, result.bytes());
    }
  }
  return StatusCode::kOk;
}

StatusCode Evaluation::CallOnce(std::int32_t subgraph) {
  RunnerShared& shared = runner_.shared();
  const auto number = static_cast<std::size_t>(subgraph);
  if (subgraph < 0 || number >= shared.called_once.size()) {
    return Fail(StatusCode::kInvalidArgument, "the subgraph does not exist");
  }
  if (shared.called_once[number]) return StatusCode::kOk;
  const StatusCode code = Call(subgraph, {}, {});
  if (code == StatusCode::kOk) shared.called_once[number] = true;
  return code;
}

Tensor* Evaluation::Variable(std::int32_t number) {
  auto& variables = runner_.shared().variables;
  if (number < 0 || static_cast<std::size_t>(number) >= variables.size()) {
    return nullptr;
  }
  return &variables[static_cast<std::size_t>(number)]->tensor;
}

}  // namespace sotto::runtime
