// A picture to its labels, in one call: what stands between a file of the
// world's image classifiers and an app.
//
//   Classifier::Create(model, file bytes, options) → Classify(image)*
//
// The picture is cropped and resized to the model's input, normalised, brought
// to the input's type by its scale, and the outputs are read back by theirs.
// Normalisation, labels and the least score come from the file's metadata;
// options replace them. Without both, the input's values lie in [-1, 1] (mean
// and deviation 127.5) and labels are the class numbers.
//
// Not thread-safe. The model is borrowed and must outlive the classifier.

#ifndef SOTTO_RUNTIME_SUPPORT_CLASSIFIER_H_
#define SOTTO_RUNTIME_SUPPORT_CLASSIFIER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "runtime/host/interpreter.h"
#include "runtime/support/image.h"

namespace sotto::runtime {

struct ClassifierOptions {
  InterpreterOptions interpreter = {};
  // One or three, as many of both; empty: those of the metadata.
  std::vector<float> mean = {}, stddev = {};
  // Empty: those of the metadata. As many as classes; one more, when the model
  // lacks the first (background) class; or one less, when the list does.
  std::vector<std::string> labels = {};
  std::optional<float> score_threshold = {};  // nothing: that of the metadata
  bool center_crop = false;  // false: the picture is stretched to the input
  std::size_t top = 5;       // results at most
};

struct LabelScore {
  std::size_t class_index = 0;
  std::string label;
  float score = 0;
};

class Classifier {
 public:
  // `file` is all bytes of the model's file, for its labels; empty: the model
  // keeps them itself (LoadModel maps them), or there are none.
  // INVALID_ARGUMENT: the model has not one image as input (1 x height x width
  // x 3) and one row of scores as first output, or the options do not fit.
  // Errors of Interpreter::Create and of damaged metadata.
  static absl::StatusOr<Classifier> Create(const Model& model, ByteView file,
                                           ClassifierOptions options);

  // Best first. Errors of Invoke; INVALID_ARGUMENT: an empty image.
  absl::StatusOr<std::vector<LabelScore>> Classify(const Image& image);

  std::size_t num_classes() const { return num_classes_; }

 private:
  explicit Classifier(Interpreter interpreter)
      : interpreter_(std::move(interpreter)) {}
  absl::Status CheckTensors();
  absl::Status ReadFileMetadata(ByteView file);
  absl::Status FitLabels();

  Interpreter interpreter_;
  ClassifierOptions options_;
  std::size_t num_classes_ = 0;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_SUPPORT_CLASSIFIER_H_
