#include "runtime/host/macs.h"

namespace sotto::runtime {

std::uint64_t CountMacs(const Node& node) {
  const auto elements = [](const Tensor* t) -> std::uint64_t {
    return t == nullptr ? 0 : t->shape.Elements();
  };
  const auto weighted = [&](const Tensor* result, const Tensor* w,
                            std::size_t filters) -> std::uint64_t {
    if (w == nullptr || filters >= w->shape.rank || w->shape[filters] == 0) {
      return 0;
    }
    // Each output element reads one filter.
    return elements(result) *
           (elements(w) / static_cast<std::uint64_t>(w->shape[filters]));
  };
  const auto& in = node.inputs;
  if (in.size() < 2 || node.outputs.empty()) return 0;
  switch (node.code) {
    case OpCode::kConv2D:
    case OpCode::kConv2DAdd:
    case OpCode::kFullyConnected:
      return weighted(node.outputs[0], in[1], 0);
    case OpCode::kDepthwiseConv2D:
      return weighted(node.outputs[0], in[1], 3);
    case OpCode::kConv3D:
      return weighted(node.outputs[0], in[1], 4);
    case OpCode::kDepthwisePointwise:
      return weighted(node.intermediates[0], in[1], 3) +
             weighted(node.outputs[0], in[3], 0);
    case OpCode::kTransposeConv:
      // Each input element is spread over one filter.
      return in.size() < 3 ? 0 : weighted(in[2], in[1], 3);
    case OpCode::kBatchMatmul: {
      const Shape& a = in[0]->shape;
      if (a.rank < 2) return 0;
      const auto depth =
          a[node.op.options.transpose_a ? a.rank - 2 : a.rank - 1];
      return elements(node.outputs[0]) * static_cast<std::uint64_t>(depth);
    }
    default:
      return 0;
  }
}

}  // namespace sotto::runtime
