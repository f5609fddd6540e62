// A model in memory: what a checked .tflite file says, or what is to be
// written.
//
// Constants are views into bytes that the model keeps alive; copies of a model
// share them. The model itself is its main graph, subgraph 0 of the file; the
// others are what control flow calls.

#ifndef SOTTO_RUNTIME_LOADER_MODEL_H_
#define SOTTO_RUNTIME_LOADER_MODEL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "runtime/core/kernel.h"
#include "runtime/core/tensor.h"
#include "runtime/kernels/registry.h"

namespace sotto::runtime {

// Scales: none, one, or one per slice of `dimension`; as many zero points.
struct Quantization {
  std::vector<float> scale;
  std::vector<std::int64_t> zero_point;
  std::int32_t dimension = 0;
};

struct TensorInfo {
  std::string name;
  ElementType type = ElementType::kFloat32;
  Shape shape;
  Quantization quantization;
  ByteView data;             // null: computed at run time
  bool is_variable = false;  // keeps its value between invocations
  // Without elements, a constant has no bytes, yet a pointer.
  bool is_constant() const { return data.data() != nullptr; }
};

inline constexpr std::int32_t kAbsent = -1;  // an optional input left out

struct OpInfo {
  OpCode code = OpCode::kAdd;
  std::int32_t version = 1;
  std::vector<std::int32_t> inputs;  // tensor indices or kAbsent
  std::vector<std::int32_t> outputs;
  Options options;
  std::vector<std::int32_t> intermediates = {};  // integer LSTM: tensor indices
};

struct Graph {
  std::string name;
  std::vector<TensorInfo> tensors;
  std::vector<OpInfo> ops;  // in execution order
  std::vector<std::int32_t> inputs, outputs;
};

// A named way to call a graph: names of inputs and outputs to tensor indices.
struct Signature {
  std::string key;
  std::int32_t subgraph = 0;
  std::vector<std::pair<std::string, std::int32_t>> inputs, outputs;
};

struct Model : Graph {
  std::vector<Graph> others;  // subgraphs 1, 2, ... of the file
  std::vector<Signature> signatures;
  std::int32_t num_resources = 0;  // resource variables, numbered from 0
  std::string description;
  // Named metadata of the file, for example "TFLITE_METADATA".
  std::vector<std::pair<std::string, ByteView>> metadata;
  // What the constants' views point into.
  std::vector<std::shared_ptr<const void>> storage;
  ByteView mapped;  // the file, where it is mapped; pages can be given back
  std::size_t file_bytes = 0;  // size of the file it came from

  std::size_t num_graphs() const { return 1 + others.size(); }
  const Graph& graph(std::size_t number) const {
    return number == 0 ? *this : others[number - 1];
  }

  // Keeps `bytes` alive and returns the view of them.
  ByteView Keep(Bytes bytes);
  // Values of a constant f32 tensor; empty for others.
  std::span<const float> Floats(std::int32_t tensor) const;
  // Indices of the constant f32 tensors that ops read, in op order, each once:
  // the weights, in the order of plans and checkpoints.
  std::vector<std::int32_t> WeightTensors() const;
};

// Makes the f32 constant `tensor` hold a copy of `values` (same count,
// asserted).
void SetFloats(Model& model, std::int32_t tensor,
               std::span<const float> values);

// All weights in WeightTensors order, end to end.
std::vector<float> FlatWeights(const Model& model);
// INVALID_ARGUMENT: another count than FlatWeights has.
absl::Status SetFlatWeights(Model& model, std::span<const float> values);

// Graph, shapes, types and options without names or constants' values; what a
// plan pins by SHA-256 (docs/formats/architecture_hash.md). Equal for equal
// architectures, whatever the weights.
Bytes ArchitectureBytes(const Model& model);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_MODEL_H_
