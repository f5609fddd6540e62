// How the inputs of a model are to be prepared and its outputs to be read, as
// its file says under "TFLITE_METADATA".

#ifndef SOTTO_RUNTIME_SUPPORT_MODEL_METADATA_H_
#define SOTTO_RUNTIME_SUPPORT_MODEL_METADATA_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "runtime/loader/model.h"

namespace sotto::runtime {

struct TensorMetadata {
  std::string name, description;
  // (value - mean) / stddev; as many of both, one or one per channel; none: not
  // said. Finite, stddev not 0.
  std::vector<float> mean, stddev;
  std::optional<float> score_threshold;  // results below it do not count
  // Files of the archive with a line per class.
  std::vector<std::string> label_files;
  bool is_image = false;
};

struct ModelMetadata {
  std::string name, description, version, author, license;
  // Of the main graph, in order.
  std::vector<TensorMetadata> inputs, outputs;
};

// INVALID_ARGUMENT: no metadata of this format, or numbers out of range.
absl::StatusOr<ModelMetadata> ParseMetadata(ByteView bytes);

// The entry of a loaded model. NOT_FOUND: it has none.
absl::StatusOr<ModelMetadata> ReadMetadata(const Model& model);

// Lines of `text`; a last empty one does not count, ends may be those of
// Windows. At most 2^20.
std::vector<std::string> SplitLines(ByteView text);

// The labels in the archive of `file`, which is all bytes of a .tflite file.
// Empty: `tensor` names none. Errors of the archive.
absl::StatusOr<std::vector<std::string>> ReadLabels(
    ByteView file, const TensorMetadata& tensor);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_SUPPORT_MODEL_METADATA_H_
