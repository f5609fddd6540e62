// GraphRunner::Prepare: kernels, shapes, folded constants.

#include <algorithm>
#include <cstring>

#include "base/status.h"
#include "runtime/host/graph_runner.h"
#include "runtime/host/secret_memory.h"
#include "runtime/planner/fusion.h"

namespace sotto::runtime {

// Collects what a kernel asks for into its node.
class NodePreparation final : public PrepareContext {
 public:
  NodePreparation(Node& node, const RunnerShared& shared)
      : node_(node), shared_(shared) {}
  void* AllocateState(std::size_t bytes) override {
    if (bytes > shared_.options.max_arena_bytes) return nullptr;
    return node_.state.Reserve(bytes);
  }
  int threads() const override { return shared_.pool->threads(); }

 private:
  Node& node_;
  const RunnerShared& shared_;
};

bool BoundedElements(const Shape& shape, std::size_t* elements) {
  constexpr std::size_t kMaxElements = std::size_t{1} << 30;
  *elements = 1;
  bool empty = false;
  for (std::size_t i = 0; i < shape.rank; ++i) {
    if (shape[i] < 0) return false;
    if (shape[i] == 0) empty = true;
  }
  if (empty) {
    *elements = 0;
    return true;
  }
  for (std::size_t i = 0; i < shape.rank; ++i) {
    const auto dim = static_cast<std::size_t>(shape[i]);
    if (dim > kMaxElements / *elements) return false;
    *elements *= dim;
  }
  return true;
}

void GraphRunner::MakeNodes() {
  // Packed weights outlive a change of shapes.
  std::map<std::pair<OpCode, std::int32_t>, Node> before;
  for (Node& node : nodes_) {
    if (node.packed_layout == 0 || node.op.packed == nullptr) continue;
    const std::pair key(node.code, node.op_index);
    before.insert_or_assign(key, std::move(node));
  }
  packed_before_ = std::move(before);
  nodes_.clear();
  nodes_.resize(graph_.ops.size());
  const auto tensor_of = [&](std::int32_t index) {
    return index == kAbsent ? nullptr
                            : &tensors_[static_cast<std::size_t>(index)];
  };
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const OpInfo& info = graph_.ops[i];
    Node& node = nodes_[i];
    node.code = info.code;
    node.op_index = static_cast<std::int32_t>(i);
    for (const auto t : info.inputs) node.inputs.push_back(tensor_of(t));
    for (const auto t : info.outputs) node.outputs.push_back(tensor_of(t));
    for (const auto t : info.intermediates) {
      node.intermediates.push_back(tensor_of(t));
    }
    // Trailing absent inputs are the same as none.
    while (!node.inputs.empty() && node.inputs.back() == nullptr) {
      node.inputs.pop_back();
    }
    node.op.options = info.options;
    node.Bind();
  }
}

absl::Status GraphRunner::PrepareNode(Node& node) {
  const InterpreterOptions& options = shared_.options;
  // Packed weights could not follow UseWeights.
  const KernelTier tier = options.backend == Backend::kReference
                              ? KernelTier::kReference
                          : options.keep_activations ? KernelTier::kVector
                                                     : KernelTier::kPacked;
  const KernelChoice choice = FindKernels(node.code, tier);
  StatusCode code = StatusCode::kUnimplemented;
  const char* reason = "no kernel of this backend";
  // Only the reference kernels divide by dimensions that may be 0 with care.
  const bool empty = std::ranges::any_of(node.inputs, [](const Tensor* t) {
    return t != nullptr && t->shape.Elements() == 0;
  });
  for (std::size_t i = 0; i < choice.count; ++i) {
    if (empty && choice.rows[i]->tier != KernelTier::kReference) continue;
    NodePreparation context(node, shared_);
    node.op.state = nullptr;
    for (Tensor* output : node.outputs) output->is_dynamic = false;
    const StatusCode before = code;
    code = choice.rows[i]->kernel->Prepare(context, node.op);
    // What is wrong says more than what a further kernel does not take.
    if (code == StatusCode::kUnimplemented && before != code) {
      code = before;
      continue;
    }
    if (code == StatusCode::kOk) {
      node.kernel = choice.rows[i]->kernel;
      node.label = choice.rows[i]->label;
      node.scratch_bytes = context.scratch_bytes();
      node.packed_bytes = context.packed_bytes();
      node.packed_layout = context.packed_layout();
      node.in_place_output = context.in_place_output();
      node.in_place_input = context.in_place_input();
      break;
    }
    reason = context.reason();
  }
  if (code != StatusCode::kOk) {
    return absl::Status(ToAbslCode(code), NameOf(node) + ": " + reason);
  }
  std::size_t elements = 0;
  bool bounded = node.scratch_bytes <= options.max_arena_bytes &&
                 node.packed_bytes <= options.max_arena_bytes;
  for (const Tensor* output : node.outputs) {
    bounded = bounded &&
              (output->is_dynamic || BoundedElements(output->shape, &elements));
  }
  if (!bounded) {
    return absl::ResourceExhaustedError(NameOf(node) +
                                        ": its output or scratch is too large");
  }
  return absl::OkStatus();
}

bool GraphRunner::Known(const Node& node) const {
  return std::ranges::none_of(node.inputs, [&](const Tensor* input) {
    return input != nullptr && dynamic_[IndexOf(input)];
  });
}

bool GraphRunner::Foldable(const Node& node) const {
  if (shared_.options.keep_activations || node.outputs.empty() ||
      node.kernel->Pack != nullptr) {
    return false;
  }
  const auto dynamic = [](const Tensor* t) { return t->is_dynamic; };
  if (std::ranges::any_of(node.outputs, dynamic)) return false;
  // These read nothing but the shape.
  if (node.code == OpCode::kShape || node.code == OpCode::kRank) return true;
  return std::ranges::all_of(node.inputs, [](const Tensor* t) {
    return t == nullptr || t->is_constant;
  });
}

absl::Status GraphRunner::Fold(Node& node) {
  for (Tensor* output : node.outputs) {
    output->data = own_[IndexOf(output)]->Reserve(output->bytes());
    memory_.constants += output->bytes();
    if (shared_.options.secret_weights) {
      guards_.push_back(
          GuardSecret(output->as<std::uint8_t>(), output->bytes()));
    }
  }
  if (memory_.constants > shared_.options.max_arena_bytes) {
    return absl::ResourceExhaustedError(NameOf(node) +
                                        ": too many folded constants");
  }
  AlignedBuffer scratch;
  node.op.scratch = scratch.Reserve(node.scratch_bytes);
  SOTTO_RETURN_IF_ERROR(RunNode(node));
  for (Tensor* output : node.outputs) output->is_constant = true;
  node.op.scratch = nullptr;
  node.folded = true;
  return absl::OkStatus();
}

void GraphRunner::Rewrite() {
  const InterpreterOptions& options = shared_.options;
  if (options.keep_activations) return;
  std::vector<const Tensor*> outputs;
  for (const std::int32_t t : graph_.outputs) {
    outputs.push_back(&tensors_[static_cast<std::size_t>(t)]);
  }
  if (!options.delegates.empty()) {
    std::vector<std::int32_t> versions;
    for (const OpInfo& op : graph_.ops) versions.push_back(op.version);
    decisions_ = PartitionNodes(nodes_, outputs, options.delegates,
                                {.threads = options.threads,
                                 .by_cost = options.delegates_by_cost,
                                 .versions = std::move(versions)});
  }
  if (options.backend == Backend::kCpu) {
    FuseNodes(nodes_, outputs,
              [this](Node& node) { return PrepareNode(node).ok(); });
  }
}

absl::Status GraphRunner::Prepare(std::span<const Shape> input_shapes) {
  ready_ = false;
  memory_ = {};
  guards_.clear();  // wipes before the memory is used anew
  std::size_t elements = 0;
  bool fresh_variables = false;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const TensorInfo& info = graph_.tensors[i];
    Tensor& tensor = tensors_[i];
    tensor.shape = info.shape;
    tensor.is_constant = info.is_constant();
    tensor.is_dynamic = false;
    dynamic_[i] = false;
    // Kernels never write through a constant's pointer.
    tensor.data = const_cast<std::uint8_t*>(info.data.data());
    if (!tensor.is_constant) tensor.data = nullptr;
    if (!tensor.is_variable) continue;
    if (!BoundedElements(tensor.shape, &elements) ||
        tensor.bytes() > shared_.options.max_arena_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrFormat("variable %d is too large", static_cast<int>(i)));
    }
    fresh_variables |= own_[i]->data() == nullptr;
    tensor.data = own_[i]->Reserve(tensor.bytes());
    memory_.constants += tensor.bytes();
  }
  if (fresh_variables) ResetVariables();
  for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
    Tensor& tensor = tensors_[static_cast<std::size_t>(graph_.inputs[i])];
    tensor.shape = input_shapes[i];
    if (ElementBytes(tensor.type) == 0) {
      return absl::UnimplementedError(absl::StrFormat(
          "graph input %d: strings are not supported", static_cast<int>(i)));
    }
    if (!BoundedElements(tensor.shape, &elements)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("graph input %d is too large", static_cast<int>(i)));
    }
  }
  MakeNodes();
  for (Node& node : nodes_) {
    node.deferred = !Known(node);
    if (node.deferred) {
      for (Tensor* output : node.outputs) {
        dynamic_[IndexOf(output)] = true;
        output->is_dynamic = true;
      }
      continue;
    }
    SOTTO_RETURN_IF_ERROR(PrepareNode(node));
    for (const Tensor* output : node.outputs) {
      dynamic_[IndexOf(output)] = output->is_dynamic;
    }
    if (Foldable(node)) SOTTO_RETURN_IF_ERROR(Fold(node));
  }
  Rewrite();
  return Plan();
}

}  // namespace sotto::runtime
