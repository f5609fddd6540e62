#include <algorithm>

#include "runtime/loader/model_reader.h"
#include "runtime/loader/options.h"

namespace sotto::runtime {
namespace {

constexpr auto kCustom = static_cast<OpCode>(tflite::BuiltinOperator::CUSTOM);
// No operator code of ours; it is missing by definition.
constexpr auto kUnknown = static_cast<OpCode>(-1);

const tflite::OperatorCode* EntryOf(const tflite::Model& file,
                                    const tflite::Operator& in) {
  const auto* codes = file.operator_codes();
  if (codes == nullptr || in.opcode_index() >= codes->size()) return nullptr;
  return codes->Get(in.opcode_index());
}

OpCode CodeOf(const tflite::OperatorCode& entry) {
  // Old files have the narrow field only, new ones the wide one too.
  const auto code = static_cast<OpCode>(
      std::max<std::int32_t>(entry.deprecated_builtin_code(),
                             static_cast<std::int32_t>(entry.builtin_code())));
  if (code == kCustom) {
    OpCode custom = kUnknown;
    if (entry.custom_code() == nullptr ||
        !FindCustom(entry.custom_code()->c_str(), &custom)) {
      return kUnknown;
    }
    return custom;
  }
  // Numbers above the format's are ours, and come from no file.
  return code < OpCode::kDetectionPostProcess ? code : kUnknown;
}

// The name in the format's own list, for what has no kernel.
std::string NameOf(const tflite::OperatorCode& entry) {
  const auto code =
      std::max<std::int32_t>(entry.deprecated_builtin_code(),
                             static_cast<std::int32_t>(entry.builtin_code()));
  std::string name = tflite::EnumNameBuiltinOperator(
      static_cast<tflite::BuiltinOperator>(code));
  if (code == static_cast<std::int32_t>(kCustom)) {
    constexpr std::size_t kMaxName = 100;  // of what may be any text
    const std::string_view custom = entry.custom_code() == nullptr
                                        ? std::string_view()
                                        : entry.custom_code()->string_view();
    name = absl::StrFormat("custom '%s'", custom.substr(0, kMaxName));
  } else if (name.empty()) {
    name = "code " + std::to_string(code);
  }
  return name + " version " + std::to_string(entry.version());
}

// More in one file are not listed.
constexpr std::size_t kMaxMissing = 200;

// DENSIFY and DEQUANTIZE of constants are computed at load.
bool IsFolded(OpCode code) {
  return code == OpCode::kDequantize || code == OpCode::kDensify;
}

bool Empty(const flatbuffers::String* text) {
  return text == nullptr || text->size() == 0;
}

absl::Status ReadVariable(ModelReader& reader, const tflite::Operator& in,
                          Options& out) {
  const auto* table = in.builtin_options_as_VarHandleOptions();
  if (table == nullptr || Empty(table->shared_name())) {
    return Bad("its variable has no name");
  }
  std::string container;
  if (!Empty(table->container())) container = table->container()->str();
  std::string name = table->shared_name()->str();
  SOTTO_RETURN_IF_ERROR(reader.budget.Charge(container.size() + name.size()));
  const auto [at, added] = reader.variables.try_emplace(
      {std::move(container), std::move(name)}, reader.model.num_resources);
  if (added) ++reader.model.num_resources;
  out.resource = at->second;
  return absl::OkStatus();
}

absl::Status ReadCustomOptions(const ModelReader& reader,
                               const tflite::Operator& in, Options& out) {
  if (in.custom_options_format() != tflite::CustomOptionsFormat::FLEXBUFFERS) {
    return Bad("its custom options have format %d, expected 0",
               static_cast<int>(in.custom_options_format()));
  }
  if (const auto* bytes = in.custom_options(); bytes != nullptr) {
    out.custom = {bytes->data(), bytes->size()};
    return absl::OkStatus();
  }
  SOTTO_ASSIGN_OR_RETURN(out.custom,
                         FileBytes(reader, in.large_custom_options_offset(),
                                   in.large_custom_options_size()));
  return absl::OkStatus();
}

// Where the file names no type of the output, the output's own one holds.
void SetOutType(const tflite::Operator& in, const Graph& graph, OpInfo& op) {
  const bool typed = op.code == OpCode::kArgMax || op.code == OpCode::kArgMin ||
                     op.code == OpCode::kShape || op.code == OpCode::kCast;
  const bool named =
      in.builtin_options() != nullptr &&
      (op.code == OpCode::kCast || op.options.out_type != ElementType());
  if (typed && !named && !op.outputs.empty()) {
    op.options.out_type =
        graph.tensors[static_cast<std::size_t>(op.outputs[0])].type;
  }
}

}  // namespace

absl::StatusOr<std::set<std::string>> MissingOperators(
    const ModelReader& reader) {
  std::set<std::string> missing;
  std::set<std::uint32_t> known;  // operator codes looked at
  for (const tflite::SubGraph* graph : *reader.file.subgraphs()) {
    if (graph->operators() == nullptr) continue;
    for (flatbuffers::uoffset_t i = 0; i < graph->operators()->size(); ++i) {
      const tflite::Operator& in = *graph->operators()->Get(i);
      const tflite::OperatorCode* entry = EntryOf(reader.file, in);
      if (entry == nullptr) {
        return Bad("operator %d has no operator code", i);
      }
      if (!known.insert(in.opcode_index()).second) continue;
      const OpCode code = CodeOf(*entry);
      if (HasKernel(code) || IsFolded(code)) continue;
      missing.insert(NameOf(*entry));
      if (missing.size() == kMaxMissing) return missing;
    }
  }
  return missing;
}

absl::StatusOr<std::vector<std::int32_t>> ReadIndices(
    ModelReader& reader, const flatbuffers::Vector<std::int32_t>* in,
    std::size_t num_tensors, bool optional, const std::string& what) {
  std::vector<std::int32_t> out;
  if (in == nullptr) return out;
  SOTTO_RETURN_IF_ERROR(reader.budget.Charge(in->size() * sizeof(out[0])));
  out.reserve(in->size());
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

absl::StatusOr<OpInfo> ReadOperator(ModelReader& reader,
                                    const tflite::Operator& in,
                                    const Graph& graph, int index) {
  const tflite::OperatorCode& entry = *EntryOf(reader.file, in);
  OpInfo out;
  SOTTO_RETURN_IF_ERROR(reader.budget.Charge(sizeof(out)));
  out.code = CodeOf(entry);
  out.version = entry.version();
  const std::string what =
      absl::StrFormat("operator %d %s", index, OpName(out.code));
  const std::size_t num_tensors = graph.tensors.size();
  SOTTO_ASSIGN_OR_RETURN(
      out.inputs,
      ReadIndices(reader, in.inputs(), num_tensors, true, what + " inputs"));
  SOTTO_ASSIGN_OR_RETURN(
      out.outputs,
      ReadIndices(reader, in.outputs(), num_tensors, false, what + " outputs"));
  SOTTO_ASSIGN_OR_RETURN(out.intermediates,
                         ReadIndices(reader, in.intermediates(), num_tensors,
                                     true, what + " intermediates"));
  const auto read = [&]() -> absl::Status {
    SOTTO_RETURN_IF_ERROR(ReadOptions(in, out.code, out.options));
    if (out.code == OpCode::kVarHandle) {
      SOTTO_RETURN_IF_ERROR(ReadVariable(reader, in, out.options));
    }
    if (out.code >= OpCode::kDetectionPostProcess) {
      SOTTO_RETURN_IF_ERROR(ReadCustomOptions(reader, in, out.options));
    }
    return absl::OkStatus();
  };
  SOTTO_RETURN_IF_ERROR(Annotate(read(), what));
  SetOutType(in, graph, out);
  return out;
}

}  // namespace sotto::runtime
