#include "watermark/embed/marked_file.h"

#include <cstring>

#include "base/status.h"
#include "runtime/loader/model_patch.h"

namespace sotto::watermark {

absl::StatusOr<Bytes> WithWeights(ByteView file, const UnitGraph& graph,
                                  const Carrier& carrier,
                                  const std::vector<LayerValues>& layers) {
  runtime::Replacements replacements;
  for (const CarrierLayer& part : carrier.layers) {
    const std::vector<float>& weights = layers[part.layer].weights;
    Bytes bytes(weights.size() * sizeof(float));
    std::memcpy(bytes.data(), weights.data(), bytes.size());
    replacements[graph.layers[part.layer].weights] = std::move(bytes);
  }
  absl::StatusOr<Bytes> marked = runtime::ReplaceConstants(file, replacements);
  if (!marked.ok()) {
    return Annotate(marked.status(), "a mark needs weights stored as f32");
  }
  return marked;
}

}  // namespace sotto::watermark
