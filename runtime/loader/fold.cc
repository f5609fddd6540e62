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

absl::Status FoldDequantize(Model& model) {
  std::vector<OpInfo> kept;
  for (std::size_t number = 0; number < model.ops.size(); ++number) {
    OpInfo& op = model.ops[number];
    if (op.code != OpCode::kDequantize) {
      kept.push_back(std::move(op));
      continue;
    }
    const std::string what =
        absl::StrFormat("operator %d DEQUANTIZE", static_cast<int>(number));
    if (op.inputs.size() != 1 || op.outputs.size() != 1 ||
        op.inputs[0] == kAbsent) {
      return absl::InvalidArgumentError(what + " wants x -> y");
    }
    const TensorInfo& in =
        model.tensors[static_cast<std::size_t>(op.inputs[0])];
    TensorInfo& out = model.tensors[static_cast<std::size_t>(op.outputs[0])];
    if (!in.is_constant() || out.type != ElementType::kFloat32) {
      return absl::UnimplementedError(
          what + ": only constants are dequantised, to f32");
    }
    if (!(in.shape == out.shape)) {
      return absl::InvalidArgumentError(what + ": shapes of x and y differ");
    }
    absl::StatusOr<std::vector<float>> values = Dequantize(in);
    if (!values.ok()) return Annotate(values.status(), what);
    Bytes bytes(values->size() * sizeof(float));
    std::memcpy(bytes.data(), values->data(), bytes.size());
    out.data = model.Keep(std::move(bytes));
  }
  model.ops = std::move(kept);
  return absl::OkStatus();
}

absl::Status FoldHybridWeights(Model& model) {
  for (std::size_t number = 0; number < model.ops.size(); ++number) {
    const OpInfo& op = model.ops[number];
    const bool weighted = op.code == OpCode::kConv2D ||
                          op.code == OpCode::kDepthwiseConv2D ||
                          op.code == OpCode::kFullyConnected;
    if (!weighted || op.inputs.size() < 2 || op.inputs[0] == kAbsent ||
        op.inputs[1] == kAbsent) {
      continue;
    }
    const TensorInfo& x = model.tensors[static_cast<std::size_t>(op.inputs[0])];
    TensorInfo& w = model.tensors[static_cast<std::size_t>(op.inputs[1])];
    if (x.type != ElementType::kFloat32 || w.type != ElementType::kInt8 ||
        !w.is_constant()) {
      continue;
    }
    absl::StatusOr<std::vector<float>> values = Dequantize(w);
    if (!values.ok()) {
      return Annotate(values.status(),
                      absl::StrFormat("operator %d", static_cast<int>(number)));
    }
    Bytes bytes(values->size() * sizeof(float));
    std::memcpy(bytes.data(), values->data(), bytes.size());
    w.data = model.Keep(std::move(bytes));
    w.type = ElementType::kFloat32;
    w.quantization = {};
  }
  return absl::OkStatus();
}

}  // namespace sotto::runtime
