#include "runtime/loader/architectures.h"

#include <cmath>
#include <cstring>

#include "base/status.h"

namespace sotto::runtime {
namespace {

// SplitMix64: initial weights need spread, not secrecy.
class Mixer {
 public:
  explicit Mixer(std::uint64_t seed) : state_(seed) {}
  float Uniform(float low, float high) {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return low + (high - low) * static_cast<float>(z >> 40) / 16777216.0f;
  }

 private:
  std::uint64_t state_;
};

class Builder {
 public:
  explicit Builder(const ArchitectureParams& params) : mixer_(params.seed) {
    current_ = AddTensor(
        "image", {4, {1, params.height, params.width, params.channels}});
    model_.inputs = {current_};
  }

  const Shape& shape() const { return At(current_).shape; }

  void Conv(const std::string& name, std::int32_t filters) {
    const Shape in = shape();
    const auto w =
        Weights(name + "/weights", {4, {filters, 3, 3, in[3]}}, 9 * in[3]);
    const auto b = Zeros(name + "/bias", filters);
    const auto y = AddTensor(name, {4, {1, in[1], in[2], filters}});
    AddOp(OpCode::kConv2D, {current_, w, b}, y,
          {.padding = Padding::kSame, .activation = Activation::kRelu});
  }

  void MaxPool(const std::string& name) {
    const Shape in = shape();
    const auto y = AddTensor(name, {4, {1, in[1] / 2, in[2] / 2, in[3]}});
    AddOp(OpCode::kMaxPool2D, {current_}, y,
          {.padding = Padding::kValid,
           .stride_w = 2,
           .stride_h = 2,
           .filter_w = 2,
           .filter_h = 2});
  }

  void Dense(const std::string& name, std::int32_t outputs,
             Activation activation) {
    const auto depth = static_cast<std::int32_t>(shape().Elements());
    if (shape().rank != 2) {
      const auto flat = AddTensor(name + "/flat", {2, {1, depth}});
      Options options;
      options.has_new_shape = true;
      options.new_shape = {2, {-1, depth}};
      AddOp(OpCode::kReshape, {current_, ShapeConstant(name, {-1, depth})},
            flat, options);
    }
    const auto w = Weights(name + "/weights", {2, {outputs, depth}}, depth);
    const auto b = Zeros(name + "/bias", outputs);
    const auto y = AddTensor(name, {2, {1, outputs}});
    AddOp(OpCode::kFullyConnected, {current_, w, b}, y,
          {.activation = activation});
  }

  Model Finish() && {
    model_.outputs = {current_};
    model_.description = "Sotto";
    return std::move(model_);
  }

 private:
  const TensorInfo& At(std::int32_t index) const {
    return model_.tensors[static_cast<std::size_t>(index)];
  }

  std::int32_t AddTensor(const std::string& name, const Shape& new_shape) {
    TensorInfo tensor;
    tensor.name = name;
    tensor.shape = new_shape;
    model_.tensors.push_back(std::move(tensor));
    return static_cast<std::int32_t>(model_.tensors.size()) - 1;
  }

  std::int32_t AddFloats(const std::string& name, const Shape& new_shape,
                         const std::vector<float>& values) {
    const std::int32_t index = AddTensor(name, new_shape);
    Bytes bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    model_.tensors.back().data = model_.Keep(std::move(bytes));
    return index;
  }

  std::int32_t ShapeConstant(const std::string& name,
                             const std::vector<std::int32_t>& dims) {
    const std::int32_t index = AddTensor(
        name + "/shape", {1, {static_cast<std::int32_t>(dims.size())}});
    model_.tensors.back().type = ElementType::kInt32;
    Bytes bytes(dims.size() * sizeof(std::int32_t));
    std::memcpy(bytes.data(), dims.data(), bytes.size());
    model_.tensors.back().data = model_.Keep(std::move(bytes));
    return index;
  }

  // He et al. 2015: uniform in +-sqrt(6 / fan_in).
  std::int32_t Weights(const std::string& name, const Shape& new_shape,
                       std::int32_t fan_in) {
    const float limit = std::sqrt(6.0f / static_cast<float>(fan_in));
    std::vector<float> values(new_shape.Elements());
    for (float& value : values) value = mixer_.Uniform(-limit, limit);
    return AddFloats(name, new_shape, values);
  }

  std::int32_t Zeros(const std::string& name, std::int32_t size) {
    return AddFloats(name, {1, {size}},
                     std::vector<float>(static_cast<std::size_t>(size), 0.0f));
  }

  void AddOp(OpCode code, std::vector<std::int32_t> op_inputs,
             std::int32_t output, const Options& options) {
    model_.ops.push_back({.code = code,
                          .version = 1,
                          .inputs = std::move(op_inputs),
                          .outputs = {output},
                          .options = options});
    current_ = output;
  }

  Mixer mixer_;
  Model model_;
  std::int32_t current_ = 0;
};

absl::Status CheckRange(const char* name, std::int32_t value, std::int32_t low,
                        std::int32_t high) {
  if (low <= value && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s is %d, expected %d to %d", name, value, low, high));
}

}  // namespace

absl::StatusOr<Model> MakeArchitecture(const ArchitectureParams& params) {
  SOTTO_RETURN_IF_ERROR(CheckRange("height", params.height, 4, 512));
  SOTTO_RETURN_IF_ERROR(CheckRange("width", params.width, 4, 512));
  SOTTO_RETURN_IF_ERROR(CheckRange("channels", params.channels, 1, 16));
  SOTTO_RETURN_IF_ERROR(CheckRange("classes", params.classes, 2, 10000));
  Builder builder(params);
  if (params.name == "cnn") {
    builder.Conv("conv1", 16);
    builder.Conv("conv2", 32);
    int pools = 0;
    do {
      builder.MaxPool("pool" + std::to_string(++pools));
    } while (builder.shape()[1] > 8 || builder.shape()[2] > 8);
    builder.Dense("dense1", 64, Activation::kRelu);
  } else if (params.name == "mlp") {
    builder.Dense("dense1", 64, Activation::kRelu);
    builder.Dense("dense2", 32, Activation::kRelu);
  } else {
    return absl::InvalidArgumentError(absl::StrFormat(
        "architecture '%s' is neither cnn nor mlp", params.name));
  }
  builder.Dense("logits", params.classes, Activation::kNone);
  return std::move(builder).Finish();
}

}  // namespace sotto::runtime
