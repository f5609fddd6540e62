// CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV, CONV_3D in every number format.

#include "tests/conformance/flavour.h"

namespace sotto::conformance {
namespace {

using runtime::Activation;
using runtime::Padding;

struct Window {
  std::string name;
  Dims x;
  std::int32_t kernel_h, kernel_w, out;
  Options options;
};

std::int32_t Version(const Flavour& f) {
  if (f.activations == kI16) return 4;
  if (f.activations == kI8) return 3;
  return f.weights == kI8 ? 5 : 1;
}

Case Conv(const Flavour& f, const Window& w) {
  const std::int32_t depth = w.x[3];
  const Weighted o = Operands(f, w.x, {w.out, w.kernel_h, w.kernel_w, depth},
                              w.out, 0, w.kernel_h * w.kernel_w * depth);
  return OneOp({.name = "conv_2d_" + f.name + "_" + w.name,
                .code = OpCode::kConv2D,
                .version = Version(f),
                .options = w.options,
                .inputs = {o.x, o.weights, o.bias},
                .outputs = {o.y}});
}

Case Depthwise(const Flavour& f, const Window& w) {
  const std::int32_t out = w.x[3] * w.options.depth_multiplier;
  const Weighted o = Operands(f, w.x, {1, w.kernel_h, w.kernel_w, out}, out, 3,
                              w.kernel_h * w.kernel_w);
  return OneOp({.name = "depthwise_conv_2d_" + f.name + "_" + w.name,
                .code = OpCode::kDepthwiseConv2D,
                .version = Version(f),
                .options = w.options,
                .inputs = {o.x, o.weights, o.bias},
                .outputs = {o.y}});
}

Case Transposed(const Flavour& f, const Window& w, bool with_bias) {
  const std::int32_t depth = w.x[3];
  const Weighted o = Operands(f, w.x, {w.out, w.kernel_h, w.kernel_w, depth},
                              w.out, 0, w.kernel_h * w.kernel_w * depth);
  const bool same = w.options.padding == Padding::kSame;
  const double h = w.x[1] * w.options.stride_h +
                   (same ? 0 : w.kernel_h - w.options.stride_h);
  const double width = w.x[2] * w.options.stride_w +
                       (same ? 0 : w.kernel_w - w.options.stride_w);
  OpSpec spec = {
      .name = "transpose_conv_" + f.name + "_" + w.name +
              (with_bias ? "_bias" : ""),
      .code = OpCode::kTransposeConv,
      .version = with_bias ? 3 : 1,
      .options = w.options,
      .inputs = {Values(kI32, {4}, {double(w.x[0]), h, width, double(w.out)}),
                 o.weights, o.x},
      .outputs = {o.y}};
  if (with_bias) spec.inputs.push_back(o.bias);
  return OneOp(spec);
}

}  // namespace

std::vector<Case> ConvolutionCases() {
  std::vector<Case> cases;
  const std::vector<Window> convs = {
      {"1x1", {1, 4, 5, 8}, 1, 1, 6, {.padding = Padding::kValid}},
      {"3x3_same", {1, 6, 5, 3}, 3, 3, 5, {.activation = Activation::kRelu6}},
      {"3x2_stride2_valid",
       {2, 7, 6, 4},
       3,
       2,
       3,
       {.padding = Padding::kValid,
        .stride_w = 1,
        .stride_h = 2,
        .activation = Activation::kRelu}},
      {"5x5_stride2_same",
       {1, 9, 9, 2},
       5,
       5,
       9,
       {.stride_w = 2, .stride_h = 2}},
      {"3x3_dilated",
       {1, 8, 8, 2},
       3,
       3,
       2,
       {.dilation_w = 2, .dilation_h = 3}},
      {"10x4_long",
       {1, 12, 5, 1},
       10,
       4,
       16,
       {.stride_w = 2, .stride_h = 2, .activation = Activation::kReluN1To1}},
      {"1x1_wide", {1, 2, 2, 67}, 1, 1, 33, {}},
  };
  for (const Flavour& f : {kFloat, kInt8PerChannel, kInt8PerTensor,
                           kUint8Legacy, kInt16By8, kHybrid}) {
    for (const Window& w : convs) cases.push_back(Conv(f, w));
  }
  const std::vector<Window> depthwise = {
      {"3x3_same", {1, 5, 6, 8}, 3, 3, 0, {.activation = Activation::kRelu6}},
      {"3x3_stride2", {1, 7, 7, 5}, 3, 3, 0, {.stride_w = 2, .stride_h = 2}},
      {"5x5_valid", {2, 6, 6, 3}, 5, 5, 0, {.padding = Padding::kValid}},
      {"times_3",
       {1, 5, 4, 2},
       3,
       3,
       0,
       {.depth_multiplier = 3, .activation = Activation::kRelu}},
      {"of_one_times_8",
       {1, 9, 6, 1},
       4,
       3,
       0,
       {.stride_w = 2, .stride_h = 2, .depth_multiplier = 8}},
      {"dilated", {1, 8, 7, 4}, 3, 3, 0, {.dilation_w = 2, .dilation_h = 2}},
      {"wide", {1, 4, 4, 37}, 3, 3, 0, {}},
  };
  for (const Flavour& f :
       {kFloat, kInt8PerChannel, kUint8Legacy, kInt16By8, kHybrid}) {
    for (const Window& w : depthwise) cases.push_back(Depthwise(f, w));
  }
  const std::vector<Window> transposed = {
      {"2x2_stride2", {1, 3, 4, 3}, 2, 2, 4, {.stride_w = 2, .stride_h = 2}},
      {"3x3_stride2", {1, 4, 3, 5}, 3, 3, 2, {.stride_w = 2, .stride_h = 2}},
      {"3x3_valid", {2, 3, 3, 2}, 3, 3, 3, {.padding = Padding::kValid}},
  };
  for (const Flavour& f : {kFloat, kInt8PerChannel, kUint8Legacy, kInt16By8}) {
    for (const Window& w : transposed) {
      cases.push_back(Transposed(f, w, false));
      cases.push_back(Transposed(f, w, true));
    }
  }
  for (const bool same : {true, false}) {
    cases.push_back(
        OneOp({.name = same ? "conv_3d_f32_same" : "conv_3d_f32_valid",
               .code = OpCode::kConv3D,
               .options = {.padding = same ? Padding::kSame : Padding::kValid,
                           .stride_w = 2,
                           .stride_h = 1,
                           .stride_d = same ? 2 : 1,
                           .activation = Activation::kRelu},
               .inputs = {Input(kF32, {1, 4, 4, 5, 2}),
                          Drawn(kF32, {2, 3, 2, 2, 3}, {-1, 1}),
                          Drawn(kF32, {3}, {-1, 1})},
               .outputs = {Output(kF32)}}));
  }
  return cases;
}

}  // namespace sotto::conformance
