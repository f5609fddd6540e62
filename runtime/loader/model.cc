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

}  // namespace

ByteView Model::Keep(Bytes bytes) {
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
  encoder.U32(static_cast<std::uint32_t>(model.tensors.size()));
  for (const TensorInfo& tensor : model.tensors) {
    encoder.U8(static_cast<std::uint8_t>(tensor.type));
    EncodeShape(encoder, tensor.shape);
    // Constants that are not weights (shapes, axes) are part of the graph.
    const bool weights = tensor.type == ElementType::kFloat32;
    encoder.U8(tensor.is_constant() ? 1 : 0);
    encoder.Octets(weights ? ByteView() : tensor.data);
  }
  encoder.U32(static_cast<std::uint32_t>(model.ops.size()));
  for (const OpInfo& op : model.ops) {
    encoder.U32(static_cast<std::uint32_t>(op.code));
    EncodeIndices(encoder, op.inputs);
    EncodeIndices(encoder, op.outputs);
    EncodeOptions(encoder, op.options);
  }
  EncodeIndices(encoder, model.inputs);
  EncodeIndices(encoder, model.outputs);
  return std::move(encoder).Take();
}

}  // namespace sotto::runtime
