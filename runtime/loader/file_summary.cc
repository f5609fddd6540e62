#include "runtime/loader/file_summary.h"

#include <algorithm>
#include <map>

#include "base/status.h"
#include "proto/model/tflite_generated.h"
#include "runtime/kernels/registry.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxListed = 1 << 12;  // of each list of the summary
constexpr std::size_t kMaxRank = 16;

std::string Text(const flatbuffers::String* text) {
  if (text == nullptr) return {};
  return text->str().substr(0, kMaxName);
}

FileSummary::Operator Describe(const tflite::OperatorCode& entry) {
  FileSummary::Operator op;
  op.version = entry.version();
  const std::int32_t number =
      std::max<std::int32_t>(entry.deprecated_builtin_code(),
                             static_cast<std::int32_t>(entry.builtin_code()));
  auto code = static_cast<OpCode>(number);
  if (number == static_cast<std::int32_t>(tflite::BuiltinOperator::CUSTOM)) {
    op.name = "custom '" + Text(entry.custom_code()) + "'";
    op.missing = entry.custom_code() == nullptr ||
                 !FindCustom(entry.custom_code()->c_str(), &code);
    return op;
  }
  op.name = tflite::EnumNameBuiltinOperator(
      static_cast<tflite::BuiltinOperator>(number));
  if (op.name.empty()) op.name = "code " + std::to_string(number);
  // Numbers from there on are our own; DENSIFY of constants is for the loader.
  op.missing = code >= OpCode::kDetectionPostProcess ||
               (!HasKernel(code) && code != OpCode::kDensify);
  return op;
}

FileSummary::Tensor Describe(const tflite::Tensor& in) {
  FileSummary::Tensor out;
  out.name = Text(in.name());
  out.type = tflite::EnumNameTensorType(in.type());
  if (in.shape() != nullptr) {
    const std::size_t rank =
        std::min<std::size_t>(in.shape()->size(), kMaxRank);
    out.shape.assign(in.shape()->begin(),
                     in.shape()->begin() + static_cast<std::ptrdiff_t>(rank));
  }
  return out;
}

std::vector<FileSummary::Tensor> Describe(
    const tflite::SubGraph& graph,
    const flatbuffers::Vector<std::int32_t>* indices) {
  std::vector<FileSummary::Tensor> list;
  if (indices == nullptr || graph.tensors() == nullptr) return list;
  for (const std::int32_t index : *indices) {
    if (index < 0 ||
        static_cast<std::size_t>(index) >= graph.tensors()->size() ||
        list.size() == kMaxListed) {
      continue;
    }
    list.push_back(Describe(
        *graph.tensors()->Get(static_cast<flatbuffers::uoffset_t>(index))));
  }
  return list;
}

// Uses of each operator code.
std::map<std::uint32_t, std::size_t> CountUses(const tflite::Model& file) {
  std::map<std::uint32_t, std::size_t> uses;
  for (const tflite::SubGraph* graph : *file.subgraphs()) {
    if (graph->operators() == nullptr) continue;
    for (const tflite::Operator* op : *graph->operators()) {
      ++uses[op->opcode_index()];
    }
  }
  return uses;
}

void AddOperators(const tflite::Model& file, FileSummary& summary) {
  if (file.operator_codes() == nullptr) return;
  std::map<std::pair<std::string, std::int32_t>, FileSummary::Operator> sorted;
  for (const auto& [index, count] : CountUses(file)) {
    if (index >= file.operator_codes()->size()) continue;
    FileSummary::Operator op = Describe(*file.operator_codes()->Get(index));
    FileSummary::Operator& kept =
        sorted.try_emplace({op.name, op.version}, op).first->second;
    kept.count += count;
    if (sorted.size() == kMaxListed) break;
  }
  for (auto& [key, op] : sorted) summary.operators.push_back(std::move(op));
}

void AddGraphs(const tflite::Model& file, FileSummary& summary) {
  for (const tflite::SubGraph* in : *file.subgraphs()) {
    if (summary.graphs.size() == kMaxListed) return;
    FileSummary::Graph out;
    out.name = Text(in->name());
    if (in->tensors() != nullptr) out.num_tensors = in->tensors()->size();
    if (in->operators() != nullptr) out.num_operators = in->operators()->size();
    out.inputs = Describe(*in, in->inputs());
    out.outputs = Describe(*in, in->outputs());
    summary.graphs.push_back(std::move(out));
  }
}

}  // namespace

std::vector<std::string> FileSummary::Missing() const {
  std::vector<std::string> names;
  for (const Operator& op : operators) {
    if (op.missing) {
      names.push_back(op.name + " version " + std::to_string(op.version));
    }
  }
  return names;
}

absl::StatusOr<FileSummary> SummarizeFile(ByteView bytes) {
  constexpr std::size_t kMaxFlatBuffer = (std::size_t{1} << 31) - 1;
  flatbuffers::Verifier verifier(
      bytes.data(), std::min(bytes.size(), kMaxFlatBuffer), 64, 1u << 20);
  if (bytes.size() < 8 || !tflite::ModelBufferHasIdentifier(bytes.data()) ||
      !tflite::VerifyModelBuffer(verifier)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("not a .tflite file, or cut short (%d bytes)",
                        static_cast<std::int64_t>(bytes.size())));
  }
  const tflite::Model& file = *tflite::GetModel(bytes.data());
  FileSummary summary;
  summary.description = Text(file.description());
  if (file.subgraphs() == nullptr) return summary;
  AddOperators(file, summary);
  AddGraphs(file, summary);
  if (file.signature_defs() != nullptr) {
    for (const auto* signature : *file.signature_defs()) {
      if (summary.signatures.size() == kMaxListed) break;
      summary.signatures.push_back(Text(signature->signature_key()));
    }
  }
  if (file.metadata() != nullptr) {
    for (const auto* entry : *file.metadata()) {
      if (summary.metadata.size() == kMaxListed) break;
      summary.metadata.push_back(Text(entry->name()));
    }
  }
  return summary;
}

}  // namespace sotto::runtime
