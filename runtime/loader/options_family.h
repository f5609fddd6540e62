// What the families of option tables share, and their entry points. Internal to
// the loader.

#ifndef SOTTO_RUNTIME_LOADER_OPTIONS_FAMILY_H_
#define SOTTO_RUNTIME_LOADER_OPTIONS_FAMILY_H_

#include "runtime/loader/options.h"

namespace sotto::runtime {

using tflite::ActivationFunctionType;
using tflite::BuiltinOptions;

// INVALID_ARGUMENT: no number of the format. UNIMPLEMENTED: no kernel fuses it;
// tanh is for recurrent operators only.
absl::Status SetActivation(ActivationFunctionType in, Activation& out,
                           bool recurrent = false);
absl::Status SetPadding(tflite::Padding in, Options& out);
// INVALID_ARGUMENT: no type of the format. UNIMPLEMENTED: one that Sotto has
// not.
absl::Status SetElementType(tflite::TensorType in, ElementType& out);
// INVALID_ARGUMENT: the table is needed.
absl::Status MissingTable();

inline ActivationFunctionType ToFormat(Activation activation) {
  return static_cast<ActivationFunctionType>(activation);
}
inline tflite::Padding ToFormat(Padding padding) {
  return static_cast<tflite::Padding>(padding);
}
inline tflite::TensorType ToFormat(ElementType type) {
  return static_cast<tflite::TensorType>(type);
}

// False: `code` is of another family.
bool ReadWindowOptions(const tflite::Operator& in, OpCode code, Options& out,
                       absl::Status& status);
bool ReadRecurrentOptions(const tflite::Operator& in, OpCode code, Options& out,
                          absl::Status& status);
bool ReadShapeOptions(const tflite::Operator& in, OpCode code, Options& out,
                      absl::Status& status);
bool ReadScalarOptions(const tflite::Operator& in, OpCode code, Options& out,
                       absl::Status& status);

// Type NONE: `code` is of another family, or needs no table.
WrittenOptions WriteWindowOptions(flatbuffers::FlatBufferBuilder& builder,
                                  OpCode code, const Options& o);
WrittenOptions WriteRecurrentOptions(flatbuffers::FlatBufferBuilder& builder,
                                     OpCode code, const Options& o);
WrittenOptions WriteShapeOptions(flatbuffers::FlatBufferBuilder& builder,
                                 OpCode code, const Options& o);
WrittenOptions WriteScalarOptions(flatbuffers::FlatBufferBuilder& builder,
                                  OpCode code, const Options& o);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_OPTIONS_FAMILY_H_
