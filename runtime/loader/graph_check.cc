// What holds between the objects of a model.

#include <array>

#include "runtime/loader/model_reader.h"

namespace sotto::runtime {
namespace {

constexpr int kMaxCallDepth = 32;

// What an empty constant points to.
constexpr std::array<std::uint8_t, 16> kNoElements = {};

const char* Unusable(const TensorInfo& tensor) {
  if (tensor.type == ElementType::kString) return "strings";
  if (tensor.type == ElementType::kInt4) return "computed 4-bit values";
  return nullptr;
}

// For each tensor, whether the caller or an operator writes it.
std::vector<bool> WrittenTensors(const Graph& graph) {
  std::vector<bool> written(graph.tensors.size());
  for (const std::int32_t input : graph.inputs) {
    written[static_cast<std::size_t>(input)] = true;
  }
  for (const OpInfo& op : graph.ops) {
    for (const std::int32_t output : op.outputs) {
      written[static_cast<std::size_t>(output)] = true;
    }
  }
  return written;
}

void FindEmptyConstants(Graph& graph) {
  const std::vector<bool> written = WrittenTensors(graph);
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    TensorInfo& tensor = graph.tensors[i];
    if (tensor.shape.Elements() == 0 && !tensor.is_constant() && !written[i] &&
        !tensor.is_variable && tensor.type != ElementType::kResource) {
      tensor.data = ByteView(kNoElements.data(), 0);
    }
  }
}

absl::Status CheckUses(const Graph& graph) {
  const auto check = [&](std::int32_t index,
                         const std::string& what) -> absl::Status {
    if (index == kAbsent) return absl::OkStatus();
    const char* reason =
        Unusable(graph.tensors[static_cast<std::size_t>(index)]);
    if (reason == nullptr) return absl::OkStatus();
    return absl::UnimplementedError(absl::StrFormat(
        "%s: tensor %d is of %s, which no kernel reads", what, index, reason));
  };
  for (const std::int32_t index : graph.inputs) {
    SOTTO_RETURN_IF_ERROR(check(index, "graph input"));
  }
  for (const std::int32_t index : graph.outputs) {
    SOTTO_RETURN_IF_ERROR(check(index, "graph output"));
  }
  for (std::size_t number = 0; number < graph.ops.size(); ++number) {
    const OpInfo& op = graph.ops[number];
    for (const auto* list : {&op.inputs, &op.outputs, &op.intermediates}) {
      for (const std::int32_t index : *list) {
        if (index == kAbsent ||
            Unusable(graph.tensors[static_cast<std::size_t>(index)]) ==
                nullptr) {
          continue;
        }
        return check(index,
                     absl::StrFormat("operator %d %s", static_cast<int>(number),
                                     OpName(op.code)));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOrder(const Graph& graph) {
  std::vector<bool> ready(graph.tensors.size());
  for (std::size_t i = 0; i < ready.size(); ++i) {
    ready[i] = graph.tensors[i].is_constant() || graph.tensors[i].is_variable;
  }
  for (const std::int32_t input : graph.inputs) {
    const auto i = static_cast<std::size_t>(input);
    if (ready[i]) {
      return Bad("graph input %d is a constant, a variable or repeated", input);
    }
    ready[i] = true;
  }
  for (std::size_t number = 0; number < graph.ops.size(); ++number) {
    const OpInfo& op = graph.ops[number];
    for (const std::int32_t input : op.inputs) {
      if (input != kAbsent && !ready[static_cast<std::size_t>(input)]) {
        return Bad("operator %d %s reads tensor %d before it is written",
                   static_cast<int>(number), OpName(op.code), input);
      }
    }
    for (const std::int32_t output : op.outputs) {
      if (ready[static_cast<std::size_t>(output)]) {
        return Bad("operator %d %s writes tensor %d, which has a value already",
                   static_cast<int>(number), OpName(op.code), output);
      }
      ready[static_cast<std::size_t>(output)] = true;
    }
  }
  for (const std::int32_t output : graph.outputs) {
    if (!ready[static_cast<std::size_t>(output)]) {
      return Bad("graph output %d is never written", output);
    }
  }
  return absl::OkStatus();
}

// Which subgraphs an operator calls, -1 where it calls none.
std::array<std::int32_t, 2> CallsOf(const OpInfo& op) {
  return {op.options.subgraph_a, op.options.subgraph_b};
}

bool IsCall(OpCode code) {
  return code == OpCode::kIf || code == OpCode::kWhile ||
         code == OpCode::kCallOnce || code == OpCode::kStablehloComposite;
}

// Depth of the calls below each graph, by depth-first search.
class CallGraph {
 public:
  explicit CallGraph(const Model& model)
      : model_(model), depth_(model.num_graphs(), kUnseen) {}

  absl::Status Visit(std::size_t number, int above) {
    if (depth_[number] == kOpen) {
      return Bad("subgraph %d calls itself", static_cast<int>(number));
    }
    if (above > kMaxCallDepth) {
      return Bad("subgraphs call each other more than %d deep", kMaxCallDepth);
    }
    // A graph seen before is visited again only on a deeper path: at most
    // kMaxCallDepth times.
    if (depth_[number] >= above) return absl::OkStatus();
    depth_[number] = kOpen;
    const Graph& graph = model_.graph(number);
    for (std::size_t i = 0; i < graph.ops.size(); ++i) {
      const OpInfo& op = graph.ops[i];
      if (!IsCall(op.code)) continue;
      const bool two = op.code == OpCode::kIf || op.code == OpCode::kWhile;
      const auto calls = CallsOf(op);
      for (std::size_t c = 0; c < (two ? 2u : 1u); ++c) {
        if (calls[c] < 0 ||
            static_cast<std::size_t>(calls[c]) >= model_.num_graphs()) {
          return Bad("subgraph %d operator %d %s: subgraph %d does not exist",
                     static_cast<int>(number), static_cast<int>(i),
                     OpName(op.code), calls[c]);
        }
        SOTTO_RETURN_IF_ERROR(
            Visit(static_cast<std::size_t>(calls[c]), above + 1));
      }
    }
    depth_[number] = above;
    return absl::OkStatus();
  }

 private:
  static constexpr int kUnseen = -1, kOpen = -2;

  const Model& model_;
  std::vector<int> depth_;
};

}  // namespace

absl::Status CheckGraph(Graph& graph) {
  FindEmptyConstants(graph);
  SOTTO_RETURN_IF_ERROR(CheckUses(graph));
  return CheckOrder(graph);
}

absl::Status CheckCalls(const Model& model) {
  CallGraph calls(model);
  for (std::size_t i = 0; i < model.num_graphs(); ++i) {
    SOTTO_RETURN_IF_ERROR(calls.Visit(i, 0));
  }
  return absl::OkStatus();
}

}  // namespace sotto::runtime
