#include "runtime/loader/fold.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "base/status.h"

namespace sotto::runtime {

float HalfToFloat(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1f;
  const auto mantissa = static_cast<float>(half & 0x3ff);
  const float sign = (half & 0x8000) != 0 ? -1.0f : 1.0f;
  if (exponent == 31) {
    return mantissa == 0 ? sign * INFINITY : NAN;
  }
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024.0f + mantissa, exponent - 25);
}

absl::StatusOr<std::vector<float>> Dequantize(const TensorInfo& tensor) {
  const std::size_t size = tensor.shape.Elements();
  std::vector<float> out(size);
  if (tensor.type == ElementType::kFloat16) {
    for (std::size_t i = 0; i < size; ++i) {
      std::uint16_t half = 0;
      std::memcpy(&half, tensor.data.data() + 2 * i, 2);
      out[i] = HalfToFloat(half);
    }
    return out;
  }
  const Quantization& q = tensor.quantization;
  if (tensor.type != ElementType::kInt8 && tensor.type != ElementType::kUint8) {
    return absl::UnimplementedError(
        absl::StrFormat("'%s': dequantisation of element type %d", tensor.name,
                        static_cast<int>(tensor.type)));
  }
  if (q.scale.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s' has no quantisation scale", tensor.name));
  }
  if (q.scale.size() > 1 &&
      (q.dimension < 0 ||
       static_cast<std::size_t>(q.dimension) >= tensor.shape.rank ||
       static_cast<std::size_t>(
           tensor.shape[static_cast<std::size_t>(q.dimension)]) !=
           q.scale.size())) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s': %d scales do not fit dimension %d", tensor.name,
                        static_cast<int>(q.scale.size()), q.dimension));
  }
  // Elements between two neighbours along the quantised dimension.
  std::size_t inner = 1;
  for (auto i = static_cast<std::size_t>(q.dimension) + 1;
       q.scale.size() > 1 && i < tensor.shape.rank; ++i) {
    inner *= static_cast<std::size_t>(tensor.shape[i]);
  }
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t slice = i / inner % q.scale.size();
    const int raw = tensor.type == ElementType::kInt8
                        ? static_cast<std::int8_t>(tensor.data[i])
                        : tensor.data[i];
    out[i] = static_cast<float>(static_cast<double>(q.scale[slice]) *
                                static_cast<double>(raw - q.zero_point[slice]));
  }
  return out;
}

namespace {

TensorInfo& At(Graph& graph, std::int32_t index) {
  return graph.tensors[static_cast<std::size_t>(index)];
}

// The values of `in` as the bytes of f32.
absl::StatusOr<ByteView> Unfolded(Model& model, LoadBudget& budget,
                                  const TensorInfo& in) {
  SOTTO_RETURN_IF_ERROR(budget.Charge(2 * in.shape.Elements() * sizeof(float)));
  SOTTO_ASSIGN_OR_RETURN(const std::vector<float> values, Dequantize(in));
  Bytes bytes(values.size() * sizeof(float));
  if (!values.empty()) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  return model.Keep(std::move(bytes));
}

std::string Named(std::size_t number, OpCode code) {
  return absl::StrFormat("operator %d %s", static_cast<int>(number),
                         OpName(code));
}

absl::Status CheckUnary(const OpInfo& op) {
  if (op.inputs.size() == 1 && op.outputs.size() == 1 &&
      op.inputs[0] != kAbsent) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("wants x -> y");
}

// True: folded, so not needed any more.
absl::StatusOr<bool> FoldOne(Model& model, Graph& graph, const OpInfo& op,
                             LoadBudget& budget) {
  SOTTO_RETURN_IF_ERROR(CheckUnary(op));
  const TensorInfo& in = At(graph, op.inputs[0]);
  TensorInfo& out = At(graph, op.outputs[0]);
  const bool known = in.type == ElementType::kFloat16 ||
                     in.type == ElementType::kInt8 ||
                     in.type == ElementType::kUint8;
  if (!in.is_constant() || !known || out.type != ElementType::kFloat32 ||
      in.shape.Elements() == 0) {
    return false;
  }
  if (!(in.shape == out.shape)) {
    return absl::InvalidArgumentError("shapes of x and y differ");
  }
  SOTTO_ASSIGN_OR_RETURN(out.data, Unfolded(model, budget, in));
  return true;
}

absl::Status FoldGraph(Model& model, Graph& graph, LoadBudget& budget) {
  std::vector<OpInfo> kept;
  for (std::size_t number = 0; number < graph.ops.size(); ++number) {
    OpInfo& op = graph.ops[number];
    if (op.code == OpCode::kDequantize) {
      const absl::StatusOr<bool> folded = FoldOne(model, graph, op, budget);
      if (!folded.ok()) {
        return Annotate(folded.status(), Named(number, op.code));
      }
      if (*folded) continue;
    }
    kept.push_back(std::move(op));
  }
  graph.ops = std::move(kept);
  return absl::OkStatus();
}

absl::Status FoldHybrid(Model& model, Graph& graph, LoadBudget& budget) {
  for (std::size_t number = 0; number < graph.ops.size(); ++number) {
    const OpInfo& op = graph.ops[number];
    const bool weighted = op.code == OpCode::kConv2D ||
                          op.code == OpCode::kDepthwiseConv2D ||
                          op.code == OpCode::kFullyConnected;
    if (!weighted || op.inputs.size() < 2 || op.inputs[0] == kAbsent ||
        op.inputs[1] == kAbsent) {
      continue;
    }
    const TensorInfo& x = At(graph, op.inputs[0]);
    TensorInfo& w = At(graph, op.inputs[1]);
    if (x.type != ElementType::kFloat32 || w.type != ElementType::kInt8 ||
        !w.is_constant() || w.shape.Elements() == 0) {
      continue;
    }
    const absl::StatusOr<ByteView> values = Unfolded(model, budget, w);
    if (!values.ok()) {
      return Annotate(values.status(), Named(number, op.code));
    }
    w.data = *values;
    w.type = ElementType::kFloat32;
    w.quantization = {};
  }
  return absl::OkStatus();
}

Graph& GraphOf(Model& model, std::size_t number) {
  return number == 0 ? model : model.others[number - 1];
}

}  // namespace

absl::Status FoldDensify(Graph& graph) {
  std::vector<OpInfo> kept;
  for (std::size_t number = 0; number < graph.ops.size(); ++number) {
    OpInfo& op = graph.ops[number];
    if (op.code == OpCode::kDensify) {
      SOTTO_RETURN_IF_ERROR(Annotate(CheckUnary(op), Named(number, op.code)));
      const TensorInfo& in = At(graph, op.inputs[0]);
      TensorInfo& out = At(graph, op.outputs[0]);
      if (in.is_constant()) {
        if (in.type != out.type || !(in.shape == out.shape)) {
          return absl::InvalidArgumentError(
              Named(number, op.code) + ": types or shapes of x and y differ");
        }
        out.data = in.data;
        continue;
      }
    }
    kept.push_back(std::move(op));
  }
  graph.ops = std::move(kept);
  return absl::OkStatus();
}

absl::Status FoldDequantize(Model& model, LoadBudget& budget) {
  for (std::size_t i = 0; i < model.num_graphs(); ++i) {
    SOTTO_RETURN_IF_ERROR(FoldGraph(model, GraphOf(model, i), budget));
  }
  return absl::OkStatus();
}

absl::Status FoldHybridWeights(Model& model, LoadBudget& budget) {
  for (std::size_t i = 0; i < model.num_graphs(); ++i) {
    SOTTO_RETURN_IF_ERROR(FoldHybrid(model, GraphOf(model, i), budget));
  }
  return absl::OkStatus();
}

}  // namespace sotto::runtime
