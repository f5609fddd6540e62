#include "watermark/detect/unit_graph.h"

#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "base/status.h"

namespace sotto::watermark {
namespace {

using runtime::Activation;
using runtime::Model;
using runtime::OpCode;
using runtime::OpInfo;

bool Homogeneous(Activation activation) {
  return activation == Activation::kNone || activation == Activation::kRelu;
}

class Builder {
 public:
  explicit Builder(const Model& model)
      : model_(model), group_of_(model.tensors.size()) {
    for (const OpInfo& op : model.ops) {
      for (const std::int32_t input : op.inputs) {
        if (input != runtime::kAbsent) ++uses_[input];
      }
    }
  }

  UnitGraph Build() && {
    for (const std::int32_t input : model_.inputs) {
      Place(input, NewGroup(LastDim(input), /*fixed=*/true));
    }
    for (const OpInfo& op : model_.ops) Visit(op);
    for (const std::int32_t output : model_.outputs) Fix(output);
    return Collect();
  }

 private:
  struct Node {
    std::size_t parent;
    UnitGroup group;
  };

  std::size_t LastDim(std::int32_t tensor) const {
    const auto& shape = model_.tensors[static_cast<std::size_t>(tensor)].shape;
    return shape.rank == 0 ? 1
                           : static_cast<std::size_t>(shape[shape.rank - 1]);
  }
  std::size_t NewGroup(std::size_t units, bool fixed) {
    UnitGroup group;
    group.units = units;
    group.fixed = fixed;
    nodes_.push_back({nodes_.size(), std::move(group)});
    return nodes_.size() - 1;
  }
  std::size_t Find(std::size_t node) const {
    while (nodes_[node].parent != node) node = nodes_[node].parent;
    return node;
  }
  void Place(std::int32_t tensor, std::size_t group) {
    group_of_[static_cast<std::size_t>(tensor)] = group;
  }
  std::optional<std::size_t> GroupOf(std::int32_t tensor) const {
    if (tensor == runtime::kAbsent) return std::nullopt;
    return group_of_[static_cast<std::size_t>(tensor)];
  }
  UnitGroup& At(std::size_t group) { return nodes_[Find(group)].group; }
  void Fix(std::int32_t tensor) {
    if (const auto group = GroupOf(tensor)) At(*group).fixed = true;
  }
  void Join(std::size_t a, std::size_t b) {
    a = Find(a);
    b = Find(b);
    if (a == b) return;
    nodes_[b].parent = a;
    nodes_[a].group.fixed |= nodes_[b].group.fixed;
    nodes_[a].group.homogeneous &= nodes_[b].group.homogeneous;
  }

  bool Weighted(const OpInfo& op) const {
    return op.inputs.size() >= 2 && op.inputs[1] != runtime::kAbsent &&
           !model_.Floats(op.inputs[1]).empty() &&
           GroupOf(op.inputs[0]).has_value();
  }

  void Visit(const OpInfo& op) {
    switch (op.code) {
      case OpCode::kConv2D:
      case OpCode::kFullyConnected:
      case OpCode::kDepthwiseConv2D:
        if (Weighted(op) && VisitLayer(op)) return;
        break;
      case OpCode::kMaxPool2D:
      case OpCode::kAveragePool2D:
      case OpCode::kMean:
      case OpCode::kPad:
      case OpCode::kReshape:
      case OpCode::kSqueeze:
      case OpCode::kRelu:
        if (PassThrough(op, Homogeneous(op.options.activation))) return;
        break;
      case OpCode::kRelu6:
      case OpCode::kReluN1To1:
      case OpCode::kTanh:
      case OpCode::kLogistic:
        if (PassThrough(op, false)) return;
        break;
      case OpCode::kAdd:
      case OpCode::kSub:
        if (VisitSum(op)) return;
        break;
      default:  // fixes the order of the units it reads and writes
        break;
    }
    for (const std::int32_t input : op.inputs) {
      if (input != runtime::kAbsent) Fix(input);
    }
    for (const std::int32_t output : op.outputs) {
      Place(output, NewGroup(LastDim(output), /*fixed=*/true));
    }
  }

  bool VisitLayer(const OpInfo& op) {
    const std::size_t in_group = *GroupOf(op.inputs[0]);
    const std::size_t units = At(in_group).units;
    const auto& shape =
        model_.tensors[static_cast<std::size_t>(op.inputs[1])].shape;
    const std::size_t elements = shape.Elements();
    UnitLayer layer = {.code = op.code, .weights = op.inputs[1]};
    if (op.inputs.size() > 2) layer.bias = op.inputs[2];
    if (layer.bias != runtime::kAbsent && model_.Floats(layer.bias).empty()) {
      return false;
    }
    layer.in_group = in_group;
    if (layer.depthwise()) {
      if (LastDim(op.inputs[1]) != units) return false;  // multiplier
      layer.out = units;
      layer.in = 1;
      layer.taps = elements / units;
      layer.out_group = in_group;
      Place(op.outputs[0], in_group);
    } else {
      layer.out = static_cast<std::size_t>(shape[0]);
      const std::size_t row = elements / layer.out;
      const bool grouped =
          op.code == OpCode::kConv2D && LastDim(op.inputs[1]) != units;
      if (row % units != 0 || grouped) return false;
      layer.in = units;
      layer.taps = row / units;
      layer.out_group = NewGroup(layer.out, /*fixed=*/false);
      Place(op.outputs[0], layer.out_group);
    }
    if (uses_[layer.weights] > 1 ||
        (layer.bias != runtime::kAbsent && uses_[layer.bias] > 1)) {
      At(layer.in_group).fixed = At(layer.out_group).fixed = true;
    }
    At(layer.out_group).homogeneous &= Homogeneous(op.options.activation);
    layers_.push_back(layer);
    return true;
  }

  bool PassThrough(const OpInfo& op, bool homogeneous) {
    const auto group = GroupOf(op.inputs[0]);
    if (!group) return false;
    const bool flat =
        op.code == OpCode::kReshape || op.code == OpCode::kSqueeze;
    const std::size_t width = LastDim(op.outputs[0]);
    // A reshape keeps the order of elements; the others must keep the units.
    if (flat ? width % At(*group).units != 0 : width != LastDim(op.inputs[0])) {
      return false;
    }
    Place(op.outputs[0], *group);
    At(*group).homogeneous &= homogeneous;
    return true;
  }

  bool VisitSum(const OpInfo& op) {
    const auto a = GroupOf(op.inputs[0]), b = GroupOf(op.inputs[1]);
    if (!a || !b || At(*a).units != At(*b).units) return false;
    const auto& left =
        model_.tensors[static_cast<std::size_t>(op.inputs[0])].shape;
    const auto& right =
        model_.tensors[static_cast<std::size_t>(op.inputs[1])].shape;
    if (!(left == right)) return false;
    Join(*a, *b);
    At(*a).homogeneous &= Homogeneous(op.options.activation);
    Place(op.outputs[0], *a);
    return true;
  }

  UnitGraph Collect() {
    UnitGraph graph;
    std::map<std::size_t, std::size_t> number;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const std::size_t root = Find(i);
      if (number.contains(root)) continue;
      number[root] = graph.groups.size();
      graph.groups.push_back(nodes_[root].group);
    }
    for (UnitLayer layer : layers_) {
      layer.in_group = number[Find(layer.in_group)];
      layer.out_group = number[Find(layer.out_group)];
      const std::size_t index = graph.layers.size();
      if (layer.depthwise()) {
        graph.groups[layer.in_group].depthwise.push_back(index);
      } else {
        graph.groups[layer.in_group].consumers.push_back(index);
        graph.groups[layer.out_group].producers.push_back(index);
      }
      graph.layers.push_back(layer);
    }
    return graph;
  }

  const Model& model_;
  std::map<std::int32_t, int> uses_;
  std::vector<std::optional<std::size_t>> group_of_;  // by tensor
  std::vector<Node> nodes_;
  std::vector<UnitLayer> layers_;
};

}  // namespace

absl::StatusOr<UnitGraph> BuildUnitGraph(const Model& model) {
  UnitGraph graph = Builder(model).Build();
  if (graph.layers.empty()) {
    return absl::InvalidArgumentError(
        "the model has no convolution or fully connected layer with constant "
        "weights");
  }
  return graph;
}

std::vector<LayerValues> ReadLayers(const Model& model,
                                    const UnitGraph& graph) {
  std::vector<LayerValues> values;
  for (const UnitLayer& layer : graph.layers) {
    const auto weights = model.Floats(layer.weights);
    LayerValues item;
    item.weights.assign(weights.begin(), weights.end());
    if (layer.bias != runtime::kAbsent) {
      const auto bias = model.Floats(layer.bias);
      item.bias.assign(bias.begin(), bias.end());
    }
    for (std::vector<float>* list : {&item.weights, &item.bias}) {
      for (float& value : *list) {
        if (!std::isfinite(value)) value = 0;
      }
    }
    values.push_back(std::move(item));
  }
  return values;
}

}  // namespace sotto::watermark
