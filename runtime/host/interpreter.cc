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
  if (options.secret_weights && options.pack_cache != nullptr) {
    return absl::InvalidArgumentError(
        "secret weights would be written to the pack cache");
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
  shared_->calls_left = shared_->options.max_calls;
  return runner_->Run();
}

void Interpreter::ResetVariables() {
  for (const auto& runner : shared_->runners) {
    if (runner != nullptr) runner->ResetVariables();
  }
  for (const auto& variable : shared_->variables) variable->tensor = {};
  std::fill(shared_->called_once.begin(), shared_->called_once.end(), false);
}

std::uint64_t CountMacs(const Interpreter& interpreter) {
  std::uint64_t macs = 0;
  for (const Node& node : interpreter.nodes()) macs += CountMacs(node);
  return macs;
}

}  // namespace sotto::runtime
