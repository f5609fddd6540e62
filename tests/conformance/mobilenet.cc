#include "tests/conformance/mobilenet.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/conformance/seeded_values.h"

namespace sotto::conformance {
namespace {

using runtime::Activation;
using runtime::ElementType;
using runtime::Model;
using runtime::OpCode;
using runtime::Options;
using runtime::Padding;
using runtime::Quantization;
using runtime::Shape;
using runtime::TensorInfo;

constexpr std::int32_t kClasses = 1001;

struct Layer {
  std::string name = {};
  std::int32_t kernel = 1, stride = 1;
  std::int32_t channels = 0;  // of the output; depthwise: those of the input
  bool depthwise = false;
  bool relu6 = true;
  double gain = 2.0;   // variance of the weights times their number
  double range = 6.0;  // without relu6 the output covers [-range, range]
};

class Network {
 public:
  Network(const std::string& name, Format format, std::int32_t size)
      : name_(name), format_(format) {
    model_.Graph::name = "main";
    model_.description = name + " with random weights";
    model_.inputs = {Activations("input", {4, {1, size, size, 3}}, -1, 1)};
  }

  std::int32_t input() const { return model_.inputs[0]; }

  std::int32_t Convolve(std::int32_t x, const Layer& layer) {
    const Shape in = Tensor(x).shape;
    const std::int32_t channels = layer.depthwise ? in[3] : layer.channels;
    const std::int32_t depth = layer.depthwise ? 1 : in[3];
    const Shape shape =
        layer.depthwise
            ? Shape{4, {1, layer.kernel, layer.kernel, channels}}
            : Shape{4, {channels, layer.kernel, layer.kernel, depth}};
    const double products = double{1} * layer.kernel * layer.kernel * depth;
    const double largest = std::sqrt(3.0 * layer.gain / products);
    const std::int32_t w = Weights(layer, shape, channels, largest);
    const std::int32_t b = Bias(layer, x, w, channels);
    const Shape out = {4,
                       {1, (in[1] + layer.stride - 1) / layer.stride,
                        (in[2] + layer.stride - 1) / layer.stride, channels}};
    const std::int32_t y =
        Activations(layer.name, out, layer.relu6 ? 0.0 : -layer.range,
                    layer.relu6 ? 6.0 : layer.range);
    Options options;
    options.stride_h = options.stride_w = layer.stride;
    options.activation = layer.relu6 ? Activation::kRelu6 : Activation::kNone;
    AddOp(layer.depthwise ? OpCode::kDepthwiseConv2D : OpCode::kConv2D,
          {x, w, b}, y, options, 3);
    return y;
  }

  std::int32_t Sum(const std::string& name, std::int32_t a, std::int32_t b,
                   double range) {
    const std::int32_t y = Activations(name, Tensor(a).shape, -range, range);
    AddOp(OpCode::kAdd, {a, b}, y, {}, 2);
    return y;
  }

  // Average pool, logits, softmax.
  Model Finish(std::int32_t x) {
    const std::int32_t pooled =
        Like("pool", {4, {1, 1, 1, Tensor(x).shape[3]}}, x);
    Options pool;
    pool.padding = Padding::kValid;
    pool.filter_h = pool.filter_w = pool.stride_h = pool.stride_w =
        Tensor(x).shape[1];
    AddOp(OpCode::kAveragePool2D, {x}, pooled, pool, 2);
    const std::int32_t logits = Convolve(pooled, {.name = "logits",
                                                  .channels = kClasses,
                                                  .relu6 = false,
                                                  .gain = 16.0,
                                                  .range = 20.0});
    const std::int32_t flat = Like("flat", {2, {1, kClasses}}, logits);
    Options reshape;
    reshape.has_new_shape = true;
    reshape.new_shape = {2, {1, kClasses}};
    Bytes dims;
    AppendElement(ElementType::kInt32, 1, dims);
    AppendElement(ElementType::kInt32, kClasses, dims);
    const std::int32_t shape = Add({.name = "shape",
                                    .type = ElementType::kInt32,
                                    .shape = {1, {2}},
                                    .quantization = {},
                                    .data = model_.Keep(std::move(dims))});
    AddOp(OpCode::kReshape, {logits, shape}, flat, reshape, 1);
    const std::int32_t y = Add({.name = "probabilities",
                                .type = ActivationType(),
                                .shape = {2, {1, kClasses}},
                                .quantization = {},
                                .data = {}});
    if (format_ != Format::kFloat32) {
      model_.tensors.back().quantization = {
          .scale = {1.0f / 256},
          .zero_point = {format_ == Format::kInt8 ? -128 : 0}};
    }
    AddOp(OpCode::kSoftmax, {flat}, y, {}, 2);
    model_.outputs = {y};
    return std::move(model_);
  }

 private:
  TensorInfo& Tensor(std::int32_t index) {
    return model_.tensors[static_cast<std::size_t>(index)];
  }
  std::int32_t Add(TensorInfo tensor) {
    model_.tensors.push_back(std::move(tensor));
    return static_cast<std::int32_t>(model_.tensors.size()) - 1;
  }
  void AddOp(OpCode code, std::vector<std::int32_t> inputs, std::int32_t output,
             const Options& options, std::int32_t int8_version) {
    model_.ops.push_back(
        {.code = code,
         .version = format_ == Format::kInt8 ? int8_version : 1,
         .inputs = std::move(inputs),
         .outputs = {output},
         .options = options});
  }
  ElementType ActivationType() const {
    if (format_ == Format::kFloat32) return ElementType::kFloat32;
    return format_ == Format::kInt8 ? ElementType::kInt8 : ElementType::kUint8;
  }
  std::int32_t Like(const std::string& name, const Shape& shape,
                    std::int32_t other) {
    TensorInfo tensor = Tensor(other);
    tensor.name = name;
    tensor.shape = shape;
    return Add(std::move(tensor));
  }
  std::int32_t Activations(const std::string& name, const Shape& shape,
                           double low, double high) {
    TensorInfo tensor{.name = name,
                      .type = ActivationType(),
                      .shape = shape,
                      .quantization = {},
                      .data = {}};
    if (format_ != Format::kFloat32) {
      const auto scale = static_cast<float>((high - low) / 255);
      const auto zero =
          static_cast<std::int64_t>(std::lround(-low / double{scale}));
      tensor.quantization.scale = {scale};
      tensor.quantization.zero_point = {format_ == Format::kInt8 ? zero - 128
                                                                 : zero};
    }
    return Add(std::move(tensor));
  }
  std::int32_t Weights(const Layer& layer, const Shape& shape,
                       std::int32_t channels, double largest) {
    TensorInfo tensor{.name = layer.name + "/weights",
                      .type = ActivationType(),
                      .shape = shape,
                      .quantization = {},
                      .data = {}};
    const std::string stream = name_ + "/" + tensor.name;
    double low = -largest, high = largest;
    Quantization& q = tensor.quantization;
    if (format_ == Format::kInt8) {
      low = -127;
      high = 127;
      q.dimension = layer.depthwise ? 3 : 0;
      SeededValues values(stream + "/scale");
      for (std::int32_t c = 0; c < channels; ++c) {
        q.scale.push_back(
            static_cast<float>(largest / 127 * values.Real(0.75, 1.25)));
        q.zero_point.push_back(0);
      }
    } else if (format_ == Format::kUint8) {
      // Around the zero point, so that their mean is 0.
      SeededValues values(stream + "/zero");
      const std::int64_t zero = values.Whole(120, 136);
      const auto reach = static_cast<double>(std::min(zero, 255 - zero));
      low = static_cast<double>(zero) - reach;
      high = static_cast<double>(zero) + reach;
      q.scale = {static_cast<float>(largest / reach)};
      q.zero_point = {zero};
    }
    tensor.data = model_.Keep(
        DrawElements(stream, tensor.type, shape.Elements(), low, high));
    return Add(std::move(tensor));
  }
  std::int32_t Bias(const Layer& layer, std::int32_t x, std::int32_t w,
                    std::int32_t channels) {
    TensorInfo tensor{.name = layer.name + "/bias",
                      .type = ElementType::kFloat32,
                      .shape = {1, {channels}},
                      .quantization = {},
                      .data = {}};
    SeededValues values(name_ + "/" + tensor.name);
    if (format_ != Format::kFloat32) {
      tensor.type = ElementType::kInt32;
      tensor.quantization.scale = Tensor(w).quantization.scale;
      for (float& s : tensor.quantization.scale) {
        s *= Tensor(x).quantization.scale[0];
      }
      tensor.quantization.zero_point.assign(tensor.quantization.scale.size(),
                                            0);
    }
    const auto& scale = tensor.quantization.scale;
    Bytes data;
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
      const double value = values.Real(-0.25, 0.25);
      AppendElement(
          tensor.type,
          scale.empty()
              ? value
              : std::round(value /
                           double{scale[std::min(c, scale.size() - 1)]}),
          data);
    }
    tensor.data = model_.Keep(std::move(data));
    return Add(std::move(tensor));
  }

  std::string name_;
  Format format_;
  Model model_;
};

Layer Stem() {
  Layer stem;
  stem.kernel = 3;
  stem.stride = 2;
  stem.channels = 32;
  stem.gain = 6.0;  // the input's second moment is a third
  return stem;
}

Layer Named(Layer layer, const std::string& name, int number) {
  layer.name = name + std::to_string(number);
  return layer;
}

}  // namespace

Model MobileNetV1(Format format, std::int32_t size) {
  struct Block {
    std::int32_t channels, stride;
  };
  Network net("mobilenet_v1", format, size);
  std::int32_t x = net.Convolve(net.input(), Named(Stem(), "conv", 0));
  int number = 0;
  for (const Block b :
       {Block{64, 1}, Block{128, 2}, Block{128, 1}, Block{256, 2},
        Block{256, 1}, Block{512, 2}, Block{512, 1}, Block{512, 1},
        Block{512, 1}, Block{512, 1}, Block{512, 1}, Block{1024, 2},
        Block{1024, 1}}) {
    ++number;
    x = net.Convolve(x,
                     Named({.kernel = 3, .stride = b.stride, .depthwise = true},
                           "depthwise", number));
    x = net.Convolve(x, Named({.channels = b.channels}, "pointwise", number));
  }
  return net.Finish(x);
}

Model MobileNetV2(Format format, std::int32_t size) {
  struct Stage {
    std::int32_t expansion, channels, repeats, stride;
  };
  constexpr double kLinearRange = 5.0;
  Network net("mobilenet_v2", format, size);
  std::int32_t x = net.Convolve(net.input(), Named(Stem(), "conv", 0));
  std::int32_t channels = 32;
  int number = 0;
  for (const Stage s :
       {Stage{1, 16, 1, 1}, Stage{6, 24, 2, 2}, Stage{6, 32, 3, 2},
        Stage{6, 64, 4, 2}, Stage{6, 96, 3, 1}, Stage{6, 160, 3, 2},
        Stage{6, 320, 1, 1}}) {
    for (std::int32_t i = 0; i < s.repeats; ++i) {
      ++number;
      const std::int32_t before = x;
      if (s.expansion > 1) {
        x = net.Convolve(
            x, Named({.channels = channels * s.expansion}, "expand", number));
      }
      x = net.Convolve(x, Named({.kernel = 3,
                                 .stride = i == 0 ? s.stride : 1,
                                 .depthwise = true},
                                "depthwise", number));
      x = net.Convolve(x, Named({.channels = s.channels,
                                 .relu6 = false,
                                 .gain = 1.0,
                                 .range = kLinearRange},
                                "project", number));
      if (i > 0) {
        x = net.Sum("add" + std::to_string(number), before, x,
                    kLinearRange * std::sqrt(i + 1.0));
      }
      channels = s.channels;
    }
  }
  x = net.Convolve(x, Named({.channels = 1280}, "conv", 1));
  return net.Finish(x);
}

}  // namespace sotto::conformance
