// CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED.

#include <algorithm>

#include "runtime/delegates/vulkan/window_step.h"
#include "runtime/kernels/op_code.h"

namespace sotto::runtime::vulkan {
namespace {

// Pixels an invocation.
constexpr std::int32_t kMaxPixels = 4;
// Rows of a FULLY_CONNECTED from which on they are pixels of a 1x1 convolution.
constexpr std::int32_t kManyRows = 16;

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
  WindowParams params = WholeWindow(rows, 1, depth, outputs);
  params.low = clamp.low;
  params.high = clamp.high;
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

}  // namespace sotto::runtime::vulkan
