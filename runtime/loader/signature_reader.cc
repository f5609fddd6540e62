// What a file says beside its graphs: signatures and named metadata.

#include "runtime/loader/model_reader.h"

namespace sotto::runtime {
namespace {

using Names = std::vector<std::pair<std::string, std::int32_t>>;
using TensorMaps = flatbuffers::Vector<flatbuffers::Offset<tflite::TensorMap>>;

absl::StatusOr<std::string> Text(ModelReader& reader,
                                 const flatbuffers::String* in) {
  if (in == nullptr) return std::string();
  SOTTO_RETURN_IF_ERROR(reader.budget.Charge(in->size()));
  return in->str();
}

// `border`: the inputs or the outputs of the graph.
absl::StatusOr<Names> NamesOf(ModelReader& reader, const TensorMaps* in,
                              const std::vector<std::int32_t>& border) {
  Names out;
  if (in == nullptr) return out;
  const std::set<std::int32_t> known(border.begin(), border.end());
  SOTTO_RETURN_IF_ERROR(reader.budget.Charge(in->size() * sizeof(out[0])));
  for (const tflite::TensorMap* entry : *in) {
    const auto index = static_cast<std::int32_t>(entry->tensor_index());
    SOTTO_ASSIGN_OR_RETURN(std::string name, Text(reader, entry->name()));
    if (!known.contains(index)) {
      return Bad("'%s' is tensor %d, which is not at the graph's border", name,
                 index);
    }
    out.emplace_back(std::move(name), index);
  }
  return out;
}

}  // namespace

absl::Status ReadSignatures(ModelReader& reader) {
  if (reader.file.signature_defs() == nullptr) return absl::OkStatus();
  for (const tflite::SignatureDef* in : *reader.file.signature_defs()) {
    Signature out;
    SOTTO_RETURN_IF_ERROR(reader.budget.Charge(sizeof(out)));
    SOTTO_ASSIGN_OR_RETURN(out.key, Text(reader, in->signature_key()));
    const std::string what = "signature '" + out.key + "'";
    if (in->subgraph_index() >= reader.model.num_graphs()) {
      return Bad("%s: subgraph %d does not exist", what, in->subgraph_index());
    }
    out.subgraph = static_cast<std::int32_t>(in->subgraph_index());
    const Graph& graph = reader.model.graph(in->subgraph_index());
    absl::StatusOr<Names> names = NamesOf(reader, in->inputs(), graph.inputs);
    if (!names.ok()) return Annotate(names.status(), what + " inputs");
    out.inputs = *std::move(names);
    names = NamesOf(reader, in->outputs(), graph.outputs);
    if (!names.ok()) return Annotate(names.status(), what + " outputs");
    out.outputs = *std::move(names);
    reader.model.signatures.push_back(std::move(out));
  }
  return absl::OkStatus();
}

absl::Status ReadMetadata(ModelReader& reader) {
  if (reader.file.metadata() == nullptr) return absl::OkStatus();
  for (const tflite::Metadata* in : *reader.file.metadata()) {
    SOTTO_ASSIGN_OR_RETURN(std::string name, Text(reader, in->name()));
    SOTTO_RETURN_IF_ERROR(
        reader.budget.Charge(sizeof(reader.model.metadata[0])));
    const absl::StatusOr<ByteView> bytes = BufferBytes(reader, in->buffer());
    if (!bytes.ok()) {
      return Annotate(bytes.status(), "metadata '" + name + "'");
    }
    reader.model.metadata.emplace_back(std::move(name), *bytes);
  }
  return absl::OkStatus();
}

}  // namespace sotto::runtime
