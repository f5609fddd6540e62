// The planner's DEPTHWISE_CONV_2D and the 1 x 1 CONV_2D after it (op_code.h),
// in int8 and uint8, bit for bit as the two after one another: some lines of
// the first result stay in the cache, as u8, and are the second product's rows.
//
//   in 0  x               in 1, 2  depthwise weights, bias or null
//   in 3, 4  pointwise weights, bias or null
//   intermediate 0  type, shape and quantisation of the first result
//   out 0  y
//
// Reads padding, stride, dilation, activation, second_activation.

#include <algorithm>

#include "runtime/kernels/cpu/int8_conv.h"
#include "runtime/kernels/cpu/int8_depthwise.h"
#include "runtime/kernels/nn/conv_2d.h"
#include "runtime/kernels/nn/depthwise_conv_2d.h"

namespace sotto::runtime {
namespace {

constexpr std::uint32_t kLayout = 0x49380005;

struct Fused {
  Int8Depthwise* first;
  Int8GemmShape shape;
  Int8Clamp clamp;
  std::int32_t excess;
  // Of a worker's scratch: the copied lines, the first result, row sums.
  std::size_t middle_bytes, worker_bytes;
};

std::size_t RoundUp64(std::size_t n) { return (n + 63) / 64 * 64; }

Int8Weights FirstWeights(const Op& op) {
  const Shape& w = op.inputs[1]->shape;
  const auto channels = static_cast<std::size_t>(w[3]);
  return {.x = op.inputs[0],
          .w = op.inputs[1],
          .bias = op.inputs[2],
          .y = op.intermediates[0],
          .axis = 3,
          .channels = channels,
          .channel_step = 1,
          .step = channels,
          .size = w.Elements() / channels,
          .float_product = op.inputs[0]->type != ElementType::kInt8};
}

Int8Weights SecondWeights(const Op& op) {
  const Shape& w = op.inputs[3]->shape;
  const auto depth = static_cast<std::size_t>(w[3]);
  return {.x = op.intermediates[0],
          .w = op.inputs[3],
          .bias = op.input(4),
          .y = op.outputs[0],
          .axis = 0,
          .channels = static_cast<std::size_t>(w[0]),
          .channel_step = depth,
          .step = 1,
          .size = depth,
          .float_product = op.inputs[0]->type != ElementType::kInt8};
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() < 4 || op.inputs.size() > 5 || op.outputs.size() != 1 ||
      op.intermediates.size() != 1 || op.intermediates[0] == nullptr ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr ||
      op.inputs[3] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, w, bias, w, bias -> y");
  }
  if (!IsClamp(op.options.activation) ||
      !IsClamp(op.options.second_activation)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "an activation is not a clamp");
  }
  const Shape &x = op.inputs[0]->shape, &w = op.inputs[1]->shape,
              &v = op.inputs[3]->shape;
  Window window = {};
  if (x.rank != 4 || w.rank != 4 || w[0] != 1 || x[3] < 1 || w[3] != x[3] ||
      v.rank != 4 || v[0] < 1 || v[1] != 1 || v[2] != 1 || v[3] != w[3] ||
      !MakeWindow(x, w[1], w[2], op.options, &window)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "not a depthwise and a 1 x 1 convolution after it");
  }
  const Int8Weights first = FirstWeights(op), second = SecondWeights(op);
  StatusCode code = CheckInt8Weights(context, first);
  if (code == StatusCode::kOk) code = CheckInt8Weights(context, second);
  if (code != StatusCode::kOk) return code;
  // One state: PlanInt8Depthwise allocates it.
  void* memory = nullptr;
  Int8Depthwise* plan =
      PlanInt8Depthwise(context, window, static_cast<std::size_t>(x[0]), first,
                        op.options.activation, &code, sizeof(Fused), &memory);
  if (plan == nullptr) return code;
  auto* fused = static_cast<Fused*>(memory);
  *fused = {.first = plan,
            .shape = {.segments = 1,
                      .segment_quads = (second.size + 3) / 4,
                      .channels = second.channels},
            .clamp = ClampOf(*op.outputs[0], op.options.second_activation),
            .excess = second.excess(),
            .middle_bytes = 0,
            .worker_bytes = 0};
  const std::size_t pixels =
      plan->piece * static_cast<std::size_t>(window.out_w);
  fused->middle_bytes = RoundUp64(plan->piece * plan->line_bytes() + 64);
  fused->worker_bytes =
      plan->worker_bytes + fused->middle_bytes +
      (fused->excess == 0 ? 0 : RoundUp64(sizeof(std::int32_t) * pixels));
  const std::size_t packed =
      plan->packed_bytes() + PackedInt8Bytes(fused->shape, second);
  constexpr std::size_t kMax = std::size_t{1} << 31;
  if (fused->worker_bytes > kMax || packed > kMax) {
    return context.Fail(StatusCode::kUnimplemented, "too large");
  }
  op.state = fused;
  op.outputs[0]->shape = {4, {x[0], window.out_h, window.out_w, v[0]}};
  op.outputs[0]->is_dynamic = false;
  context.RequestScratch(fused->worker_bytes *
                         static_cast<std::size_t>(context.threads()));
  context.RequestPacked(packed, kLayout);
  return StatusCode::kOk;
}

void Pack(const Op& op) {
  const auto& fused = *static_cast<const Fused*>(op.state);
  auto* const packed = static_cast<std::uint8_t*>(op.packed);
  const Int8Weights second = SecondWeights(op);
  PackInt8Depthwise(*fused.first, FirstWeights(op), packed);
  PackInt8(fused.shape, second, second.size,
           packed + fused.first->packed_bytes());
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const auto& fused = *static_cast<const Fused*>(op.state);
  const Int8Depthwise& plan = *fused.first;
  const std::size_t rows = plan.rows(), out = fused.shape.channels;
  const auto lines = static_cast<std::size_t>(plan.window.out_h);
  const auto width = static_cast<std::size_t>(plan.window.out_w);
  const auto channels = static_cast<std::size_t>(plan.window.channels);
  const auto* const packed = static_cast<const std::uint8_t*>(op.packed);
  const auto* const panels = packed + plan.packed_bytes();
  const std::size_t row_cost =
      plan.RowNanoseconds() + width * channels * out / 100;
  context.ParallelFor(
      rows, plan.piece, rows * row_cost,
      [&](std::size_t begin, std::size_t end, int worker) {
        auto* const scratch =
            static_cast<std::uint8_t*>(op.scratch) +
            static_cast<std::size_t>(worker) * fused.worker_bytes;
        std::uint8_t* const middle = scratch + plan.worker_bytes;
        for (std::size_t row = begin; row < end;) {
          const std::size_t first = row % lines;
          const std::size_t count =
              std::min({plan.piece, end - row, lines - first});
          RunInt8Depthwise(plan, op.inputs[0]->as<const std::uint8_t>(), packed,
                           row / lines, first, count, scratch, 0x80, middle);
          Int8Gemm gemm = {
              .shape = fused.shape,
              .panels = panels,
              .segment_offsets = nullptr,
              .in = middle,
              .lines = 1,
              .in_line_step = 0,
              .pixels = count * width,
              .in_step = channels,
              .out = op.outputs[0]->as<std::uint8_t>() + row * width * out,
              .out_line_step = 0,
              .out_step = out,
              .low = fused.clamp.low,
              .high = fused.clamp.high,
              .flip = static_cast<std::uint8_t>(plan.flip ^ 0x80)};
          if (fused.excess != 0) {
            auto* const sums =
                reinterpret_cast<std::int32_t*>(middle + fused.middle_bytes);
            SumInt8Rows(
                gemm, panels + fused.shape.panels() * fused.shape.panel_bytes(),
                channels, fused.excess, sums);
            gemm.row_sums = sums;
          }
          RunInt8Gemm(gemm);
          row += count;
        }
      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDepthwisePointwiseInt8 = {Prepare, Eval, Pack};

}  // namespace sotto::runtime
