// DEPTHWISE_CONV_2D of f32 with int8 weights
// (nn/depthwise_conv_2d_hybrid.cc has the formula):
//
//   in 0   x     f32 [batch, in_h, in_w, channels]
//   in 1   w     int8 [1, filter_h, filter_w, channels * multiplier], constant
//   in 2   bias  f32 [channels * multiplier], constant, may be absent
//   out 0  y     f32 [batch, out_h, out_w, channels * multiplier]
//
// An image is brought to the integers q - zero (hybrid_rows.h), held as floats;
// with a multiplier each channel is repeated. They go through the f32 kernel
// with the weights' integers: at most kMaxTaps products of at most 255 * 128
// stay below 2^24, so that its sums are exact, and one pass more rescales them.
// Reads padding, stride, dilation, activation.

#include <algorithm>

#include "runtime/kernels/cpu/f32_depthwise.h"
#include "runtime/kernels/cpu/hybrid_image.h"
#include "runtime/kernels/cpu/hybrid_weights.h"
#include "runtime/kernels/nn/depthwise_conv_2d.h"

namespace sotto::runtime {
namespace {

constexpr std::uint32_t kLayout = 0x48590003;
constexpr std::size_t kMaxTaps = (std::size_t{1} << 24) / (255 * 128);
// One output takes a load a tap beside the multiply-add.
constexpr std::size_t kTapsPerNs = 25;

struct Plan {
  Window window;  // of the image with its channels repeated
  std::size_t batch, multiplier;
  // Scratch: ranges of an image's parts, zeros, an image, the workers' tables.
  std::size_t range_bytes, zero_bytes, image_bytes, table_bytes;
};

std::size_t Size(std::int32_t n) { return static_cast<std::size_t>(n); }

std::size_t RoundUp64(std::size_t n) { return (n + 63) / 64 * 64; }

StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = PrepareDepthwiseConv2D(context, op);
  if (code != StatusCode::kOk) return code;
  code = CheckHybridWeights(context, op, DepthwiseConv2DOperands(op), kMaxTaps);
  if (code != StatusCode::kOk) return code;
  auto* const plan = context.AllocateState<Plan>();
  if (plan == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "no room for a plan");
  }
  op.state = plan;
  *plan = {};
  const DepthwiseConv2D conv = MakeDepthwiseConv2D(op);
  const std::size_t size = conv.window.ImageSize();
  plan->window = conv.window;
  plan->window.channels = static_cast<std::int32_t>(conv.out);
  plan->batch = conv.batch;
  plan->multiplier = conv.multiplier;
  constexpr std::size_t kMax = std::size_t{1} << 34;
  if (size * sizeof(float) > kMax / conv.multiplier) {
    return context.Fail(StatusCode::kUnimplemented, "too large to copy");
  }
  plan->range_bytes = RoundUp64(HybridParts(size) * sizeof(FloatRange));
  plan->zero_bytes = RoundUp64(conv.out * sizeof(float));
  plan->image_bytes = RoundUp64(size * conv.multiplier * sizeof(float));
  plan->table_bytes = RoundUp64(F32Depthwise::TableBytes(plan->window));
  const auto threads = Size(std::max(context.threads(), 1));
  if (plan->table_bytes > kMax / threads) {
    return context.Fail(StatusCode::kUnimplemented, "too large to copy");
  }
  context.RequestScratch(
      plan->batch == 0 ? 0
                       : plan->range_bytes + plan->zero_bytes +
                             plan->image_bytes + plan->table_bytes * threads);
  const std::size_t taps = conv.window.PatchSize() / Size(conv.window.channels);
  context.RequestPacked((2 + taps) * conv.out * sizeof(float), kLayout);
  return StatusCode::kOk;
}

// Scales, biases, weights.
void Pack(const Op& op) {
  const Tensor &w = *op.inputs[1], *const bias = op.input(2);
  const std::size_t out = Size(w.shape[3]), size = w.shape.Elements();
  auto* to = static_cast<float*>(op.packed);
  for (std::size_t c = 0; c < out; ++c) {
    to[c] = ScaleOf(w, c);
    to[out + c] = bias == nullptr ? 0.0f : bias->floats()[c];
  }
  const auto* from = w.as<const std::int8_t>();
  for (std::size_t i = 0; i < size; ++i) to[2 * out + i] = from[i];
}

// Pixels [begin, end) of an image as integers.
void QuantizePixels(const Plan& plan, const float* x,
                    const RowQuantization& row, std::size_t begin,
                    std::size_t end, float* image) {
  const std::size_t repeat = plan.multiplier;
  const std::size_t channels = Size(plan.window.channels) / repeat;
  const std::size_t size = (end - begin) * channels;
  image += begin * channels * repeat;
  // With a multiplier to the end first: what is repeated overtakes nothing.
  float* const q = image + size * (repeat - 1);
  QuantizeFloats(x + begin * channels, size, row, /*asymmetric=*/true, q);
  if (repeat == 1) return;
  for (std::size_t i = 0; i < size; ++i) {
    const float value = q[i];
    std::fill_n(image + i * repeat, repeat, value);
  }
}

void RunImage(EvalContext& context, const Op& op, std::size_t n) {
  const auto& plan = *static_cast<const Plan*>(op.state);
  const Window& w = plan.window;
  const std::size_t out = Size(w.channels), width = Size(w.out_w);
  const std::size_t pixels = Size(w.in_h) * Size(w.in_w);
  const std::size_t size = pixels * (out / plan.multiplier);
  const float* x = op.inputs[0]->floats() + n * size;
  float* y = op.outputs[0]->floats() + n * w.Pixels() * out;
  auto* const scratch = static_cast<std::uint8_t*>(op.scratch);
  auto* const zeros = reinterpret_cast<float*>(scratch + plan.range_bytes);
  auto* const image =
      reinterpret_cast<float*>(scratch + plan.range_bytes + plan.zero_bytes);
  std::uint8_t* const tables =
      scratch + plan.range_bytes + plan.zero_bytes + plan.image_bytes;
  std::fill_n(zeros, out, 0.0f);
  const RowQuantization row =
      QuantizationOfImage(context, x, size, /*asymmetric=*/true,
                          reinterpret_cast<FloatRange*>(scratch));
  context.ParallelFor(pixels, 64, size / kHybridFloatsPerNs,
                      [&](std::size_t begin, std::size_t end, int) {
                        QuantizePixels(plan, x, row, begin, end, image);
                      });
  const auto* const packed = static_cast<const float*>(op.packed);
  const F32Depthwise depthwise = {.v = w,
                                  .w = packed + 2 * out,
                                  .bias = zeros,
                                  .zeros = zeros,
                                  .clamp = RangeOf(Activation::kNone)};
  const HybridFinish finish = {.scale = packed,
                               .bias = packed + out,
                               .channels = out,
                               .x_scale = row.scale,
                               .clamp = RangeOf(op.options.activation)};
  context.ParallelFor(Size(w.out_h), 1, w.Pixels() * w.PatchSize() / kTapsPerNs,
                      [&](std::size_t begin, std::size_t end, int worker) {
                        auto** const table = reinterpret_cast<const float**>(
                            tables + Size(worker) * plan.table_bytes);
                        for (std::size_t line = begin; line < end; ++line) {
                          float* const to = y + line * width * out;
                          depthwise.Row(image, line, table, to, out);
                          FinishFloats(finish, width, to);
                        }
                      });
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const auto& plan = *static_cast<const Plan*>(op.state);
  for (std::size_t n = 0; n < plan.batch; ++n) RunImage(context, op, n);
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDepthwiseConv2DHybrid = {Prepare, Eval, Pack};

}  // namespace sotto::runtime
