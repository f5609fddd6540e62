// A model as C++ sources for a microcontroller: its bytes, the arena that it
// needs and the registry of the kernels that it needs, no others.

#ifndef SOTTO_RUNTIME_MICRO_EXPORT_EXPORT_H_
#define SOTTO_RUNTIME_MICRO_EXPORT_EXPORT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto::runtime {

struct MicroExport {
  std::string header, source;  // of NAME.h and NAME.cc
  // Measured by preparing the model here, with pointers of this machine: a
  // 32-bit target needs less.
  std::size_t arena_bytes = 0;
  std::vector<std::string> kernels;  // their names in C++
};

// `name` is a C++ identifier: the namespace, and the files' name.
// INVALID_ARGUMENT: no identifier, or no .tflite file that the micro profile
// accepts; the message names the operator. UNIMPLEMENTED: operators or types
// that the micro profile lacks; the message lists the operators.
absl::StatusOr<MicroExport> ExportMicroModel(ByteView file,
                                             const std::string& name);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_MICRO_EXPORT_EXPORT_H_
