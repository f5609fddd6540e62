// One XNNPACK subgraph under construction: tensors of a delegate part become
// values, its operators nodes.

#ifndef SOTTO_RUNTIME_DELEGATES_XNNPACK_XNN_GRAPH_H_
#define SOTTO_RUNTIME_DELEGATES_XNNPACK_XNN_GRAPH_H_

#include <xnnpack.h>

#include <cstdint>
#include <vector>

#include "runtime/delegates/sotto_delegate.h"

namespace sotto::runtime::xnnpack {

// Why an operator is refused; null when it is not.
using Refusal = const char*;

class XnnGraph {
 public:
  // `tensors` outlives the graph. `num_external` values have the numbers
  // [0, num_external).
  XnnGraph(const SottoDelegateTensor* tensors, std::int32_t num_tensors,
           std::uint32_t num_external);
  XnnGraph(const XnnGraph&) = delete;
  XnnGraph& operator=(const XnnGraph&) = delete;
  ~XnnGraph();

  // Makes `tensor` the external value `number`.
  Refusal SetExternal(std::int32_t tensor, std::uint32_t number,
                      std::uint32_t flags);
  Refusal Add(const SottoDelegateOp& op);

  xnn_subgraph_t get() const { return graph_; }
  const SottoDelegateTensor& tensor(std::int32_t index) const {
    return tensors_[index];
  }
  // The value of a tensor, made when first asked for; XNN_INVALID_VALUE_ID for
  // an absent one. `axis` >= 0: channel-wise along it.
  Refusal Value(std::int32_t tensor, std::uint32_t* id);

 private:
  const SottoDelegateTensor* tensors_;
  std::vector<std::uint32_t> ids_;
  xnn_subgraph_t graph_ = nullptr;
};

// Defines one operator (xnn_convolution.cc, xnn_operator.cc).
Refusal DefineConvolution(XnnGraph& graph, const SottoDelegateOp& op);
Refusal DefineFullyConnected(XnnGraph& graph, const SottoDelegateOp& op);
Refusal DefinePool(XnnGraph& graph, const SottoDelegateOp& op);
Refusal DefineElementwise(XnnGraph& graph, const SottoDelegateOp& op);
Refusal DefineShape(XnnGraph& graph, const SottoDelegateOp& op);

// Range of a fused activation; false for what is no clamp.
bool ClampOf(std::int32_t activation, float* low, float* high);
// SAME or VALID padding along one axis.
struct Padding {
  std::uint32_t before, after;
};
Padding PaddingOf(std::int32_t in, std::int32_t out, std::int32_t filter,
                  std::int32_t stride, std::int32_t dilation, bool valid);

inline bool IsFloat(const SottoDelegateTensor& t) { return t.type == 0; }
inline bool IsQuantized(const SottoDelegateTensor& t) {
  return (t.type == 3 || t.type == 9) && t.num_scales == 1;
}

}  // namespace sotto::runtime::xnnpack

#endif  // SOTTO_RUNTIME_DELEGATES_XNNPACK_XNN_GRAPH_H_
