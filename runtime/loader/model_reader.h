// One pass over a verified FlatBuffer: what the parts of the loader share.
// Internal to the loader.

#ifndef SOTTO_RUNTIME_LOADER_MODEL_READER_H_
#define SOTTO_RUNTIME_LOADER_MODEL_READER_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "proto/model/tflite_generated.h"
#include "runtime/loader/load_budget.h"
#include "runtime/loader/model.h"

namespace sotto::runtime {

struct ModelReader {
  ByteView bytes;  // the whole file
  const tflite::Model& file;
  Model& model;
  LoadBudget budget;
  // Container and name of each resource variable to its number.
  std::map<std::pair<std::string, std::string>, std::int32_t> variables = {};
};

template <typename... Args>
absl::Status Bad(const absl::FormatSpec<Args...>& format, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrFormat(format, args...));
}

// The bytes of buffer `number`, inside the FlatBuffer or behind it; empty where
// it has none. INVALID_ARGUMENT: there is no such buffer, or it ends outside
// the file.
absl::StatusOr<ByteView> BufferBytes(const ModelReader& reader,
                                     std::uint32_t number);
// The part of the file that large files describe by numbers; empty for an
// offset below 2.
absl::StatusOr<ByteView> FileBytes(const ModelReader& reader,
                                   std::uint64_t offset, std::uint64_t size);

// Tensor `index` of a subgraph; messages do not name it.
absl::StatusOr<TensorInfo> ReadTensor(ModelReader& reader,
                                      const tflite::Tensor& in);

// Names of the operators in all subgraphs that no kernel serves.
absl::StatusOr<std::set<std::string>> MissingOperators(
    const ModelReader& reader);
// An operator of `graph`, whose tensors are read already. `what` begins its
// messages.
absl::StatusOr<OpInfo> ReadOperator(ModelReader& reader,
                                    const tflite::Operator& in,
                                    const Graph& graph, int index);
absl::StatusOr<std::vector<std::int32_t>> ReadIndices(
    ModelReader& reader, const flatbuffers::Vector<std::int32_t>* in,
    std::size_t num_tensors, bool optional, const std::string& what);

// Signatures and metadata.
absl::Status ReadSignatures(ModelReader& reader);
absl::Status ReadMetadata(ModelReader& reader);

// Each tensor is written once, before it is read, and never over a constant; a
// tensor without elements that nobody writes becomes a constant. Strings and
// packed types are used by nobody.
absl::Status CheckGraph(Graph& graph);
// Subgraphs that operators call exist and never lead back to their caller.
absl::Status CheckCalls(const Model& model);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_MODEL_READER_H_
