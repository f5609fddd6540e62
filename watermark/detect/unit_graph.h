// The weighted layers of a model and the groups of units (channels) that tie
// them: a group can be permuted, and for positively homogeneous activations
// rescaled, without changing the function.
//
// A layer's weights are seen as [out][taps][in], whatever its operator; a
// depthwise layer as [taps][channels]. Element k of an activation belongs to
// unit k mod units of its group, which holds through pooling and flattening.

#ifndef SOTTO_WATERMARK_DETECT_UNIT_GRAPH_H_
#define SOTTO_WATERMARK_DETECT_UNIT_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/loader/model.h"

namespace sotto::watermark {

struct UnitLayer {
  runtime::OpCode code = runtime::OpCode::kConv2D;
  std::int32_t weights = runtime::kAbsent;  // tensor indices
  std::int32_t bias = runtime::kAbsent;
  std::size_t out = 0, taps = 0, in = 0;
  std::size_t in_group = 0, out_group = 0;  // equal for depthwise
  bool depthwise() const { return code == runtime::OpCode::kDepthwiseConv2D; }
  bool operator==(const UnitLayer&) const = default;
};

struct UnitGroup {
  std::size_t units = 0;
  bool fixed = false;       // must stay in order: inputs, outputs, unknown ops
  bool homogeneous = true;  // f(c x) = c f(x) for c > 0 on every path
  std::vector<std::size_t> producers, consumers, depthwise;  // layers
};

struct UnitGraph {
  std::vector<UnitLayer> layers;  // in execution order
  std::vector<UnitGroup> groups;
};

// INVALID_ARGUMENT: no convolution or fully connected layer with constant
// weights.
absl::StatusOr<UnitGraph> BuildUnitGraph(const runtime::Model& model);

// One layer's numbers in the layout above; what is not finite reads as 0.
struct LayerValues {
  std::vector<float> weights, bias;
};
std::vector<LayerValues> ReadLayers(const runtime::Model& model,
                                    const UnitGraph& graph);

// Position in LayerValues::weights.
inline std::size_t WeightIndex(const UnitLayer& layer, std::size_t out,
                               std::size_t tap, std::size_t in) {
  return layer.depthwise() ? tap * layer.out + out
                           : (out * layer.taps + tap) * layer.in + in;
}

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_DETECT_UNIT_GRAPH_H_
