// The trust boundary of the runtime: bytes of a .tflite file to a Model.
//
// The verifier is total: what passes can be planned and run without undefined
// behaviour. DEQUANTIZE of constants (f16 or int8 weights) is folded, so all
// weights of a loaded model are f32.

#ifndef SOTTO_RUNTIME_LOADER_MODEL_FILE_H_
#define SOTTO_RUNTIME_LOADER_MODEL_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "runtime/loader/model.h"

namespace sotto::runtime {

// INVALID_ARGUMENT: not a .tflite file, or an object in it is inconsistent; the
// message names the object, what it has and what it needs.
// UNIMPLEMENTED: a valid file with operators, types or features that this build
// lacks; the message lists the operators.
absl::StatusOr<Model> ParseModel(Bytes bytes);
// Errors of ReadFile too. Every message starts with the path.
absl::StatusOr<Model> LoadModel(const std::string& path);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_MODEL_FILE_H_
