// A few operators in a row: what a planner fuses, folds or runs in place, and
// what a delegate takes as one piece.

#include "tests/conformance/flavour.h"
#include "tests/conformance/mobilenet.h"

namespace sotto::conformance {
namespace {

using runtime::Activation;
using runtime::Padding;

// One format's way to make layers; scales follow the sizes of random layers.
class Network {
 public:
  Network(std::string name, const Flavour& flavour)
      : flavour_(flavour), builder_(std::move(name)) {}

  std::int32_t Start(Dims dims) {
    return builder_.Add(Operands(flavour_, std::move(dims), {1, 1}, 1, 0, 1).x);
  }
  // Weights of `channels` outputs along `dimension`, of `length` products.
  std::int32_t Layer(OpCode code, std::int32_t x, Dims weights,
                     std::int32_t channels, std::int32_t dimension,
                     std::int32_t length, const Options& options) {
    const Weighted o = Operands(flavour_, {1}, std::move(weights), channels,
                                dimension, length);
    const std::int32_t w = builder_.Add(o.weights);
    Operand bias = o.bias;
    if (flavour_.activations != kF32) {
      // The bias has the scale of its products.
      const float x_scale = ScaleOf(x);
      bias.quantization = o.weights.quantization;
      for (float& s : bias.quantization.scale) s *= x_scale;
      for (std::int64_t& z : bias.quantization.zero_point) z = 0;
      bias.quantization.dimension = 0;
    }
    const std::int32_t b = builder_.Add(bias);
    const std::int32_t y =
        Between(ScaleOf(x) * 0.7f * std::sqrt(static_cast<float>(length)));
    builder_.Op(code, {x, w, b}, {y}, options,
                flavour_.activations == kI8 ? 3 : 1);
    return y;
  }
  std::int32_t Same(OpCode code, std::vector<std::int32_t> inputs, float growth,
                    const Options& options = {}) {
    const std::int32_t y = Between(ScaleOf(inputs[0]) * growth);
    if (growth == 1.0f) {
      Tensor(y).quantization = Tensor(inputs[0]).quantization;
    }
    builder_.Op(code, std::move(inputs), {y}, options,
                flavour_.activations == kI8 ? 2 : 1);
    return y;
  }
  std::int32_t Softmax(std::int32_t x) {
    const bool legacy = flavour_.activations == kU8;
    const std::int32_t y = builder_.Add(Output(
        flavour_.activations, flavour_.activations == kF32
                                  ? Quantization{}
                                  : Scale(1.0f / 256, legacy ? 0 : -128)));
    Options options;
    options.beta = flavour_.activations == kF32 ? 0.2f : 0.02f;
    builder_.Op(OpCode::kSoftmax, {x}, {y}, options,
                flavour_.activations == kI8 ? 2 : 1);
    return y;
  }
  void End(std::int32_t x) { builder_.model().outputs.push_back(x); }
  CaseBuilder& builder() { return builder_; }

 private:
  runtime::TensorInfo& Tensor(std::int32_t index) {
    return builder_.model().tensors[static_cast<std::size_t>(index)];
  }
  float ScaleOf(std::int32_t index) {
    const auto& scale = Tensor(index).quantization.scale;
    return scale.empty() ? 1.0f : scale[0];
  }
  std::int32_t Between(float scale) {
    if (flavour_.activations == kF32) return builder_.Between(kF32);
    return builder_.Between(
        flavour_.activations,
        Scale(scale, flavour_.activations == kU8 ? 124 : -3));
  }

  Flavour flavour_;
  CaseBuilder builder_;
};

// Convolution, depthwise and pointwise, a residual add, pool, dense, softmax.
Case Residual(const Flavour& f) {
  Network net("residual_network_" + f.name, f);
  const std::int32_t image = net.Start({1, 12, 12, 3});
  Options stem{.stride_w = 2, .stride_h = 2, .activation = Activation::kRelu6};
  std::int32_t x =
      net.Layer(OpCode::kConv2D, image, {16, 3, 3, 3}, 16, 0, 27, stem);
  const std::int32_t skip = x;
  x = net.Layer(OpCode::kDepthwiseConv2D, x, {1, 3, 3, 16}, 16, 3, 9,
                {.activation = Activation::kRelu});
  x = net.Layer(OpCode::kConv2D, x, {16, 1, 1, 16}, 16, 0, 16, {});
  x = net.Same(OpCode::kAdd, {x, skip}, 1.2f,
               {.activation = Activation::kRelu});
  x = net.Same(OpCode::kAveragePool2D, {x}, 1.0f,
               {.padding = Padding::kValid,
                .stride_w = 2,
                .stride_h = 2,
                .filter_w = 2,
                .filter_h = 2});
  x = net.Layer(OpCode::kConv2D, x, {24, 3, 3, 16}, 24, 0, 144,
                {.padding = Padding::kValid});
  x = net.Same(OpCode::kAveragePool2D, {x}, 1.0f,
               {.padding = Padding::kValid, .filter_w = 1, .filter_h = 1});
  x = net.Layer(OpCode::kFullyConnected, x, {10, 24}, 10, 0, 24, {});
  net.Softmax(x);
  return net.builder().Take();
}

// Published architectures, random weights, a small image.
Case MobileNet(int version, Format format) {
  Case made;
  made.name =
      "mobilenet_v" + std::to_string(version) + "_" +
      (format == Format::kFloat32 ? "f32"
                                  : (format == Format::kInt8 ? "i8" : "u8"));
  made.model = version == 1 ? MobileNetV1(format, 64) : MobileNetV2(format, 64);
  made.ranges = {DefaultRange(made.model.tensors[0].type)};
  return made;
}

// f16 weights behind DEQUANTIZE.
Case HalfWeights() {
  CaseBuilder net("half_weights");
  const std::int32_t x = net.Add(Input(kF32, {1, 6, 6, 4}));
  std::vector<std::int32_t> wide;
  for (const Dims& dims : {Dims{8, 3, 3, 4}, Dims{8}}) {
    const std::int32_t half =
        net.Add(Drawn(ElementType::kFloat16, dims, {-8, 8}));
    wide.push_back(net.Between(kF32));
    net.model().tensors.back().shape = net.model().tensors[half].shape;
    net.Op(OpCode::kDequantize, {half}, {wide.back()}, {}, 3);
  }
  const std::int32_t y = net.Add(Output(kF32));
  net.Op(OpCode::kConv2D, {x, wide[0], wide[1]}, {y},
         {.activation = Activation::kRelu});
  return net.Take();
}

Case Int4Weights(ElementType activations) {
  const bool real = activations == kF32;
  CaseBuilder net("int4_weights_" + TypeName(activations));
  const std::int32_t x = net.Add(
      Input(activations, {3, 15}, real ? Quantization{} : Scale(0.05f, 3)));
  const std::int32_t w =
      net.Add(Drawn(ElementType::kInt4, {6, 15}, {}, Scale(0.1f)));
  const std::int32_t b =
      net.Add(real ? Drawn(kF32, {6}, {-1, 1})
                   : Drawn(kI32, {6}, {-500, 500}, Scale(0.005f)));
  const std::int32_t y =
      net.Add(Output(activations, real ? Quantization{} : Scale(0.15f, -5)));
  net.Op(OpCode::kFullyConnected, {x, w, b}, {y}, {}, real ? 9 : 4);
  return net.Take();
}

Case Int4Convolution() {
  CaseBuilder net("int4_convolution");
  const std::int32_t x = net.Add(Input(kI8, {1, 5, 5, 6}, Scale(0.05f, 3)));
  const std::int32_t w =
      net.Add(Drawn(ElementType::kInt4, {5, 3, 3, 6}, {}, Scales(0.1f, 5, 0)));
  Quantization bq = net.model().tensors[w].quantization;
  for (float& s : bq.scale) s *= 0.05f;
  const std::int32_t b = net.Add(Drawn(kI32, {5}, {-500, 500}, bq));
  const std::int32_t y = net.Add(Output(kI8, Scale(0.25f, -5)));
  net.Op(OpCode::kConv2D, {x, w, b}, {y}, {}, 7);
  return net.Take();
}

// Every input's first dimension becomes 3.
Case Resized() {
  CaseBuilder net("resized_batch");
  const std::int32_t x = net.Add(Input(kF32, {1, 4, 4, 2}));
  const std::int32_t other = net.Add(Input(kF32, {1, 4, 4, 2}));
  const std::int32_t sum = net.Between(kF32);
  const std::int32_t w = net.Add(Drawn(kF32, {3, 3, 3, 2}, {-1, 1}));
  const std::int32_t b = net.Add(Drawn(kF32, {3}, {-1, 1}));
  const std::int32_t y = net.Add(Output(kF32));
  net.Op(OpCode::kAdd, {x, other}, {sum});
  net.Op(OpCode::kConv2D, {sum, w, b}, {y}, {});
  net.Resize({{3, 4, 4, 2}, {3, 4, 4, 2}});
  return net.Take();
}

// One tensor read by two operators and also an output: nothing may write over
// it.
Case Shared() {
  CaseBuilder net("shared_tensor");
  const std::int32_t x = net.Add(Input(kF32, {2, 9}));
  const std::int32_t first = net.Add(Output(kF32));
  const std::int32_t second = net.Add(Output(kF32));
  const std::int32_t third = net.Add(Output(kF32));
  net.Op(OpCode::kRelu, {x}, {first});
  net.Op(OpCode::kMul, {first, x}, {second});
  net.Op(OpCode::kSub, {second, first}, {third});
  return net.Take();
}

// What a float graph with an 8-bit middle looks like.
Case Island() {
  CaseBuilder net("quantised_island");
  const Quantization q = Scale(0.02f, 5), r = Scale(0.05f, -7);
  const std::int32_t x = net.Add(Input(kF32, {1, 5, 5, 3}));
  const std::int32_t small = net.Between(kI8, q);
  const std::int32_t w =
      net.Add(Drawn(kI8, {4, 3, 3, 3}, {-127, 127}, Scales(0.006f, 4, 0)));
  Quantization bq = net.model().tensors[w].quantization;
  for (float& s : bq.scale) s *= 0.02f;
  const std::int32_t b = net.Add(Drawn(kI32, {4}, {-3000, 3000}, bq));
  const std::int32_t product = net.Between(kI8, r);
  const std::int32_t y = net.Add(Output(kF32));
  net.Op(OpCode::kQuantize, {x}, {small});
  net.Op(OpCode::kConv2D, {small, w, b}, {product}, {}, 3);
  net.Op(OpCode::kDequantize, {product}, {y}, {}, 2);
  return net.Take();
}

}  // namespace

std::vector<Case> NetworkCases() {
  std::vector<Case> cases;
  for (const Flavour& f : {kFloat, kInt8PerChannel, kUint8Legacy}) {
    cases.push_back(Residual(f));
  }
  for (const Format format :
       {Format::kFloat32, Format::kInt8, Format::kUint8}) {
    cases.push_back(MobileNet(1, format));
    cases.push_back(MobileNet(2, format));
  }
  cases.push_back(HalfWeights());
  cases.push_back(Int4Weights(kF32));
  cases.push_back(Int4Weights(kI8));
  cases.push_back(Int4Convolution());
  cases.push_back(Resized());
  cases.push_back(Shared());
  cases.push_back(Island());
  return cases;
}

}  // namespace sotto::conformance
