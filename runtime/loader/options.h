// The option tables of the operators, read and written. One file per family of
// operators; options.cc asks them in turn.

#ifndef SOTTO_RUNTIME_LOADER_OPTIONS_H_
#define SOTTO_RUNTIME_LOADER_OPTIONS_H_

#include "absl/status/status.h"
#include "proto/model/tflite_generated.h"
#include "runtime/kernels/registry.h"

namespace sotto::runtime {

// Everything but VAR_HANDLE's number, custom options and what depends on the
// operator's tensors. A table that is left out means its defaults, except where
// these cannot be run (a stride of 0).
//
// INVALID_ARGUMENT: the table of `code` is missing, or an enum is out of range.
// UNIMPLEMENTED: an activation, weights format or feature without a kernel.
absl::Status ReadOptions(const tflite::Operator& in, OpCode code, Options& out);

struct WrittenOptions {
  tflite::BuiltinOptions type = tflite::BuiltinOptions::NONE;
  flatbuffers::Offset<void> table = 0;
  // The composite's, in the second union.
  tflite::BuiltinOptions2 second_type = tflite::BuiltinOptions2::NONE;
  flatbuffers::Offset<void> second_table = 0;
};
WrittenOptions WriteOptions(flatbuffers::FlatBufferBuilder& builder,
                            OpCode code, const Options& options);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_OPTIONS_H_
