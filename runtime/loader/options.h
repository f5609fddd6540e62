// The option tables of the operators, read and written.

#ifndef SOTTO_RUNTIME_LOADER_OPTIONS_H_
#define SOTTO_RUNTIME_LOADER_OPTIONS_H_

#include "absl/status/status.h"
#include "proto/model/tflite_generated.h"
#include "runtime/kernels/registry.h"

namespace sotto::runtime {

// INVALID_ARGUMENT: the table of `code` is missing, or an enum is out of range.
// UNIMPLEMENTED: an activation or weights format without a kernel.
absl::Status ReadOptions(const tflite::Operator& in, OpCode code, Options& out);

struct WrittenOptions {
  tflite::BuiltinOptions type = tflite::BuiltinOptions::NONE;
  flatbuffers::Offset<void> table;
};
WrittenOptions WriteOptions(flatbuffers::FlatBufferBuilder& builder,
                            OpCode code, const Options& options);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_OPTIONS_H_
