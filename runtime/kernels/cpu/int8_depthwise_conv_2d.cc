// DEPTHWISE_CONV_2D in int8 and uint8, exact (int8_weights.h); shapes as in
// nn/depthwise_conv_2d.h with as many channels out as in, weights and bias
// constant. Reads padding, stride, dilation, activation.

#include <algorithm>

#include "runtime/kernels/cpu/int8_depthwise.h"
#include "runtime/kernels/nn/depthwise_conv_2d.h"

namespace sotto::runtime {
namespace {

constexpr std::uint32_t kLayout = 0x49380003;

Int8Weights WeightsOf(const Op& op) {
  const Shape& w = op.inputs[1]->shape;
  const auto channels = static_cast<std::size_t>(w[3]);
  return {.x = op.inputs[0],
          .w = op.inputs[1],
          .bias = op.input(2),
          .y = op.outputs[0],
          .axis = 3,
          .channels = channels,
          .channel_step = 1,
          .step = channels,
          .size = w.Elements() / channels,
          .float_product = op.inputs[0]->type != ElementType::kInt8};
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = PrepareDepthwiseConv2D(context, op);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->shape[3] != op.inputs[1]->shape[3] ||
      !IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "a depth multiplier, or an activation not a clamp");
  }
  const Int8Weights weights = WeightsOf(op);
  code = CheckInt8Weights(context, weights);
  if (code != StatusCode::kOk) return code;
  const DepthwiseConv2D conv = MakeDepthwiseConv2D(op);
  Int8Depthwise* plan = PlanInt8Depthwise(
      context, conv.window, conv.batch, weights, op.options.activation, &code);
  if (plan == nullptr) return code;
  op.state = plan;
  context.RequestScratch(plan->worker_bytes *
                         static_cast<std::size_t>(context.threads()));
  context.RequestPacked(plan->packed_bytes(), kLayout);
  return StatusCode::kOk;
}

void Pack(const Op& op) {
  PackInt8Depthwise(*static_cast<const Int8Depthwise*>(op.state), WeightsOf(op),
                    static_cast<std::uint8_t*>(op.packed));
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const auto& plan = *static_cast<const Int8Depthwise*>(op.state);
  const std::size_t rows = plan.rows();
  const auto lines = static_cast<std::size_t>(plan.window.out_h);
  const auto run = [&](std::size_t begin, std::size_t end, int worker) {
    auto* const scratch = static_cast<std::uint8_t*>(op.scratch) +
                          static_cast<std::size_t>(worker) * plan.worker_bytes;
    for (std::size_t row = begin; row < end;) {
      const std::size_t first = row % lines;
      const std::size_t count =
          std::min({plan.piece, end - row, lines - first});
      RunInt8Depthwise(
          plan, op.inputs[0]->as<const std::uint8_t>(),
          static_cast<const std::uint8_t*>(op.packed), row / lines, first,
          count, scratch, static_cast<std::uint8_t>(plan.flip ^ 0x80),
          op.outputs[0]->as<std::uint8_t>() + row * plan.line_bytes());
      row += count;
    }
  };
  if (rows <= plan.piece) {
    run(0, rows, 0);  // nothing to share out
  } else {
    context.ParallelFor(rows, plan.piece, rows * plan.RowNanoseconds(), run);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDepthwiseConv2DInt8 = {Prepare, Eval, Pack};

}  // namespace sotto::runtime
