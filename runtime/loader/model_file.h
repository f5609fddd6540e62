// The trust boundary of the runtime: bytes of a .tflite file to a Model.
//
// The verifier is total: what passes can be planned and run without undefined
// behaviour. Time and memory are bounded by a multiple of the file's size.
//
// Sparse and 4-bit constants are expanded (4-bit ones to int8), and DENSIFY of
// constants vanishes. All else stays as stored, unless f32 weights are asked
// for. Strings may occur in the file but not in what runs.

#ifndef SOTTO_RUNTIME_LOADER_MODEL_FILE_H_
#define SOTTO_RUNTIME_LOADER_MODEL_FILE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "runtime/loader/model.h"

namespace sotto::runtime {

struct LoadOptions {
  // DEQUANTIZE of constants, and int8 weights beside f32 activations, become
  // f32 constants: what training and watermarks change. False: as stored, for
  // inference.
  bool fold_weights_to_f32 = true;
};

// INVALID_ARGUMENT: not a .tflite file, or an object in it is inconsistent; the
// message names the object, what it has and what it needs.
// UNIMPLEMENTED: a valid file with operators, types or features that this build
// lacks; the message lists the operators.
absl::StatusOr<Model> ParseModel(Bytes bytes, const LoadOptions& options = {});

// The same from bytes that stay where they are, for example in locked memory;
// the model keeps `owner`, which must keep them alive and unchanged. They begin
// at a multiple of 8 bytes (INVALID_ARGUMENT otherwise). Constants that are
// expanded, or that lie in the file at no multiple of their element's size, are
// copied to ordinary memory.
absl::StatusOr<Model> ParseModel(std::shared_ptr<const void> owner,
                                 ByteView bytes, const LoadOptions& options);

// Errors of ReadFile too. Every message starts with the path. The file is
// mapped: weights are used where they lie (see MapFile for what must not happen
// to the file meanwhile).
absl::StatusOr<Model> LoadModel(const std::string& path,
                                const LoadOptions& options = {});

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_MODEL_FILE_H_
