#include "runtime/loader/model_file.h"

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/status.h"
#include "flatbuffers/flatbuffers.h"
#include "proto/model/tflite_generated.h"
#include "runtime/loader/fold.h"
#include "runtime/loader/options.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kMaxTensors = 1 << 16;
constexpr std::size_t kMaxElements = std::size_t{1} << 29;

template <typename... Args>
absl::Status Bad(const absl::FormatSpec<Args...>& format, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrFormat(format, args...));
}

absl::StatusOr<ElementType> TypeOf(tflite::TensorType type, int index) {
  switch (type) {
    case tflite::TensorType::FLOAT32:
      return ElementType::kFloat32;
    case tflite::TensorType::FLOAT16:
      return ElementType::kFloat16;
    case tflite::TensorType::INT32:
      return ElementType::kInt32;
    case tflite::TensorType::UINT8:
      return ElementType::kUint8;
    case tflite::TensorType::INT64:
      return ElementType::kInt64;
    case tflite::TensorType::BOOL:
      return ElementType::kBool;
    case tflite::TensorType::INT16:
      return ElementType::kInt16;
    case tflite::TensorType::INT8:
      return ElementType::kInt8;
    default:
      return absl::UnimplementedError(absl::StrFormat(
          "tensor %d: element type %d has no kernel in this build", index,
          static_cast<int>(type)));
  }
}

absl::StatusOr<Shape> ShapeOf(const flatbuffers::Vector<std::int32_t>* dims,
                              int index) {
  Shape shape;
  if (dims == nullptr) return shape;
  if (dims->size() > Shape::kMaxRank) {
    return absl::UnimplementedError(
        absl::StrFormat("tensor %d: rank %d is above 6", index,
                        static_cast<int>(dims->size())));
  }
  shape.rank = dims->size();
  std::size_t elements = 1;
  for (std::size_t i = 0; i < shape.rank; ++i) {
    const std::int32_t dim = dims->Get(static_cast<flatbuffers::uoffset_t>(i));
    if (dim < 1 || static_cast<std::size_t>(dim) > kMaxElements / elements) {
      return Bad("tensor %d: dimension %d is %d, or the shape is too large",
                 index, static_cast<int>(i), dim);
    }
    elements *= static_cast<std::size_t>(dim);
    shape.dims[i] = dim;
  }
  return shape;
}

absl::StatusOr<Quantization> QuantizationOf(
    const tflite::QuantizationParameters* in, int index) {
  Quantization out;
  if (in == nullptr || in->scale() == nullptr || in->scale()->size() == 0) {
    return out;
  }
  out.scale.assign(in->scale()->begin(), in->scale()->end());
  if (in->zero_point() != nullptr) {
    out.zero_point.assign(in->zero_point()->begin(), in->zero_point()->end());
  }
  out.dimension = in->quantized_dimension();
  if (out.zero_point.empty()) out.zero_point.assign(out.scale.size(), 0);
  if (out.zero_point.size() != out.scale.size()) {
    return Bad("tensor %d: %d scales but %d zero points", index,
               static_cast<int>(out.scale.size()),
               static_cast<int>(out.zero_point.size()));
  }
  // The widest range of any quantised type, so that differences do not
  // overflow.
  for (const std::int64_t zero : out.zero_point) {
    if (zero < INT32_MIN || zero > INT32_MAX) {
      return Bad("tensor %d: a zero point is out of range", index);
    }
  }
  return out;
}

absl::StatusOr<TensorInfo> TensorOf(const tflite::Model& file,
                                    const tflite::Tensor* in, int index) {
  if (in == nullptr) return Bad("tensor %d is missing", index);
  TensorInfo out;
  if (in->name() != nullptr) out.name = in->name()->str();
  if (in->is_variable() || in->sparsity() != nullptr) {
    return absl::UnimplementedError(absl::StrFormat(
        "tensor %d '%s': variable and sparse tensors are not supported", index,
        out.name));
  }
  SOTTO_ASSIGN_OR_RETURN(out.type, TypeOf(in->type(), index));
  SOTTO_ASSIGN_OR_RETURN(out.shape, ShapeOf(in->shape(), index));
  SOTTO_ASSIGN_OR_RETURN(out.quantization,
                         QuantizationOf(in->quantization(), index));
  const auto* buffers = file.buffers();
  if (in->buffer() >= (buffers == nullptr ? 0 : buffers->size())) {
    return Bad("tensor %d '%s': buffer %d does not exist", index, out.name,
               in->buffer());
  }
  const tflite::Buffer* buffer = buffers->Get(in->buffer());
  if (buffer != nullptr && buffer->data() != nullptr &&
      buffer->data()->size() > 0) {
    const std::size_t want = out.shape.Elements() * ElementBytes(out.type);
    if (buffer->data()->size() != want) {
      return Bad("tensor %d '%s': its buffer has %d bytes, its shape needs %d",
                 index, out.name, static_cast<int>(buffer->data()->size()),
                 static_cast<std::int64_t>(want));
    }
    // Verified vectors begin at multiples of four bytes, and the bytes of a
    // Model at those of operator new: f32 and int32 are read in place.
    out.data = {buffer->data()->data(), buffer->data()->size()};
  }
  return out;
}

absl::StatusOr<std::vector<std::int32_t>> IndicesOf(
    const flatbuffers::Vector<std::int32_t>* in, std::size_t num_tensors,
    bool optional, const std::string& what) {
  std::vector<std::int32_t> out;
  if (in == nullptr) return out;
  for (const std::int32_t index : *in) {
    const bool absent = optional && index == kAbsent;
    if (!absent &&
        (index < 0 || static_cast<std::size_t>(index) >= num_tensors)) {
      return Bad("%s: tensor index %d is outside [0, %d)", what, index,
                 static_cast<int>(num_tensors));
    }
    out.push_back(index);
  }
  return out;
}

// The name in the format's own list, for what has no kernel.
std::string NameOf(const tflite::OperatorCode& entry, OpCode code) {
  if (code == static_cast<OpCode>(tflite::BuiltinOperator::CUSTOM)) {
    return "custom '" +
           (entry.custom_code() == nullptr ? "" : entry.custom_code()->str()) +
           "'";
  }
  const std::string name = tflite::EnumNameBuiltinOperator(
      static_cast<tflite::BuiltinOperator>(code));
  return name.empty() ? "code " + std::to_string(static_cast<int>(code)) : name;
}

absl::StatusOr<OpInfo> OpOf(const tflite::Model& file,
                            const tflite::Operator* in, std::size_t num_tensors,
                            int index, std::set<std::string>& missing) {
  const auto* codes = file.operator_codes();
  if (in == nullptr || codes == nullptr ||
      in->opcode_index() >= codes->size() ||
      codes->Get(in->opcode_index()) == nullptr) {
    return Bad("operator %d has no operator code", index);
  }
  const tflite::OperatorCode& code = *codes->Get(in->opcode_index());
  OpInfo out;
  // Old files have the narrow field only, new ones the wide one too.
  out.code = static_cast<OpCode>(
      std::max<std::int32_t>(code.deprecated_builtin_code(),
                             static_cast<std::int32_t>(code.builtin_code())));
  out.version = code.version();
  const bool folded = out.code == OpCode::kDequantize;
  if (!HasKernel(out.code) && !folded) {
    missing.insert(NameOf(code, out.code));
  }
  const std::string what =
      absl::StrFormat("operator %d %s", index, OpName(out.code));
  SOTTO_ASSIGN_OR_RETURN(
      out.inputs, IndicesOf(in->inputs(), num_tensors, true, what + " inputs"));
  SOTTO_ASSIGN_OR_RETURN(out.outputs, IndicesOf(in->outputs(), num_tensors,
                                                false, what + " outputs"));
  SOTTO_RETURN_IF_ERROR(
      Annotate(ReadOptions(*in, out.code, out.options), what));
  return out;
}

// Each tensor is written once, before it is read, and never over a constant.
absl::Status CheckOrder(const Model& model) {
  std::vector<bool> ready(model.tensors.size());
  for (std::size_t i = 0; i < ready.size(); ++i) {
    ready[i] = model.tensors[i].is_constant();
  }
  for (const std::int32_t input : model.inputs) {
    const auto i = static_cast<std::size_t>(input);
    if (ready[i]) return Bad("graph input %d is a constant or repeated", input);
    ready[i] = true;
  }
  for (std::size_t number = 0; number < model.ops.size(); ++number) {
    const OpInfo& op = model.ops[number];
    for (const std::int32_t input : op.inputs) {
      if (input != kAbsent && !ready[static_cast<std::size_t>(input)]) {
        return Bad("operator %d %s reads tensor %d before it is written",
                   static_cast<int>(number), OpName(op.code), input);
      }
    }
    for (const std::int32_t output : op.outputs) {
      if (ready[static_cast<std::size_t>(output)]) {
        return Bad("operator %d %s writes tensor %d, which has a value already",
                   static_cast<int>(number), OpName(op.code), output);
      }
      ready[static_cast<std::size_t>(output)] = true;
    }
  }
  for (const std::int32_t output : model.outputs) {
    if (!ready[static_cast<std::size_t>(output)]) {
      return Bad("graph output %d is never written", output);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Model> ParseModel(Bytes bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), 64, 1u << 20);
  if (bytes.size() < 8 || !tflite::ModelBufferHasIdentifier(bytes.data()) ||
      !tflite::VerifyModelBuffer(verifier)) {
    return Bad("not a .tflite file, or cut short (%d bytes)",
               static_cast<std::int64_t>(bytes.size()));
  }
  Model model;
  model.file_bytes = bytes.size();
  const ByteView kept = model.Keep(std::move(bytes));
  const tflite::Model& file = *tflite::GetModel(kept.data());
  if (file.version() != 3) {
    return absl::UnimplementedError(absl::StrFormat(
        "schema version is %d, this build reads 3", file.version()));
  }
  if (file.subgraphs() == nullptr || file.subgraphs()->size() == 0 ||
      file.subgraphs()->Get(0) == nullptr) {
    return Bad("the file has no subgraph");
  }
  if (file.subgraphs()->size() > 1) {
    return absl::UnimplementedError(
        absl::StrFormat("the file has %d subgraphs, this build runs one",
                        static_cast<int>(file.subgraphs()->size())));
  }
  if (file.description() != nullptr) {
    model.description = file.description()->str();
  }
  const tflite::SubGraph& graph = *file.subgraphs()->Get(0);
  if (graph.tensors() == nullptr || graph.tensors()->size() > kMaxTensors) {
    return Bad("the subgraph has no tensors, or more than %d",
               static_cast<int>(kMaxTensors));
  }
  // Missing operators are told before missing types: they are the real reason.
  std::set<std::string> missing;
  const std::size_t num_tensors = graph.tensors()->size();
  if (graph.operators() != nullptr) {
    for (flatbuffers::uoffset_t i = 0; i < graph.operators()->size(); ++i) {
      SOTTO_ASSIGN_OR_RETURN(OpInfo op,
                             OpOf(file, graph.operators()->Get(i), num_tensors,
                                  static_cast<int>(i), missing));
      model.ops.push_back(std::move(op));
    }
  }
  if (!missing.empty()) {
    std::string list;
    for (const std::string& name : missing) {
      list += (list.empty() ? "" : ", ") + name;
    }
    return absl::UnimplementedError("operators without a kernel: " + list);
  }
  for (flatbuffers::uoffset_t i = 0; i < num_tensors; ++i) {
    SOTTO_ASSIGN_OR_RETURN(
        TensorInfo tensor,
        TensorOf(file, graph.tensors()->Get(i), static_cast<int>(i)));
    model.tensors.push_back(std::move(tensor));
  }
  SOTTO_ASSIGN_OR_RETURN(model.inputs, IndicesOf(graph.inputs(), num_tensors,
                                                 false, "graph inputs"));
  SOTTO_ASSIGN_OR_RETURN(model.outputs, IndicesOf(graph.outputs(), num_tensors,
                                                  false, "graph outputs"));
  SOTTO_RETURN_IF_ERROR(CheckOrder(model));
  SOTTO_RETURN_IF_ERROR(FoldDequantize(model));
  SOTTO_RETURN_IF_ERROR(FoldHybridWeights(model));
  return model;
}

absl::StatusOr<Model> LoadModel(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(Bytes bytes, ReadFile(path));
  absl::StatusOr<Model> model = ParseModel(std::move(bytes));
  if (!model.ok()) return Annotate(model.status(), path);
  return model;
}

}  // namespace sotto::runtime
