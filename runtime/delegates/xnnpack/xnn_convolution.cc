// CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED for XNNPACK. The layouts of the
// weights are the format's own: [out, h, w, in], [1, h, w, out], [out, in].

#include <algorithm>

#include "runtime/delegates/xnnpack/xnn_graph.h"
#include "runtime/kernels/op_code.h"

namespace sotto::runtime::xnnpack {
namespace {

// Values of x, w, bias -> y.
struct Ids {
  std::uint32_t x, w, bias, y;
};

Refusal IdsOf(XnnGraph& graph, const SottoDelegateOp& op, Ids* ids) {
  if (op.num_inputs < 2 || op.num_outputs != 1)
    return "wants x, w[, bias] -> y";
  const SottoDelegateTensor& x = graph.tensor(op.inputs[0]);
  const SottoDelegateTensor& w = graph.tensor(op.inputs[1]);
  const SottoDelegateTensor& y = graph.tensor(op.outputs[0]);
  const std::int32_t bias = op.num_inputs > 2 ? op.inputs[2] : -1;
  if (w.data == nullptr) return "the weights are not constant";
  if (bias >= 0 && graph.tensor(bias).data == nullptr) {
    return "the bias is not constant";
  }
  const bool floats = IsFloat(x) && IsFloat(w) && IsFloat(y);
  const bool quantized = IsQuantized(x) && IsQuantized(y) && x.type == w.type &&
                         y.type == x.type && w.num_scales >= 1;
  if (!floats && !quantized) return "a mix of types that XNNPACK has not";
  if (const Refusal r = graph.Value(op.inputs[0], &ids->x)) return r;
  if (const Refusal r = graph.Value(op.inputs[1], &ids->w)) return r;
  if (const Refusal r = graph.Value(bias, &ids->bias)) return r;
  return graph.Value(op.outputs[0], &ids->y);
}

}  // namespace

Refusal DefineConvolution(XnnGraph& graph, const SottoDelegateOp& op) {
  Ids ids;
  if (const Refusal r = IdsOf(graph, op, &ids)) return r;
  const SottoDelegateTensor& x = graph.tensor(op.inputs[0]);
  const SottoDelegateTensor& w = graph.tensor(op.inputs[1]);
  const SottoDelegateTensor& y = graph.tensor(op.outputs[0]);
  const SottoDelegateOptions& o = *op.options;
  float low = 0, high = 0;
  if (!ClampOf(o.activation, &low, &high)) return "the activation is no clamp";
  const bool depthwise = op.code == static_cast<int>(OpCode::kDepthwiseConv2D);
  if (depthwise && w.num_scales > 1 && w.quantized_dimension != 3) {
    return "the weights are not quantised along the channels";
  }
  if (!depthwise && w.dims[3] != x.dims[3]) return "a grouped convolution";
  const Padding rows = PaddingOf(x.dims[1], y.dims[1], w.dims[1], o.stride_h,
                                 o.dilation_h, o.padding == 1);
  const Padding columns = PaddingOf(x.dims[2], y.dims[2], w.dims[2], o.stride_w,
                                    o.dilation_w, o.padding == 1);
  const auto u = [](std::int32_t value) {
    return static_cast<std::uint32_t>(value);
  };
  const xnn_status status =
      depthwise ? xnn_define_depthwise_convolution_2d(
                      graph.get(), rows.before, columns.after, rows.after,
                      columns.before, u(w.dims[1]), u(w.dims[2]), u(o.stride_h),
                      u(o.stride_w), u(o.dilation_h), u(o.dilation_w),
                      u(w.dims[3] / x.dims[3]), u(x.dims[3]), low, high, ids.x,
                      ids.w, ids.bias, ids.y, 0)
                : xnn_define_convolution_2d(
                      graph.get(), rows.before, columns.after, rows.after,
                      columns.before, u(w.dims[1]), u(w.dims[2]), u(o.stride_h),
                      u(o.stride_w), u(o.dilation_h), u(o.dilation_w), 1,
                      u(x.dims[3]), u(w.dims[0]), low, high, ids.x, ids.w,
                      ids.bias, ids.y, 0);
  return status == xnn_status_success ? nullptr
                                      : "XNNPACK refuses the convolution";
}

Refusal DefineFullyConnected(XnnGraph& graph, const SottoDelegateOp& op) {
  Ids ids;
  if (const Refusal r = IdsOf(graph, op, &ids)) return r;
  float low = 0, high = 0;
  if (!ClampOf(op.options->activation, &low, &high)) {
    return "the activation is no clamp";
  }
  if (graph.tensor(op.inputs[1]).num_scales > 1) {
    return "XNNPACK has no per-channel fully connected layer";
  }
  const std::uint32_t flags =
      op.options->keep_dims != 0 ? 0 : XNN_FLAG_TENSORFLOW_RESHAPE_2D;
  return xnn_define_fully_connected(graph.get(), low, high, ids.x, ids.w,
                                    ids.bias, ids.y,
                                    flags) == xnn_status_success
             ? nullptr
             : "XNNPACK refuses the fully connected layer";
}

}  // namespace sotto::runtime::xnnpack
