// New weights of the carrier back into the bytes of the file they came from.

#ifndef SOTTO_WATERMARK_EMBED_MARKED_FILE_H_
#define SOTTO_WATERMARK_EMBED_MARKED_FILE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "watermark/embed/carrier.h"

namespace sotto::watermark {

// `file` with the carrier's weight tensors replaced by those in `layers`, every
// other byte kept. INVALID_ARGUMENT: the file does not store them as f32.
absl::StatusOr<Bytes> WithWeights(ByteView file, const UnitGraph& graph,
                                  const Carrier& carrier,
                                  const std::vector<LayerValues>& layers);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_EMBED_MARKED_FILE_H_
