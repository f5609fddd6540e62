#include "runtime/loader/model.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "base/codec.h"
#include "base/status.h"

namespace sotto::runtime {
namespace {

void EncodeIndices(Encoder& encoder, const std::vector<std::int32_t>& list) {
  encoder.U32(static_cast<std::uint32_t>(list.size()));
  for (const std::int32_t index : list) {
    encoder.U32(static_cast<std::uint32_t>(index));
  }
}

void EncodeShape(Encoder& encoder, const Shape& shape) {
  encoder.U32(static_cast<std::uint32_t>(shape.rank));
  for (std::size_t i = 0; i < shape.rank; ++i) {
    encoder.U32(static_cast<std::uint32_t>(shape[i]));
  }
}

void EncodeOptions(Encoder& encoder, const Options& o) {
  encoder.U8(static_cast<std::uint8_t>(o.padding))
      .U8(static_cast<std::uint8_t>(o.activation));
  for (const std::int32_t value :
       {o.stride_w, o.stride_h, o.dilation_w, o.dilation_h, o.filter_w,
        o.filter_h, o.depth_multiplier, o.axis}) {
    encoder.U32(static_cast<std::uint32_t>(value));
  }
  encoder.U32(std::bit_cast<std::uint32_t>(o.beta));
  encoder.U8(o.has_new_shape ? 1 : 0).U8(o.keep_dims ? 1 : 0);
  EncodeShape(encoder, o.new_shape);
}

// What the first version of the encoding had no place for: each field that is
// not at its default, by number, in order of numbers.
class MoreOptions {
 public:
  explicit MoreOptions(const Options& o) {
    const Options d;
    Add(1, o.stride_d, d.stride_d);
    Add(2, o.dilation_d, d.dilation_d);
    Add(3, std::bit_cast<std::uint32_t>(o.alpha), 0);
    Add(4, o.batch_dims, 0);
    Add(5, o.count, 0);
    Add(6, o.block_size, 0);
    Add(7, o.rank, 0);
    Add(8, o.begin_mask, 0);
    Add(9, o.end_mask, 0);
    Add(10, o.ellipsis_mask, 0);
    Add(11, o.new_axis_mask, 0);
    Add(12, o.shrink_axis_mask, 0);
    Add(13, o.end_is_offset, 0);
    Add(14, o.align_corners, 0);
    Add(15, o.half_pixel_centers, 0);
    Add(16, o.approximate, 0);
    Add(17, o.exclusive, 0);
    Add(18, o.reverse, 0);
    Add(19, o.symmetric, 0);
    Add(20, o.transpose_a, 0);
    Add(21, o.transpose_b, 0);
    Add(22, o.out_type != d.out_type ? 1 + static_cast<int>(o.out_type) : 0, 0);
    Add(23, std::bit_cast<std::uint32_t>(o.cell_clip), 0);
    Add(24, std::bit_cast<std::uint32_t>(o.projection_clip), 0);
    Add(25, o.time_major, 0);
    Add(26, o.basic_cell, 0);
    Add(27, o.merge_outputs, 0);
    Add(28, o.subgraph_a, d.subgraph_a);
    Add(29, o.subgraph_b, d.subgraph_b);
    Add(30, o.resource, d.resource);
    custom_ = o.custom;
  }

  bool empty() const { return fields_.empty() && custom_.empty(); }
  void Encode(Encoder& encoder) const {
    encoder.U32(static_cast<std::uint32_t>(fields_.size()));
    for (const auto& [number, value] : fields_) {
      encoder.U8(number).U32(value);
    }
    encoder.Octets(custom_);
  }

 private:
  template <typename T, typename U>
  void Add(std::uint8_t number, T value, U by_default) {
    if (static_cast<std::uint32_t>(value) !=
        static_cast<std::uint32_t>(by_default)) {
      fields_.emplace_back(number, static_cast<std::uint32_t>(value));
    }
  }

  std::vector<std::pair<std::uint8_t, std::uint32_t>> fields_;
  ByteView custom_;
};

void EncodeTensors(Encoder& encoder, const Graph& graph) {
  encoder.U32(static_cast<std::uint32_t>(graph.tensors.size()));
  for (const TensorInfo& tensor : graph.tensors) {
    encoder.U8(static_cast<std::uint8_t>(tensor.type));
    EncodeShape(encoder, tensor.shape);
    // Constants that are not weights (shapes, axes) are part of the graph.
    const bool weights = tensor.type == ElementType::kFloat32;
    encoder.U8(tensor.is_constant() ? 1 : 0);
    encoder.Octets(weights ? ByteView() : tensor.data);
  }
}

void EncodeGraph(Encoder& encoder, const Graph& graph) {
  EncodeTensors(encoder, graph);
  encoder.U32(static_cast<std::uint32_t>(graph.ops.size()));
  for (const OpInfo& op : graph.ops) {
    encoder.U32(static_cast<std::uint32_t>(op.code));
    EncodeIndices(encoder, op.inputs);
    EncodeIndices(encoder, op.outputs);
    EncodeOptions(encoder, op.options);
  }
  EncodeIndices(encoder, graph.inputs);
  EncodeIndices(encoder, graph.outputs);
}

bool HasMore(const OpInfo& op) {
  return !MoreOptions(op.options).empty() || !op.intermediates.empty();
}

// For each tensor and operator that has more to say, what it is.
void EncodeMore(Encoder& encoder, const Graph& graph) {
  std::vector<std::int32_t> variables;
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    if (graph.tensors[i].is_variable) {
      variables.push_back(static_cast<std::int32_t>(i));
    }
  }
  EncodeIndices(encoder, variables);
  std::vector<std::int32_t> places;
  for (std::size_t i = 0; i < graph.ops.size(); ++i) {
    if (HasMore(graph.ops[i])) places.push_back(static_cast<std::int32_t>(i));
  }
  EncodeIndices(encoder, places);
  for (const std::int32_t place : places) {
    const OpInfo& op = graph.ops[static_cast<std::size_t>(place)];
    MoreOptions(op.options).Encode(encoder);
    EncodeIndices(encoder, op.intermediates);
  }
}

bool HasMore(const Model& model) {
  if (!model.others.empty()) return true;
  for (const TensorInfo& tensor : model.tensors) {
    if (tensor.is_variable) return true;
  }
  return std::ranges::any_of(model.ops,
                             [](const OpInfo& op) { return HasMore(op); });
}

}  // namespace

ByteView Model::Keep(Bytes bytes) {
  bytes.reserve(1);  // a constant has a pointer even when it has no elements
  auto kept = std::make_shared<const Bytes>(std::move(bytes));
  const ByteView view = *kept;
  storage.push_back(std::move(kept));
  return view;
}

std::span<const float> Model::Floats(std::int32_t tensor) const {
  const TensorInfo& info = tensors[static_cast<std::size_t>(tensor)];
  if (info.type != ElementType::kFloat32 || !info.is_constant()) return {};
  return {reinterpret_cast<const float*>(info.data.data()),
          info.data.size() / sizeof(float)};
}

std::vector<std::int32_t> Model::WeightTensors() const {
  std::vector<std::int32_t> found;
  for (const OpInfo& op : ops) {
    for (const std::int32_t input : op.inputs) {
      if (input == kAbsent || Floats(input).empty()) continue;
      if (std::ranges::find(found, input) == found.end()) {
        found.push_back(input);
      }
    }
  }
  return found;
}

void SetFloats(Model& model, std::int32_t tensor,
               std::span<const float> values) {
  assert(model.Floats(tensor).size() == values.size());
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  model.tensors[static_cast<std::size_t>(tensor)].data =
      model.Keep(std::move(bytes));
}

std::vector<float> FlatWeights(const Model& model) {
  std::vector<float> flat;
  for (const std::int32_t tensor : model.WeightTensors()) {
    const auto values = model.Floats(tensor);
    flat.insert(flat.end(), values.begin(), values.end());
  }
  return flat;
}

absl::Status SetFlatWeights(Model& model, std::span<const float> values) {
  const std::vector<std::int32_t> order = model.WeightTensors();
  std::size_t total = 0;
  for (const std::int32_t tensor : order) total += model.Floats(tensor).size();
  if (values.size() != total) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d weights are given, the model has %d",
                        static_cast<std::int64_t>(values.size()),
                        static_cast<std::int64_t>(total)));
  }
  for (const std::int32_t tensor : order) {
    const std::size_t size = model.Floats(tensor).size();
    SetFloats(model, tensor, values.first(size));
    values = values.subspan(size);
  }
  return absl::OkStatus();
}

Bytes ArchitectureBytes(const Model& model) {
  Encoder encoder("sotto/architecture/v1");
  EncodeGraph(encoder, model);
  // Hashes of networks that the first version could tell apart stay.
  if (!HasMore(model)) return std::move(encoder).Take();
  encoder.U32(static_cast<std::uint32_t>(model.num_graphs()));
  EncodeMore(encoder, model);
  for (const Graph& graph : model.others) {
    EncodeGraph(encoder, graph);
    EncodeMore(encoder, graph);
  }
  return std::move(encoder).Take();
}

}  // namespace sotto::runtime
