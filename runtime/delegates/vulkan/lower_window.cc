// CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, pools and MEAN: whatever the
// window of shaders/window.glsl does.

#include <algorithm>

#include "runtime/delegates/vulkan/program.h"
#include "runtime/kernels/op_code.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime::vulkan {
namespace {

// Pixels an invocation; fewer where the device would be left without work.
constexpr std::int32_t kMaxPixels = 4;
constexpr std::int32_t kEnoughItems = 1024;
// Rows of a FULLY_CONNECTED from which on they are pixels of a 1x1 convolution.
constexpr std::int32_t kManyRows = 16;

std::int32_t Blocks(std::int32_t channels) {
  return channels / 4 + (channels % 4 != 0 ? 1 : 0);
}

// Chooses pixels and counts items.
Refusal Spread(std::int32_t max_pixels, WindowParams* params, Step* step) {
  const std::int64_t blocks = Blocks(params->out_c);
  std::int32_t each = max_pixels;
  const auto items = [&] {
    return (std::int64_t{params->pixels} + each - 1) / each * blocks;
  };
  while (each > 1 && items() < kEnoughItems) each /= 2;
  if (items() > (std::int64_t{1} << 30)) return "too many outputs";
  params->items = static_cast<std::int32_t>(items());
  step->variant.pixels = each;
  step->SetItems(params->items);
  return nullptr;
}

// The geometry of a window of the op over x.
Refusal MakeParams(const SottoDelegateOp& op, const Program& program,
                   std::int32_t filter_h, std::int32_t filter_w,
                   WindowParams* params, Variant* variant) {
  const SottoDelegateTensor& x = program.tensor(op.inputs[0]);
  const SottoDelegateTensor& y = program.tensor(op.outputs[0]);
  if (x.rank != 4 || y.rank != 4) return "wants images of rank 4";
  if (x.data != nullptr) return "its input is a constant";
  const SottoDelegateOptions& o = *op.options;
  Clamp clamp;
  if (!ClampOf(o.activation, &clamp)) return "the activation is no clamp";
  Options options;
  options.padding = o.padding == 1 ? Padding::kValid : Padding::kSame;
  options.stride_h = o.stride_h;
  options.stride_w = o.stride_w;
  options.dilation_h = o.dilation_h;
  options.dilation_w = o.dilation_w;
  Shape image = {.rank = 4, .dims = {}};
  std::copy_n(x.dims, 4, image.dims.begin());
  Window window = {};
  if (!MakeWindow(image, filter_h, filter_w, options, &window) ||
      window.out_h != y.dims[1] || window.out_w != y.dims[2] ||
      x.dims[0] != y.dims[0]) {
    return "a window that does not give the output's shape";
  }
  // What the shader computes on the way to a position stays an int32.
  constexpr std::int64_t kFar = std::int64_t{1} << 29;
  const auto reach = [](std::int64_t out, std::int64_t stride,
                        std::int64_t filter, std::int64_t dilation) {
    return std::max((out - 1) * stride, (filter - 1) * dilation);
  };
  if (reach(window.out_h, o.stride_h, filter_h, o.dilation_h) > kFar ||
      reach(window.out_w, o.stride_w, filter_w, o.dilation_w) > kFar) {
    return "a stride or dilation too large";
  }
  *params = {.items = 0,
             .pixels = y.dims[0] * y.dims[1] * y.dims[2],
             .in_h = x.dims[1],
             .in_w = x.dims[2],
             .in_c = x.dims[3],
             .out_h = y.dims[1],
             .out_w = y.dims[2],
             .out_c = y.dims[3],
             .filter_h = filter_h,
             .filter_w = filter_w,
             .stride_h = o.stride_h,
             .stride_w = o.stride_w,
             .dilation_h = o.dilation_h,
             .dilation_w = o.dilation_w,
             .pad_top = window.pad_top,
             .pad_left = window.pad_left,
             .multiplier = 1,
             .low = clamp.low,
             .high = clamp.high};
  variant->clamped = clamp.clamped ? 1 : 0;
  return nullptr;
}

// Weights as the file has them.
Refusal WeightsOf(const SottoDelegateOp& op, const Program& program,
                  std::int32_t rank, const SottoDelegateTensor** w) {
  if (op.num_inputs < 2 || op.inputs[1] < 0) return "wants x, w[, bias] -> y";
  *w = &program.tensor(op.inputs[1]);
  if ((*w)->data == nullptr) return "the weights are not constant";
  if ((*w)->type != 0) return "the weights are not f32";
  if ((*w)->rank != rank) return "weights of another rank";
  if (program.Elements(op.inputs[1]) == 0) return "empty or too large weights";
  return nullptr;
}

// Zeros where it is left out.
Refusal BiasOf(const SottoDelegateOp& op, std::int32_t channels,
               Program& program, Operand* bias) {
  const float* from = nullptr;
  if (op.num_inputs > 2 && op.inputs[2] >= 0) {
    const SottoDelegateTensor& t = program.tensor(op.inputs[2]);
    if (t.data == nullptr || t.type != 0) return "the bias is no f32 constant";
    if (program.Elements(op.inputs[2]) != channels) return "a bias too short";
    from = static_cast<const float*>(t.data);
  }
  *bias = program.AddConstant(static_cast<std::size_t>(Blocks(channels)) * 4,
                              [from, channels](std::span<float> to) {
                                if (from != nullptr)
                                  std::copy_n(from, channels, to.begin());
                              });
  return nullptr;
}

// [out][taps] of the file to [taps][out / 4][4].
Operand PackConvolution(const float* from, std::int32_t outputs,
                        std::size_t taps, Program& program) {
  const auto out = static_cast<std::size_t>(outputs);
  const auto padded = static_cast<std::size_t>(Blocks(outputs)) * 4;
  return program.AddConstant(taps * padded,
                             [from, out, taps, padded](std::span<float> to) {
                               for (std::size_t o = 0; o < out; ++o) {
                                 for (std::size_t k = 0; k < taps; ++k) {
                                   to[k * padded + o] = from[o * taps + k];
                                 }
                               }
                             });
}

// [out][in] to [out / 4][in][4].
Operand PackDense(const float* from, std::int32_t outputs, std::size_t inputs,
                  Program& program) {
  const auto out = static_cast<std::size_t>(outputs);
  const auto padded = static_cast<std::size_t>(Blocks(outputs)) * 4;
  return program.AddConstant(
      inputs * padded, [from, out, inputs](std::span<float> to) {
        for (std::size_t o = 0; o < out; ++o) {
          for (std::size_t i = 0; i < inputs; ++i) {
            to[(o / 4 * inputs + i) * 4 + o % 4] = from[o * inputs + i];
          }
        }
      });
}

// [taps][out] to [taps][out / 4][4].
Operand PackDepthwise(const float* from, std::int32_t outputs, std::size_t taps,
                      Program& program) {
  const auto out = static_cast<std::size_t>(outputs);
  const auto padded = static_cast<std::size_t>(Blocks(outputs)) * 4;
  return program.AddConstant(
      taps * padded, [from, out, taps, padded](std::span<float> to) {
        for (std::size_t k = 0; k < taps; ++k) {
          std::copy_n(from + k * out, out, to.begin() + k * padded);
        }
      });
}

}  // namespace

Refusal LowerConvolution(const SottoDelegateOp& op, Program& program) {
  const SottoDelegateTensor* w = nullptr;
  if (const Refusal r = WeightsOf(op, program, 4, &w)) return r;
  WindowParams params;
  Step step;
  if (const Refusal r = MakeParams(op, program, w->dims[1], w->dims[2], &params,
                                   &step.variant)) {
    return r;
  }
  const auto taps = static_cast<std::size_t>(w->dims[1]) *
                    static_cast<std::size_t>(w->dims[2]);
  const auto* const values = static_cast<const float*>(w->data);
  const std::int32_t channels = params.in_c;
  std::size_t depth = 1;  // products a tap
  if (static_cast<OpCode>(op.code) == OpCode::kDepthwiseConv2D) {
    if (w->dims[0] != 1 || w->dims[3] != params.out_c ||
        params.out_c % channels != 0) {
      return "weights that do not fit the channels";
    }
    params.multiplier = params.out_c / channels;
    step.shader = params.multiplier == 1 && channels % 4 == 0
                      ? Shader::kDepthwiseVector
                      : Shader::kDepthwise;
    step.w = PackDepthwise(values, params.out_c, taps, program);
  } else {
    if (w->dims[3] != channels) return "a grouped convolution";
    if (w->dims[0] != params.out_c) return "weights that do not fit the output";
    depth = static_cast<std::size_t>(channels);
    step.shader = channels % 4 == 0 ? Shader::kConvVector : Shader::kConv;
    step.w = PackConvolution(values, params.out_c, taps * depth, program);
  }
  if (const Refusal r = BiasOf(op, params.out_c, program, &step.bias)) return r;
  if (const Refusal r = Spread(kMaxPixels, &params, &step)) return r;
  step.x = program.Read(op.inputs[0]);
  step.y = program.Write(op.outputs[0]);
  step.SetParams(params);
  program.AddStep(step);
  program.CountMacs(static_cast<double>(params.pixels) * params.out_c *
                    static_cast<double>(taps * depth));
  return nullptr;
}

Refusal LowerFullyConnected(const SottoDelegateOp& op, Program& program) {
  const SottoDelegateTensor* w = nullptr;
  if (const Refusal r = WeightsOf(op, program, 2, &w)) return r;
  const std::int32_t outputs = w->dims[0], depth = w->dims[1];
  if (program.tensor(op.inputs[0]).data != nullptr) {
    return "its input is a constant";
  }
  const std::int32_t rows = program.Elements(op.inputs[0]) / depth;
  if (rows == 0 || program.Elements(op.inputs[0]) % depth != 0 ||
      std::int64_t{rows} * outputs != program.Elements(op.outputs[0])) {
    return "weights that do not fit the input";
  }
  Clamp clamp;
  if (!ClampOf(op.options->activation, &clamp)) {
    return "the activation is no clamp";
  }
  WindowParams params = {.items = 0,
                         .pixels = rows,
                         .in_h = 1,
                         .in_w = 1,
                         .in_c = depth,
                         .out_h = 1,
                         .out_w = 1,
                         .out_c = outputs,
                         .filter_h = 1,
                         .filter_w = 1,
                         .stride_h = 1,
                         .stride_w = 1,
                         .dilation_h = 1,
                         .dilation_w = 1,
                         .pad_top = 0,
                         .pad_left = 0,
                         .multiplier = 1,
                         .low = clamp.low,
                         .high = clamp.high};
  Step step;
  step.variant.clamped = clamp.clamped ? 1 : 0;
  const auto* const values = static_cast<const float*>(w->data);
  const auto inputs = static_cast<std::size_t>(depth);
  if (rows >= kManyRows) {
    step.shader = depth % 4 == 0 ? Shader::kConvVector : Shader::kConv;
    step.w = PackConvolution(values, outputs, inputs, program);
    if (const Refusal r = Spread(kMaxPixels, &params, &step)) return r;
  } else {
    step.shader = Shader::kDense;
    step.w = PackDense(values, outputs, inputs, program);
    params.items = rows * Blocks(outputs);
    step.groups = static_cast<std::uint32_t>(params.items);
  }
  if (const Refusal r = BiasOf(op, outputs, program, &step.bias)) return r;
  step.x = program.Read(op.inputs[0]);
  step.y = program.Write(op.outputs[0]);
  step.SetParams(params);
  program.AddStep(step);
  program.CountMacs(static_cast<double>(rows) * outputs * depth);
  return nullptr;
}

namespace {

Refusal AddPool(const SottoDelegateOp& op, WindowParams params, Step step,
                Program& program) {
  step.shader = params.in_c % 4 == 0 ? Shader::kPoolVector : Shader::kPool;
  if (const Refusal r = Spread(1, &params, &step)) return r;
  step.x = program.Read(op.inputs[0]);
  step.y = program.Write(op.outputs[0]);
  step.SetParams(params);
  program.AddStep(step);
  return nullptr;
}

}  // namespace

Refusal LowerPool(const SottoDelegateOp& op, Program& program) {
  WindowParams params;
  Step step;
  if (const Refusal r =
          MakeParams(op, program, op.options->filter_h, op.options->filter_w,
                     &params, &step.variant)) {
    return r;
  }
  if (params.in_c != params.out_c) return "an output of other channels";
  const bool largest = static_cast<OpCode>(op.code) == OpCode::kMaxPool2D;
  step.variant.op = largest ? 1 : 0;
  return AddPool(op, params, step, program);
}

// A mean over neighbouring dimensions is a pool over [outer, reduced, 1,
// inner].
Refusal LowerMean(const SottoDelegateOp& op, Program& program) {
  const SottoDelegateTensor& x = program.tensor(op.inputs[0]);
  if (x.data != nullptr) return "its input is a constant";
  const std::span<const std::int32_t> axes = IntsOf(op, 1, program);
  if (axes.empty()) return "the axes are not constant int32";
  std::array<bool, SOTTO_DELEGATE_MAX_RANK> dropped = {};
  for (const std::int32_t axis : axes) {
    const std::int32_t at = axis < 0 ? axis + x.rank : axis;
    if (at < 0 || at >= x.rank) return "an axis out of range";
    dropped[static_cast<std::size_t>(at)] = true;
  }
  std::int32_t outer = 1, reduced = 1, inner = 1;
  bool seen = false, ended = false;
  for (std::int32_t i = 0; i < x.rank; ++i) {
    if (dropped[static_cast<std::size_t>(i)]) {
      if (ended) return "axes that are not neighbours";
      seen = true;
      reduced *= x.dims[i];
    } else {
      ended = seen;
      (seen ? inner : outer) *= x.dims[i];
    }
  }
  if (std::int64_t{outer} * inner != program.Elements(op.outputs[0])) {
    return "an output of another size";
  }
  const WindowParams params = {.items = 0,
                               .pixels = outer,
                               .in_h = reduced,
                               .in_w = 1,
                               .in_c = inner,
                               .out_h = 1,
                               .out_w = 1,
                               .out_c = inner,
                               .filter_h = reduced,
                               .filter_w = 1,
                               .stride_h = 1,
                               .stride_w = 1,
                               .dilation_h = 1,
                               .dilation_w = 1,
                               .pad_top = 0,
                               .pad_left = 0,
                               .multiplier = 1,
                               .low = 0,
                               .high = 0};
  return AddPool(op, params, {}, program);
}

}  // namespace sotto::runtime::vulkan
