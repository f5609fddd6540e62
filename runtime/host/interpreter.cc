#include "runtime/host/interpreter.h"

#include <algorithm>
#include <cassert>

#include "base/status.h"

namespace sotto::runtime {
namespace {

absl::StatusOr<std::size_t> GraphOf(const Model& model,
                                    const std::string& signature) {
  if (signature.empty()) return std::size_t{0};
  std::string known;
  for (const Signature& s : model.signatures) {
    if (s.key == signature) return static_cast<std::size_t>(s.subgraph);
    known += (known.empty() ? "" : ", ") + s.key;
  }
  return absl::NotFoundError(
      absl::StrFormat("the model has no signature '%s'; it has: %s", signature,
                      known.empty() ? std::string("none") : known));
}

}  // namespace

absl::StatusOr<Interpreter> Interpreter::Prepare(
    const Model& model, const InterpreterOptions& options) {
  if (options.threads < 1 || options.threads > 64) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d threads; allowed are 1 to 64", options.threads));
  }
  SOTTO_ASSIGN_OR_RETURN(const std::size_t number,
                         GraphOf(model, options.signature));
  Interpreter made;
  made.shared_ = std::make_unique<RunnerShared>();
  RunnerShared& shared = *made.shared_;
  shared.model = &model;
  shared.options = options;
  shared.pool = std::make_unique<ThreadPool>(options.threads);
  shared.runners.resize(model.num_graphs());
  shared.called_once.resize(model.num_graphs());
  for (std::int32_t i = 0; i < model.num_resources; ++i) {
    shared.variables.push_back(std::make_unique<GrowingTensor>());
  }
  shared.runners[number] =
      std::make_unique<GraphRunner>(model.graph(number), number, shared);
  made.runner_ = shared.runners[number].get();
  std::vector<Shape> shapes;
  for (const std::int32_t input : model.graph(number).inputs) {
    const auto index = static_cast<std::size_t>(input);
    Shape shape = model.graph(number).tensors[index].shape;
    if (options.batch > 0 && shape.rank > 0) shape.dims[0] = options.batch;
    shapes.push_back(shape);
  }
  SOTTO_RETURN_IF_ERROR(made.runner_->Prepare(shapes));
  return made;
}

absl::StatusOr<Interpreter> Interpreter::Create(
    const Model& model, const InterpreterOptions& options) {
  SOTTO_ASSIGN_OR_RETURN(Interpreter made, Prepare(model, options));
  SOTTO_RETURN_IF_ERROR(made.runner_->Allocate());
  return made;
}

absl::StatusOr<MemoryUse> Interpreter::MemoryEstimate(
    const Model& model, const InterpreterOptions& options) {
  SOTTO_ASSIGN_OR_RETURN(const Interpreter planned, Prepare(model, options));
  return planned.memory();
}

absl::Status Interpreter::ResizeInputs(std::span<const Shape> shapes) {
  if (shapes.size() != num_inputs()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%d shapes are given, the model has %d inputs",
        static_cast<int>(shapes.size()), static_cast<int>(num_inputs())));
  }
  SOTTO_RETURN_IF_ERROR(runner_->Prepare(shapes));
  return runner_->Allocate();
}

std::span<std::uint8_t> Interpreter::input_bytes(std::size_t index) {
  const Tensor& t = input_tensor(index);
  return {t.as<std::uint8_t>(), t.bytes()};
}

std::span<const std::uint8_t> Interpreter::output_bytes(
    std::size_t index) const {
  const Tensor& t = output_tensor(index);
  return {t.as<const std::uint8_t>(), t.bytes()};
}

std::span<float> Interpreter::input(std::size_t index) {
  const Tensor& t = input_tensor(index);
  assert(t.type == ElementType::kFloat32);
  return {t.floats(), t.shape.Elements()};
}

std::span<const float> Interpreter::output(std::size_t index) const {
  const Tensor& t = output_tensor(index);
  assert(t.type == ElementType::kFloat32);
  return {t.floats(), t.shape.Elements()};
}

void Interpreter::UseWeights(std::int32_t index,
                             std::span<const float> values) {
  assert(shared_->options.keep_activations);
  assert(tensor(index).shape.Elements() == values.size());
  runner_->UseWeights(index, values.data());
}

absl::Status Interpreter::Invoke() {
  if (!runner_->ready()) {
    return absl::FailedPreconditionError(
        "the last ResizeInputs failed; the interpreter has no memory");
  }
  return runner_->Run();
}

void Interpreter::ResetVariables() {
  for (const auto& runner : shared_->runners) {
    if (runner != nullptr) runner->ResetVariables();
  }
  for (const auto& variable : shared_->variables) variable->tensor = {};
  std::fill(shared_->called_once.begin(), shared_->called_once.end(), false);
}

std::uint64_t CountMacs(const Node& node) {
  const auto elements = [](const Tensor* t) -> std::uint64_t {
    return t == nullptr ? 0 : t->shape.Elements();
  };
  const auto weighted = [&](const Tensor* result, const Tensor* w,
                            std::size_t filters) -> std::uint64_t {
    if (w == nullptr || filters >= w->shape.rank || w->shape[filters] == 0) {
      return 0;
    }
    // Each output element reads one filter.
    return elements(result) *
           (elements(w) / static_cast<std::uint64_t>(w->shape[filters]));
  };
  const auto& in = node.inputs;
  if (in.size() < 2 || node.outputs.empty()) return 0;
  switch (node.code) {
    case OpCode::kConv2D:
    case OpCode::kConv2DAdd:
    case OpCode::kFullyConnected:
      return weighted(node.outputs[0], in[1], 0);
    case OpCode::kDepthwiseConv2D:
      return weighted(node.outputs[0], in[1], 3);
    case OpCode::kConv3D:
      return weighted(node.outputs[0], in[1], 4);
    case OpCode::kDepthwisePointwise:
      return weighted(node.intermediates[0], in[1], 3) +
             weighted(node.outputs[0], in[3], 0);
    case OpCode::kTransposeConv:
      // Each input element is spread over one filter.
      return in.size() < 3 ? 0 : weighted(in[2], in[1], 3);
    case OpCode::kBatchMatmul: {
      const Shape& a = in[0]->shape;
      if (a.rank < 2) return 0;
      const auto depth =
          a[node.op.options.transpose_a ? a.rank - 2 : a.rank - 1];
      return elements(node.outputs[0]) * static_cast<std::uint64_t>(depth);
    }
    default:
      return 0;
  }
}

std::uint64_t CountMacs(const Interpreter& interpreter) {
  std::uint64_t macs = 0;
  for (const Node& node : interpreter.nodes()) macs += CountMacs(node);
  return macs;
}

}  // namespace sotto::runtime
