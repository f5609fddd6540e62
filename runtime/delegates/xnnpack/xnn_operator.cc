// Pools, element-wise operators and operators of shape for XNNPACK.

#include <algorithm>
#include <array>

#include "runtime/delegates/xnnpack/xnn_graph.h"
#include "runtime/kernels/op_code.h"

namespace sotto::runtime::xnnpack {
namespace {

using Dims = std::array<std::size_t, SOTTO_DELEGATE_MAX_RANK>;

Dims DimsOf(const SottoDelegateTensor& t) {
  Dims dims = {};
  for (std::int32_t i = 0; i < t.rank; ++i) {
    dims[static_cast<std::size_t>(i)] = static_cast<std::size_t>(t.dims[i]);
  }
  return dims;
}

Refusal Result(xnn_status status) {
  return status == xnn_status_success ? nullptr : "XNNPACK refuses it";
}

// x -> y of one type: f32, or int8 and uint8 where `quantized`.
Refusal Unary(XnnGraph& graph, const SottoDelegateOp& op, bool quantized,
              std::uint32_t* x, std::uint32_t* y) {
  if (op.num_inputs < 1 || op.num_outputs != 1) return "wants x -> y";
  const SottoDelegateTensor& in = graph.tensor(op.inputs[0]);
  const SottoDelegateTensor& out = graph.tensor(op.outputs[0]);
  const bool fits =
      (IsFloat(in) && IsFloat(out)) ||
      (quantized && in.type == out.type && IsQuantized(in) && IsQuantized(out));
  if (!fits) return "a type that XNNPACK has not for it";
  if (in.data != nullptr) return "its input is a constant";
  if (const Refusal r = graph.Value(op.inputs[0], x)) return r;
  return graph.Value(op.outputs[0], y);
}

}  // namespace

Refusal DefinePool(XnnGraph& graph, const SottoDelegateOp& op) {
  std::uint32_t x = 0, y = 0;
  if (const Refusal r = Unary(graph, op, false, &x, &y)) return r;
  const SottoDelegateTensor& in = graph.tensor(op.inputs[0]);
  const SottoDelegateTensor& out = graph.tensor(op.outputs[0]);
  const SottoDelegateOptions& o = *op.options;
  float low = 0, high = 0;
  if (!ClampOf(o.activation, &low, &high)) return "the activation is no clamp";
  if (static_cast<OpCode>(op.code) == OpCode::kMean) {
    const SottoDelegateTensor* axes =
        op.num_inputs == 2 ? &graph.tensor(op.inputs[1]) : nullptr;
    const auto* list = axes == nullptr
                           ? nullptr
                           : static_cast<const std::int32_t*>(axes->data);
    if (list == nullptr || axes->rank != 1 || axes->dims[0] != 2 ||
        std::min(list[0], list[1]) != 1 || std::max(list[0], list[1]) != 2 ||
        in.rank != 4 || o.keep_dims == 0) {
      return "only means over height and width that keep dimensions";
    }
    return Result(
        xnn_define_global_average_pooling_2d(graph.get(), low, high, x, y, 0));
  }
  const auto u = [](std::int32_t v) { return static_cast<std::uint32_t>(v); };
  const Padding rows = PaddingOf(in.dims[1], out.dims[1], o.filter_h,
                                 o.stride_h, 1, o.padding == 1);
  const Padding columns = PaddingOf(in.dims[2], out.dims[2], o.filter_w,
                                    o.stride_w, 1, o.padding == 1);
  if (o.filter_h * o.filter_w == 1) return "a window of one element";
  if (static_cast<OpCode>(op.code) == OpCode::kMaxPool2D) {
    return Result(xnn_define_max_pooling_2d(
        graph.get(), rows.before, columns.after, rows.after, columns.before,
        u(o.filter_h), u(o.filter_w), u(o.stride_h), u(o.stride_w), 1, 1, low,
        high, x, y, 0));
  }
  // XNNPACK divides by the whole window at the border, the format does not.
  if (rows.before + rows.after + columns.before + columns.after > 0) {
    return "a padded average";
  }
  return Result(xnn_define_average_pooling_2d(
      graph.get(), 0, 0, 0, 0, u(o.filter_h), u(o.filter_w), u(o.stride_h),
      u(o.stride_w), low, high, x, y, 0));
}

Refusal DefineShape(XnnGraph& graph, const SottoDelegateOp& op) {
  std::uint32_t x = 0, y = 0;
  const auto code = static_cast<OpCode>(op.code);
  const bool resize = code == OpCode::kResizeBilinear;
  if (const Refusal r = Unary(graph, op, !resize, &x, &y)) return r;
  const SottoDelegateTensor& in = graph.tensor(op.inputs[0]);
  const SottoDelegateTensor& out = graph.tensor(op.outputs[0]);
  const Dims dims = DimsOf(out);
  if (code == OpCode::kPad) {
    const SottoDelegateTensor* list =
        op.num_inputs == 2 ? &graph.tensor(op.inputs[1]) : nullptr;
    if (list == nullptr || list->data == nullptr || list->type != 2) {
      return "the paddings are not constant int32";
    }
    const auto* pads = static_cast<const std::int32_t*>(list->data);
    Dims before = {}, after = {};
    for (std::int32_t i = 0; i < in.rank; ++i) {
      const auto at = static_cast<std::size_t>(i);
      before[at] = static_cast<std::size_t>(pads[2 * i]);
      after[at] = static_cast<std::size_t>(pads[2 * i + 1]);
    }
    return Result(xnn_define_static_constant_pad(graph.get(), before.data(),
                                                 after.data(), 0.0f, x, y, 0));
  }
  if (resize) {
    const bool corners = op.options->align_corners != 0;
    const bool half = op.options->half_pixel_centers != 0;
    const std::uint32_t flags = corners ? XNN_FLAG_ALIGN_CORNERS
                                : half  ? 0
                                        : XNN_FLAG_TENSORFLOW_LEGACY_MODE;
    return Result(xnn_define_static_resize_bilinear_2d(graph.get(), dims[1],
                                                       dims[2], x, y, flags));
  }
  return Result(xnn_define_static_reshape(
      graph.get(), static_cast<std::size_t>(out.rank), dims.data(), x, y, 0));
}

Refusal DefineElementwise(XnnGraph& graph, const SottoDelegateOp& op) {
  const auto code = static_cast<OpCode>(op.code);
  const SottoDelegateOptions& o = *op.options;
  std::uint32_t x = 0, b = 0, y = 0;
  float low = 0, high = 0;
  const bool binary = code == OpCode::kAdd || code == OpCode::kSub ||
                      code == OpCode::kMul || code == OpCode::kDiv ||
                      code == OpCode::kMaximum || code == OpCode::kMinimum;
  if (binary) {
    if (op.num_inputs != 2 || op.num_outputs != 1) return "wants a, b -> y";
    const SottoDelegateTensor& a = graph.tensor(op.inputs[0]);
    const SottoDelegateTensor& other = graph.tensor(op.inputs[1]);
    const SottoDelegateTensor& out = graph.tensor(op.outputs[0]);
    const bool floats = IsFloat(a) && IsFloat(other) && IsFloat(out);
    const bool sums =
        code == OpCode::kAdd || code == OpCode::kSub || code == OpCode::kMul;
    const bool quantized = sums && IsQuantized(a) && IsQuantized(other) &&
                           IsQuantized(out) && a.type == other.type &&
                           a.type == out.type;
    if (!floats && !quantized) return "a type that XNNPACK has not for it";
    if (!ClampOf(o.activation, &low, &high))
      return "the activation is no clamp";
    if (const Refusal r = graph.Value(op.inputs[0], &x)) return r;
    if (const Refusal r = graph.Value(op.inputs[1], &b)) return r;
    if (const Refusal r = graph.Value(op.outputs[0], &y)) return r;
  }
  const auto unary = [&](bool quantized) {
    return Unary(graph, op, quantized, &x, &y);
  };
  const xnn_subgraph_t g = graph.get();
  switch (code) {
    case OpCode::kAdd:
      return Result(xnn_define_add2(g, low, high, x, b, y, 0));
    case OpCode::kSub:
      return Result(xnn_define_subtract(g, low, high, x, b, y, 0));
    case OpCode::kMul:
      return Result(xnn_define_multiply2(g, low, high, x, b, y, 0));
    case OpCode::kDiv:
      return Result(xnn_define_divide(g, low, high, x, b, y, 0));
    case OpCode::kMaximum:
      return Result(xnn_define_maximum2(g, x, b, y, 0));
    case OpCode::kMinimum:
      return Result(xnn_define_minimum2(g, x, b, y, 0));
    case OpCode::kRelu:
    case OpCode::kRelu6:
    case OpCode::kReluN1To1:
      ClampOf(code == OpCode::kRelu    ? 1
              : code == OpCode::kRelu6 ? 3
                                       : 2,
              &low, &high);
      if (const Refusal r = unary(false)) return r;
      return Result(xnn_define_clamp(g, low, high, x, y, 0));
    case OpCode::kLogistic:
      if (const Refusal r = unary(false)) return r;
      return Result(xnn_define_sigmoid(g, x, y, 0));
    case OpCode::kHardSwish:
      if (const Refusal r = unary(false)) return r;
      return Result(xnn_define_hardswish(g, x, y, 0));
    case OpCode::kLeakyRelu:
      if (const Refusal r = unary(false)) return r;
      return Result(xnn_define_leaky_relu(g, o.alpha, x, y, 0));
    case OpCode::kAbs:
      if (const Refusal r = unary(false)) return r;
      return Result(xnn_define_abs(g, x, y, 0));
    case OpCode::kSoftmax:
      if (o.beta != 1.0f) return "beta is not 1";
      if (const Refusal r = unary(false)) return r;
      return Result(xnn_define_softmax(g, x, y, 0));
    case OpCode::kPrelu: {
      if (const Refusal r = unary(false)) return r;
      if (op.num_inputs != 2) return "wants x, slope -> y";
      const SottoDelegateTensor& in = graph.tensor(op.inputs[0]);
      const SottoDelegateTensor& slope = graph.tensor(op.inputs[1]);
      std::int32_t channels = 1;
      for (std::int32_t i = 0; i < slope.rank; ++i) channels *= slope.dims[i];
      if (slope.data == nullptr || in.rank != 4 || channels != in.dims[3]) {
        return "the slope is not one constant a channel";
      }
      if (const Refusal r = graph.Value(op.inputs[1], &b)) return r;
      return Result(xnn_define_prelu(g, x, b, y, 0));
    }
    default:
      return "XNNPACK has no such operator here";
  }
}

}  // namespace sotto::runtime::xnnpack
