#include "runtime/loader/model_file.h"

#include <algorithm>

#include "base/file.h"
#include "runtime/loader/fold.h"
#include "runtime/loader/mapped_file.h"
#include "runtime/loader/model_reader.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kMaxGraphs = 1024;
constexpr std::size_t kMaxTensors = 1 << 16;  // per graph
// Offsets inside a FlatBuffer have 31 bits; what lies behind them is data.
constexpr std::size_t kMaxFlatBuffer = (std::size_t{1} << 31) - 1;

absl::Status CheckEnvelope(ByteView bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) {
    return Bad("the bytes of the model begin at no multiple of 8");
  }
  flatbuffers::Verifier verifier(
      bytes.data(), std::min(bytes.size(), kMaxFlatBuffer), 64, 1u << 20);
  if (bytes.size() < 8 || !tflite::ModelBufferHasIdentifier(bytes.data()) ||
      !tflite::VerifyModelBuffer(verifier)) {
    return Bad("not a .tflite file, or cut short (%d bytes)",
               static_cast<std::int64_t>(bytes.size()));
  }
  const tflite::Model& file = *tflite::GetModel(bytes.data());
  if (file.version() != 3) {
    return absl::UnimplementedError(absl::StrFormat(
        "schema version is %d, this build reads 3", file.version()));
  }
  const auto* graphs = file.subgraphs();
  if (graphs == nullptr || graphs->size() == 0 || graphs->size() > kMaxGraphs) {
    return Bad("the file has no subgraph, or more than %d",
               static_cast<int>(kMaxGraphs));
  }
  return absl::OkStatus();
}

// Missing operators are told before all else: they are the real reason.
absl::Status CheckOperators(const ModelReader& reader) {
  SOTTO_ASSIGN_OR_RETURN(const std::set<std::string> missing,
                         MissingOperators(reader));
  if (missing.empty()) return absl::OkStatus();
  std::string list;
  for (const std::string& name : missing) {
    list += (list.empty() ? "" : ", ") + name;
  }
  return absl::UnimplementedError("operators without a kernel: " + list);
}

absl::Status ReadGraph(ModelReader& reader, const tflite::SubGraph& in,
                       Graph& out) {
  if (in.tensors() == nullptr || in.tensors()->size() > kMaxTensors) {
    return Bad("the subgraph has no tensors, or more than %d",
               static_cast<int>(kMaxTensors));
  }
  if (in.name() != nullptr) {
    SOTTO_RETURN_IF_ERROR(reader.budget.Charge(in.name()->size()));
    out.name = in.name()->str();
  }
  const std::size_t num_tensors = in.tensors()->size();
  SOTTO_RETURN_IF_ERROR(reader.budget.Charge(num_tensors * sizeof(TensorInfo)));
  out.tensors.reserve(num_tensors);
  for (flatbuffers::uoffset_t i = 0; i < num_tensors; ++i) {
    absl::StatusOr<TensorInfo> tensor =
        ReadTensor(reader, *in.tensors()->Get(i));
    if (!tensor.ok()) {
      return Annotate(tensor.status(), absl::StrFormat("tensor %d", i));
    }
    out.tensors.push_back(*std::move(tensor));
  }
  SOTTO_ASSIGN_OR_RETURN(
      out.inputs,
      ReadIndices(reader, in.inputs(), num_tensors, false, "graph inputs"));
  SOTTO_ASSIGN_OR_RETURN(
      out.outputs,
      ReadIndices(reader, in.outputs(), num_tensors, false, "graph outputs"));
  if (in.operators() != nullptr) {
    for (flatbuffers::uoffset_t i = 0; i < in.operators()->size(); ++i) {
      SOTTO_ASSIGN_OR_RETURN(OpInfo op,
                             ReadOperator(reader, *in.operators()->Get(i), out,
                                          static_cast<int>(i)));
      out.ops.push_back(std::move(op));
    }
  }
  SOTTO_RETURN_IF_ERROR(CheckGraph(out));
  return FoldDensify(out);
}

absl::Status ReadGraphs(ModelReader& reader) {
  const auto& graphs = *reader.file.subgraphs();
  reader.model.others.resize(graphs.size() - 1);
  for (flatbuffers::uoffset_t i = 0; i < graphs.size(); ++i) {
    Graph& out = i == 0 ? reader.model : reader.model.others[i - 1];
    const absl::Status status = ReadGraph(reader, *graphs.Get(i), out);
    if (!status.ok()) {
      // One graph is the usual case and needs no name.
      return graphs.size() == 1
                 ? status
                 : Annotate(status, absl::StrFormat("subgraph %d", i));
    }
  }
  return CheckCalls(reader.model);
}

// What was to be folded and was not, since its input is computed.
absl::Status CheckUnfolded(const Model& model) {
  for (std::size_t i = 0; i < model.num_graphs(); ++i) {
    for (const OpInfo& op : model.graph(i).ops) {
      if (HasKernel(op.code)) continue;
      return absl::UnimplementedError(absl::StrFormat(
          "operators without a kernel: %s version %d, of a computed tensor",
          OpName(op.code), op.version));
    }
  }
  return absl::OkStatus();
}

absl::Status Read(ModelReader& reader, const LoadOptions& options) {
  SOTTO_RETURN_IF_ERROR(CheckOperators(reader));
  SOTTO_RETURN_IF_ERROR(ReadGraphs(reader));
  if (reader.file.description() != nullptr) {
    reader.model.description = reader.file.description()->str();
  }
  SOTTO_RETURN_IF_ERROR(ReadSignatures(reader));
  SOTTO_RETURN_IF_ERROR(ReadMetadata(reader));
  if (options.fold_weights_to_f32) {
    SOTTO_RETURN_IF_ERROR(FoldDequantize(reader.model, reader.budget));
    SOTTO_RETURN_IF_ERROR(FoldHybridWeights(reader.model, reader.budget));
  }
  return CheckUnfolded(reader.model);
}

}  // namespace

absl::StatusOr<Model> ParseModel(std::shared_ptr<const void> owner,
                                 ByteView bytes, const LoadOptions& options) {
  SOTTO_RETURN_IF_ERROR(CheckEnvelope(bytes));
  Model model;
  model.file_bytes = bytes.size();
  model.storage.push_back(std::move(owner));
  ModelReader reader{.bytes = bytes,
                     .file = *tflite::GetModel(bytes.data()),
                     .model = model,
                     .budget = LoadBudget(bytes.size())};
  SOTTO_RETURN_IF_ERROR(Read(reader, options));
  return model;
}

absl::StatusOr<Model> ParseModel(Bytes bytes, const LoadOptions& options) {
  const auto kept = std::make_shared<const Bytes>(std::move(bytes));
  return ParseModel(kept, *kept, options);
}

absl::StatusOr<Model> LoadModel(const std::string& path,
                                const LoadOptions& options) {
  absl::StatusOr<MappedFile> file = MapFile(path);
  if (absl::IsFailedPrecondition(file.status())) {
    // A pipe or a folder: read it, or say why not.
    SOTTO_ASSIGN_OR_RETURN(Bytes bytes, ReadFile(path));
    absl::StatusOr<Model> model = ParseModel(std::move(bytes), options);
    if (!model.ok()) return Annotate(model.status(), path);
    return model;
  }
  if (!file.ok()) return file.status();
  absl::StatusOr<Model> model = ParseModel(file->owner, file->bytes, options);
  if (!model.ok()) return Annotate(model.status(), path);
  model->mapped = file->bytes;
  return model;
}

}  // namespace sotto::runtime
