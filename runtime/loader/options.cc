#include "runtime/loader/options.h"

#include "base/status.h"
#include "runtime/loader/options_family.h"

namespace sotto::runtime {

absl::Status SetActivation(ActivationFunctionType in, Activation& out,
                           bool recurrent) {
  const int number = static_cast<int>(in);
  if (number < 0 || number > static_cast<int>(Activation::kSignBit)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("fused activation is %d, expected 0 to 5", number));
  }
  const auto last = recurrent ? Activation::kTanh : Activation::kRelu6;
  if (number > static_cast<int>(last)) {
    return absl::UnimplementedError(
        absl::StrFormat("fused activation %d has no kernel", number));
  }
  out = static_cast<Activation>(number);
  return absl::OkStatus();
}

absl::Status SetPadding(tflite::Padding in, Options& out) {
  const int number = static_cast<int>(in);
  if (number < 0 || number > 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("padding is %d, expected 0 or 1", number));
  }
  out.padding = static_cast<Padding>(number);
  return absl::OkStatus();
}

absl::Status SetElementType(tflite::TensorType in, ElementType& out) {
  using tflite::TensorType;
  switch (in) {
    case TensorType::FLOAT32:
    case TensorType::FLOAT16:
    case TensorType::INT32:
    case TensorType::UINT8:
    case TensorType::INT64:
    case TensorType::STRING:
    case TensorType::BOOL:
    case TensorType::INT16:
    case TensorType::COMPLEX64:
    case TensorType::INT8:
    case TensorType::FLOAT64:
    case TensorType::UINT64:
    case TensorType::RESOURCE:
    case TensorType::UINT32:
    case TensorType::UINT16:
    case TensorType::INT4:
      out = static_cast<ElementType>(in);
      return absl::OkStatus();
    default:
      break;
  }
  const int number = static_cast<int>(in);
  const std::string name = tflite::EnumNameTensorType(in);
  if (name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("element type %d is none of the format", number));
  }
  return absl::UnimplementedError(absl::StrFormat(
      "element type %d %s has no kernel in this build", number, name));
}

absl::Status MissingTable() {
  return absl::InvalidArgumentError("its option table is missing");
}

absl::Status ReadOptions(const tflite::Operator& in, OpCode code,
                         Options& out) {
  absl::Status status;
  (void)(ReadWindowOptions(in, code, out, status) ||
         ReadRecurrentOptions(in, code, out, status) ||
         ReadShapeOptions(in, code, out, status) ||
         ReadScalarOptions(in, code, out, status));
  return status;
}

WrittenOptions WriteOptions(flatbuffers::FlatBufferBuilder& builder,
                            OpCode code, const Options& o) {
  for (const auto write : {WriteWindowOptions, WriteRecurrentOptions,
                           WriteShapeOptions, WriteScalarOptions}) {
    const WrittenOptions written = write(builder, code, o);
    if (written.type != BuiltinOptions::NONE ||
        written.second_type != tflite::BuiltinOptions2::NONE) {
      return written;
    }
  }
  return {};
}

}  // namespace sotto::runtime
