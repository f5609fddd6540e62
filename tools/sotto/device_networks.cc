#include "tools/sotto/device_networks.h"

#include <cstring>

namespace sotto::tools {
namespace {

using runtime::ElementType;
using runtime::Model;
using runtime::OpCode;
using runtime::Shape;

constexpr float kInputScale = 0.5f, kWeightScale = 0.25f, kOutputScale = 4.0f;

class Network {
 public:
  Network(ElementType type, const Shape& input) : type_(type) {
    last_ = AddTensor(type, input, 1, kInputScale);
    model_.inputs = {last_};
  }

  // `filters` is the dimension of `shape` that has a scale each.
  void Weighted(OpCode code, const Shape& weights, std::size_t filters,
                const Shape& output, const runtime::Options& options) {
    const auto count = static_cast<std::size_t>(weights.dims[filters]);
    const bool per_channel = type_ == ElementType::kInt8;
    const std::int32_t w =
        AddTensor(type_, weights, per_channel ? count : 1, kWeightScale,
                  static_cast<std::int32_t>(filters));
    Fill(w);
    const bool floats = type_ == ElementType::kFloat32;
    const std::int32_t bias =
        AddTensor(floats ? type_ : ElementType::kInt32,
                  {.rank = 1, .dims = {weights.dims[filters]}},
                  per_channel ? count : 1, ScaleOf(last_) * kWeightScale);
    Zero(bias);
    Add(code, {last_, w, bias}, output, options, kOutputScale);
  }
  // `scale`: of the output; 0 keeps that of the input.
  void Plain(OpCode code, int inputs, const Shape& output,
             const runtime::Options& options = {}, float scale = 0) {
    Add(code,
        std::vector<std::int32_t>(static_cast<std::size_t>(inputs), last_),
        output, options, scale == 0 ? ScaleOf(last_) : scale);
  }
  void WithInts(OpCode code, const std::vector<std::int32_t>& values,
                const Shape& shape, const Shape& output,
                const runtime::Options& options = {}) {
    const std::int32_t constant = AddTensor(ElementType::kInt32, shape, 0, 0);
    Bytes bytes(values.size() * sizeof(std::int32_t));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    At(constant).data = model_.Keep(std::move(bytes));
    Add(code, {last_, constant}, output, options, ScaleOf(last_));
  }

  Model Take() {
    model_.outputs = {last_};
    return std::move(model_);
  }

 private:
  runtime::TensorInfo& At(std::int32_t index) {
    return model_.tensors[static_cast<std::size_t>(index)];
  }
  float ScaleOf(std::int32_t index) {
    const auto& scale = At(index).quantization.scale;
    return scale.empty() ? 1.0f : scale[0];
  }
  std::int32_t AddTensor(ElementType type, const Shape& shape,
                         std::size_t scales, float scale,
                         std::int32_t dimension = 0) {
    runtime::TensorInfo tensor;
    tensor.type = type;
    tensor.shape = shape;
    if (type_ != ElementType::kFloat32 && scales > 0) {
      tensor.quantization.scale.assign(scales, scale);
      tensor.quantization.zero_point.assign(
          scales, type == ElementType::kUint8 ? 128 : 0);
      tensor.quantization.dimension = scales > 1 ? dimension : 0;
    }
    model_.tensors.push_back(std::move(tensor));
    return static_cast<std::int32_t>(model_.tensors.size() - 1);
  }
  std::size_t BytesOf(std::int32_t index) {
    return At(index).shape.Elements() * runtime::ElementBytes(At(index).type);
  }
  void Zero(std::int32_t index) {
    At(index).data = model_.Keep(Bytes(BytesOf(index)));
  }
  void Fill(std::int32_t index) {
    Bytes bytes(BytesOf(index));
    if (At(index).type == ElementType::kFloat32) {
      for (std::size_t i = 0; i < bytes.size() / sizeof(float); ++i) {
        const float value = static_cast<float>(i % 13) / 64.0f - 0.09f;
        std::memcpy(bytes.data() + i * sizeof(float), &value, sizeof(float));
      }
    } else {
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(i * 37 % 127);
      }
    }
    At(index).data = model_.Keep(std::move(bytes));
  }
  void Add(OpCode code, std::vector<std::int32_t> inputs, const Shape& output,
           const runtime::Options& options, float scale) {
    last_ = AddTensor(type_, output, 1, scale);
    if (code == OpCode::kSoftmax || code == OpCode::kLogistic) {
      auto& quantization = At(last_).quantization;
      if (!quantization.scale.empty()) {
        quantization.scale = {1.0f / 256};
        quantization.zero_point = {type_ == ElementType::kInt8 ? -128 : 0};
      }
    }
    model_.ops.push_back({.code = code,
                          .version = 1,
                          .inputs = std::move(inputs),
                          .outputs = {last_},
                          .options = options});
  }

  const ElementType type_;
  Model model_;
  std::int32_t last_ = 0;
};

Shape Nhwc(std::int32_t side, std::int32_t channels) {
  return {.rank = 4, .dims = {1, side, side, channels}};
}

void AddDepthwise(Network& net, std::int32_t side, std::int32_t channels,
                  std::int32_t stride) {
  runtime::Options options;
  options.stride_w = options.stride_h = stride;
  options.activation = runtime::Activation::kRelu6;
  net.Weighted(OpCode::kDepthwiseConv2D,
               {.rank = 4, .dims = {1, 3, 3, channels}}, 3,
               Nhwc((side + stride - 1) / stride, channels), options);
}

void AddConvolution(Network& net, std::int32_t side, std::int32_t from,
                    std::int32_t to, std::int32_t filter, std::int32_t stride) {
  runtime::Options options;
  options.stride_w = options.stride_h = stride;
  options.activation = runtime::Activation::kRelu6;
  net.Weighted(OpCode::kConv2D, {.rank = 4, .dims = {to, filter, filter, from}},
               0, Nhwc((side + stride - 1) / stride, to), options);
}

struct Layer {
  std::int32_t side, from, to, filter, stride;
};
// Of MobileNets, ResNet-8, keyword and face networks.
constexpr Layer kConvolutions[] = {
    {224, 3, 32, 3, 2},   {112, 16, 96, 1, 1}, {112, 32, 16, 1, 1},
    {56, 24, 144, 1, 1},  {56, 64, 128, 1, 1}, {28, 32, 192, 1, 1},
    {28, 128, 256, 1, 1}, {14, 64, 384, 1, 1}, {14, 384, 96, 1, 1},
    {14, 512, 512, 1, 1}, {7, 160, 960, 1, 1}, {7, 960, 320, 1, 1},
    {48, 8, 16, 1, 1},    {12, 64, 64, 1, 1},  {3, 256, 256, 1, 1},
    {32, 3, 16, 3, 1},    {32, 16, 16, 3, 1},  {16, 32, 32, 3, 1},
    {8, 64, 64, 3, 1},    {64, 24, 24, 1, 1}};
constexpr Layer kDepthwise[] = {{112, 32, 0, 3, 1}, {112, 96, 0, 3, 2},
                                {56, 144, 0, 3, 1}, {28, 192, 0, 3, 1},
                                {14, 512, 0, 3, 1}, {7, 960, 0, 3, 1},
                                {48, 8, 0, 3, 1},   {12, 64, 0, 3, 1}};

void AddTypes(ElementType type, std::vector<Model>& all) {
  for (const Layer& l : kConvolutions) {
    Network net(type, Nhwc(l.side, l.from));
    AddConvolution(net, l.side, l.from, l.to, l.filter, l.stride);
    all.push_back(net.Take());
    if (l.filter != 1) continue;
    // As part of a block: what the planner fuses is measured fused.
    Network block(type, Nhwc(l.side, l.from));
    AddDepthwise(block, l.side, l.from, 1);
    AddConvolution(block, l.side, l.from, l.to, 1, 1);
    all.push_back(block.Take());
  }
  for (const Layer& l : kDepthwise) {
    Network net(type, Nhwc(l.side, l.from));
    AddDepthwise(net, l.side, l.from, l.stride);
    all.push_back(net.Take());
  }
  for (const auto& [from, to] : {std::pair{64, 12},
                                 {640, 128},
                                 {128, 128},
                                 {784, 300},
                                 {1280, 1001},
                                 {4000, 4}}) {
    Network net(type, {.rank = 2, .dims = {1, from}});
    net.Weighted(OpCode::kFullyConnected, {.rank = 2, .dims = {to, from}}, 0,
                 {.rank = 2, .dims = {1, to}}, {});
    all.push_back(net.Take());
  }
  for (const auto& [side, channels] :
       {std::pair{4, 16}, {14, 96}, {56, 24}, {112, 32}}) {
    const Shape shape = Nhwc(side, channels);
    const auto one = [&](OpCode code, int inputs, const Shape& output,
                         const runtime::Options& options = {},
                         float scale = 0) {
      Network net(type, shape);
      net.Plain(code, inputs, output, options, scale);
      all.push_back(net.Take());
    };
    one(OpCode::kAdd, 2, shape, {}, kOutputScale);
    one(OpCode::kMul, 2, shape, {}, kOutputScale);
    one(OpCode::kRelu, 1, shape);
    one(OpCode::kLogistic, 1, shape);
    one(OpCode::kSoftmax, 1, shape);
    runtime::Options pool;
    pool.filter_w = pool.filter_h = 2;
    pool.stride_w = pool.stride_h = 2;
    one(OpCode::kMaxPool2D, 1, Nhwc(side / 2, channels), pool);
    pool.filter_w = pool.filter_h = side;
    pool.padding = runtime::Padding::kValid;
    one(OpCode::kAveragePool2D, 1, Nhwc(1, channels), pool);
    runtime::Options join;
    join.axis = 3;
    one(OpCode::kConcatenation, 2, Nhwc(side, 2 * channels), join);
    const std::int32_t count = side * side * channels;
    Network reshape(type, shape);
    runtime::Options flat;
    flat.new_shape = {.rank = 2, .dims = {1, count}};
    flat.has_new_shape = true;
    reshape.Plain(OpCode::kReshape, 1, flat.new_shape, flat);
    all.push_back(reshape.Take());
    Network pad(type, shape);
    pad.WithInts(OpCode::kPad, {0, 0, 1, 1, 1, 1, 0, 0},
                 {.rank = 2, .dims = {4, 2}}, Nhwc(side + 2, channels));
    all.push_back(pad.Take());
    Network mean(type, shape);
    mean.WithInts(OpCode::kMean, {1, 2}, {.rank = 1, .dims = {2}},
                  {.rank = 2, .dims = {1, channels}});
    all.push_back(mean.Take());
  }
}

}  // namespace

std::vector<Model> DeviceNetworks() {
  std::vector<Model> all;
  for (const ElementType type :
       {ElementType::kFloat32, ElementType::kInt8, ElementType::kUint8}) {
    AddTypes(type, all);
  }
  return all;
}

}  // namespace sotto::tools
