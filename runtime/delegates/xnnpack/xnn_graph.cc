#include "runtime/delegates/xnnpack/xnn_graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "runtime/kernels/op_code.h"

namespace sotto::runtime::xnnpack {
namespace {

constexpr std::uint32_t kNone = XNN_INVALID_VALUE_ID;

// XNNPACK's name of a tensor's type; invalid for what it has not.
xnn_datatype TypeOf(const SottoDelegateTensor& t) {
  const bool channelwise = t.num_scales > 1;
  switch (t.type) {
    case 0:
      return xnn_datatype_fp32;
    case 9:
      return channelwise ? xnn_datatype_qcint8 : xnn_datatype_qint8;
    case 3:
      return channelwise ? xnn_datatype_invalid : xnn_datatype_quint8;
    case 2:
      return channelwise ? xnn_datatype_qcint32 : xnn_datatype_qint32;
    default:
      return xnn_datatype_invalid;
  }
}

}  // namespace

bool ClampOf(std::int32_t activation, float* low, float* high) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr std::array<std::array<float, 2>, 4> kRanges = {
      {{-kInfinity, kInfinity},
       {0.0f, kInfinity},
       {-1.0f, 1.0f},
       {0.0f, 6.0f}}};
  if (activation < 0 || activation >= 4) return false;
  *low = kRanges[static_cast<std::size_t>(activation)][0];
  *high = kRanges[static_cast<std::size_t>(activation)][1];
  return true;
}

Padding PaddingOf(std::int32_t in, std::int32_t out, std::int32_t filter,
                  std::int32_t stride, std::int32_t dilation, bool valid) {
  if (valid) return {0, 0};
  const std::int64_t reach = std::int64_t{stride} * (out - 1) +
                             std::int64_t{dilation} * (filter - 1) + 1;
  const std::int64_t total = std::max<std::int64_t>(0, reach - in);
  return {static_cast<std::uint32_t>(total / 2),
          static_cast<std::uint32_t>(total - total / 2)};
}

XnnGraph::XnnGraph(const SottoDelegateTensor* tensors, std::int32_t num_tensors,
                   std::uint32_t num_external)
    : tensors_(tensors), ids_(static_cast<std::size_t>(num_tensors), kNone) {
  if (xnn_create_subgraph(num_external, 0, &graph_) != xnn_status_success) {
    graph_ = nullptr;
  }
}

XnnGraph::~XnnGraph() {
  if (graph_ != nullptr) xnn_delete_subgraph(graph_);
}

Refusal XnnGraph::SetExternal(std::int32_t index, std::uint32_t number,
                              std::uint32_t flags) {
  const SottoDelegateTensor& t = tensors_[index];
  std::array<std::size_t, SOTTO_DELEGATE_MAX_RANK> dims = {};
  for (std::int32_t i = 0; i < t.rank; ++i) {
    dims[static_cast<std::size_t>(i)] = static_cast<std::size_t>(t.dims[i]);
  }
  const auto rank = static_cast<std::size_t>(t.rank);
  const xnn_datatype type = TypeOf(t);
  if (graph_ == nullptr) return "XNNPACK is out of memory";
  if (type == xnn_datatype_invalid) return "the type is not XNNPACK's";
  std::uint32_t id = kNone;
  xnn_status status;
  if (type == xnn_datatype_fp32) {
    status = xnn_define_tensor_value(graph_, type, rank, dims.data(), t.data,
                                     number, flags, &id);
  } else if (t.num_scales == 1) {
    status = xnn_define_quantized_tensor_value(graph_, type, t.zero_point,
                                               t.scales[0], rank, dims.data(),
                                               t.data, number, flags, &id);
  } else if (t.num_scales > 1) {
    status = xnn_define_channelwise_quantized_tensor_value(
        graph_, type, t.scales, rank,
        static_cast<std::size_t>(t.quantized_dimension), dims.data(), t.data,
        number, flags, &id);
  } else {
    return "an integer tensor has no scale";
  }
  if (status != xnn_status_success) return "XNNPACK refuses a tensor";
  ids_[static_cast<std::size_t>(index)] = id;
  return nullptr;
}

Refusal XnnGraph::Value(std::int32_t index, std::uint32_t* id) {
  *id = kNone;
  if (index < 0) return nullptr;
  if (ids_[static_cast<std::size_t>(index)] == kNone) {
    if (const Refusal refusal = SetExternal(index, kNone, 0)) return refusal;
  }
  *id = ids_[static_cast<std::size_t>(index)];
  return nullptr;
}

Refusal XnnGraph::Add(const SottoDelegateOp& op) {
  switch (static_cast<OpCode>(op.code)) {
    case OpCode::kConv2D:
    case OpCode::kDepthwiseConv2D:
      return DefineConvolution(*this, op);
    case OpCode::kFullyConnected:
      return DefineFullyConnected(*this, op);
    case OpCode::kAveragePool2D:
    case OpCode::kMaxPool2D:
    case OpCode::kMean:
      return DefinePool(*this, op);
    case OpCode::kReshape:
    case OpCode::kSqueeze:
    case OpCode::kExpandDims:
    case OpCode::kPad:
    case OpCode::kResizeBilinear:
      return DefineShape(*this, op);
    default:
      return DefineElementwise(*this, op);
  }
}

}  // namespace sotto::runtime::xnnpack
