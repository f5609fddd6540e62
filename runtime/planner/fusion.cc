#include "runtime/planner/fusion.h"

#include <algorithm>
#include <map>
#include <optional>

namespace sotto::runtime {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// Who reads each tensor, and how often.
struct Readers {
  int count = 0;
  std::size_t node = kNone;  // the last one
};
using ReaderMap = std::map<const Tensor*, Readers>;

ReaderMap ReadersOf(const std::vector<Node>& nodes,
                    const std::vector<const Tensor*>& outputs) {
  ReaderMap readers;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const Tensor* input : nodes[i].inputs) {
      if (input == nullptr) continue;
      ++readers[input].count;
      readers[input].node = i;
    }
  }
  for (const Tensor* output : outputs) readers[output].count += 2;
  return readers;
}

Tensor* Bias(const Node& node) {
  return node.inputs.size() > 2 ? node.inputs[2] : nullptr;
}

bool IsPointwise(const Node& node) {
  if (node.code != OpCode::kConv2D || node.inputs.size() < 2) return false;
  const Options& o = node.op.options;
  const Shape& w = node.inputs[1]->shape;
  return w.rank == 4 && w[1] == 1 && w[2] == 1 && o.stride_w == 1 &&
         o.stride_h == 1 && w[3] == node.inputs[0]->shape[3];
}

Node Joined(const Node& first, const Node& second, OpCode code) {
  Node node;
  node.code = code;
  node.op_index = second.op_index;
  node.outputs = second.outputs;
  node.intermediates = {first.outputs[0]};
  node.op.options = first.op.options;
  node.op.options.second_activation = second.op.options.activation;
  return node;
}

std::optional<Node> Join(const Node& first, const Node& second) {
  if (first.code == OpCode::kDepthwiseConv2D && IsPointwise(second) &&
      second.inputs[0] == first.outputs[0]) {
    Node node = Joined(first, second, OpCode::kDepthwisePointwise);
    node.inputs = {first.inputs[0], first.inputs[1], Bias(first),
                   second.inputs[1], Bias(second)};
    return node;
  }
  if (first.code == OpCode::kConv2D && second.code == OpCode::kAdd &&
      second.inputs.size() == 2 && second.inputs[0] != second.inputs[1]) {
    Tensor* const other = second.inputs[0] == first.outputs[0]
                              ? second.inputs[1]
                              : second.inputs[0];
    if (other == nullptr || !(other->shape == second.outputs[0]->shape) ||
        !(other->shape == first.outputs[0]->shape)) {
      return std::nullopt;
    }
    Node node = Joined(first, second, OpCode::kConv2DAdd);
    node.inputs = {first.inputs[0], first.inputs[1], Bias(first), other};
    return node;
  }
  return std::nullopt;
}

}  // namespace

void FuseNodes(std::vector<Node>& nodes,
               const std::vector<const Tensor*>& outputs,
               const std::function<bool(Node&)>& prepare) {
  const ReaderMap readers = ReadersOf(nodes, outputs);
  std::vector<bool> gone(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& first = nodes[i];
    if (gone[i] || first.deferred || first.folded ||
        first.outputs.size() != 1 || first.inputs.size() < 2 ||
        first.outputs[0]->is_dynamic) {
      continue;
    }
    const auto found = readers.find(first.outputs[0]);
    if (found == readers.end() || found->second.count != 1) continue;
    Node& second = nodes[found->second.node];
    if (second.deferred || second.folded) continue;
    std::optional<Node> joined = Join(first, second);
    if (!joined) continue;
    joined->Bind();
    // Prepare writes the output's shape: it must come out the same.
    const Shape shape = joined->outputs[0]->shape;
    const bool fits = prepare(*joined) && joined->outputs[0]->shape == shape;
    joined->outputs[0]->shape = shape;
    if (!fits) continue;
    // At the second one's place all inputs are there.
    second = std::move(*joined);
    gone[i] = true;
  }
  std::vector<Node> kept;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!gone[i]) kept.push_back(std::move(nodes[i]));
  }
  nodes = std::move(kept);
}

}  // namespace sotto::runtime
