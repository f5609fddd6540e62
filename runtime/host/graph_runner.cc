#include "runtime/host/graph_runner.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>

#include "base/status.h"
#include "runtime/host/evaluation.h"

namespace sotto::runtime {
namespace {

std::int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

GraphRunner::GraphRunner(const Graph& graph, std::size_t number,
                         RunnerShared& shared)
    : graph_(graph), number_(number), shared_(shared) {
  tensors_.resize(graph.tensors.size());
  own_.resize(tensors_.size());
  dynamic_.resize(tensors_.size());
  sized_.assign(tensors_.size(), {.rank = Shape::kMaxRank + 1, .dims = {}});
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const TensorInfo& info = graph.tensors[i];
    Tensor& tensor = tensors_[i];
    tensor.type = info.type;
    tensor.is_variable = info.is_variable;
    const Quantization& q = info.quantization;
    if (!q.scale.empty()) {
      tensor.quantization = {
          .scale = q.scale.data(),
          .count = static_cast<std::int32_t>(q.scale.size()),
          .zero_point = static_cast<std::int32_t>(q.zero_point[0]),
          .dimension = q.dimension};
    }
    own_[i] = std::make_unique<AlignedBuffer>();
  }
}

std::string GraphRunner::NameOf(const Node& node) const {
  std::string name =
      absl::StrFormat("operator %d %s", node.op_index, OpName(node.code));
  return number_ == 0 ? name
                      : absl::StrFormat("subgraph %d, %s",
                                        static_cast<int>(number_), name);
}

std::vector<Shape> GraphRunner::InputShapes() const {
  std::vector<Shape> shapes;
  for (const std::int32_t input : graph_.inputs) {
    shapes.push_back(tensors_[static_cast<std::size_t>(input)].shape);
  }
  return shapes;
}

void GraphRunner::UseWeights(std::int32_t tensor, const float* values) {
  Tensor& t = tensors_[static_cast<std::size_t>(tensor)];
  assert(t.is_constant);
  t.data = const_cast<float*>(values);
}

void GraphRunner::ResetVariables() {
  for (Tensor& tensor : tensors_) {
    if (!tensor.is_variable || tensor.data == nullptr) continue;
    // As LiteRT does: zero, in int8 the number that stands for it.
    const int fill =
        tensor.type == ElementType::kInt8 ? tensor.quantization.zero_point : 0;
    std::memset(tensor.data, fill, tensor.bytes());
  }
}

StatusCode GraphRunner::Resize(Tensor& output, const Shape& shape) {
  const bool own =
      &output >= tensors_.data() && &output < tensors_.data() + tensors_.size();
  const std::size_t index = own ? IndexOf(&output) : 0;
  if (own && sized_[index] == shape) {
    output.shape = shape;
    output.data = own_[index]->data();
    return StatusCode::kOk;
  }
  std::size_t elements = 1;
  if (!BoundedElements(shape, &elements)) return StatusCode::kResourceExhausted;
  const std::size_t bytes = elements * ElementBytes(output.type);
  if (bytes > shared_.options.max_arena_bytes) {
    return StatusCode::kResourceExhausted;
  }
  output.shape = shape;
  if (own) {
    output.data = own_[index]->Reserve(bytes);
    sized_[index] = output.shape;
    ++shape_changes_;
    return StatusCode::kOk;
  }
  for (const auto& variable : shared_.variables) {
    if (&variable->tensor == &output) {
      output.data = variable->memory.Reserve(bytes);
      return StatusCode::kOk;
    }
  }
  return StatusCode::kInternal;
}

absl::Status GraphRunner::RunNode(Node& node) {
  Evaluation context(*this);
  const StatusCode code = node.kernel->Eval(context, node.op);
  if (code == StatusCode::kOk) return absl::OkStatus();
  if (!context.detail().ok()) {
    return Annotate(context.detail(), NameOf(node));
  }
  return absl::Status(ToAbslCode(code), absl::StrFormat("%s: %s", NameOf(node),
                                                        context.reason()));
}

absl::Status GraphRunner::PrepareDeferred(Node& node) {
  bool same =
      node.prepared_for.size() == node.inputs.size() && node.kernel != nullptr;
  for (std::size_t i = 0; same && i < node.inputs.size(); ++i) {
    same = node.inputs[i] == nullptr ||
           node.inputs[i]->shape == node.prepared_for[i];
  }
  if (!same) {
    const std::uint32_t layout = node.packed_layout;
    const std::size_t packed = node.packed_bytes;
    const Kernel* const before = node.kernel;
    node.prepared_for.clear();
    SOTTO_RETURN_IF_ERROR(PrepareNode(node));
    for (const Tensor* input : node.inputs) {
      node.prepared_for.push_back(input == nullptr ? Shape{} : input->shape);
    }
    node.op.scratch = node.scratch.Reserve(node.scratch_bytes);
    node.op.packed = node.packed.Reserve(node.packed_bytes);
    const bool packed_already = node.kernel == before && layout != 0 &&
                                layout == node.packed_layout &&
                                packed == node.packed_bytes;
    if (node.kernel->Pack != nullptr && !packed_already) {
      node.kernel->Pack(node.op);
    }
  }
  for (Tensor* output : node.outputs) {
    if (output->is_dynamic) continue;  // Eval resizes it
    if (Resize(*output, output->shape) != StatusCode::kOk) {
      return absl::ResourceExhaustedError(NameOf(node) +
                                          ": its output is too large");
    }
  }
  node.prepared_at = shape_changes_;
  return absl::OkStatus();
}

absl::Status GraphRunner::Run() {
  assert(ready_);
  NodeObserver* const observer = shared_.options.observer;
  for (Node& node : nodes_) {
    if (node.folded) continue;
    const std::int64_t begin = observer == nullptr ? 0 : Now();
    if (node.deferred && node.prepared_at != shape_changes_) {
      SOTTO_RETURN_IF_ERROR(PrepareDeferred(node));
    }
    SOTTO_RETURN_IF_ERROR(RunNode(node));
    if (observer != nullptr) observer->OnNode(node, number_, begin, Now());
  }
  return absl::OkStatus();
}

}  // namespace sotto::runtime
