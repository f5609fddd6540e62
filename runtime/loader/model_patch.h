// New values for constants inside the bytes of a .tflite file. Everything else
// of the file, also what this runtime does not read, stays as it is.

#ifndef SOTTO_RUNTIME_LOADER_MODEL_PATCH_H_
#define SOTTO_RUNTIME_LOADER_MODEL_PATCH_H_

#include <cstdint>
#include <map>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto::runtime {

// Tensor index in the file's subgraph to the bytes that its buffer shall hold.
using Replacements = std::map<std::int32_t, Bytes>;

// The errors of ParseModel for `file`. INVALID_ARGUMENT also: a tensor that is
// absent, computed, of another length, or that shares its buffer with a tensor
// that gets other bytes; the message names the tensor.
absl::StatusOr<Bytes> ReplaceConstants(ByteView file,
                                       const Replacements& replacements);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_MODEL_PATCH_H_
