#include "runtime/loader/model_writer.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "flatbuffers/flatbuffers.h"
#include "proto/model/tflite_generated.h"
#include "runtime/loader/options.h"

namespace sotto::runtime {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

std::vector<std::int32_t> DimsOf(const Shape& shape) {
  return {shape.dims.begin(),
          shape.dims.begin() + static_cast<std::ptrdiff_t>(shape.rank)};
}

Offset<tflite::QuantizationParameters> WriteQuantization(
    FlatBufferBuilder& builder, const Quantization& q) {
  if (q.scale.empty()) return 0;
  return tflite::CreateQuantizationParametersDirect(
      builder, nullptr, nullptr, &q.scale, &q.zero_point,
      tflite::QuantizationDetails::NONE, 0, q.dimension);
}

// Slices of the quantised dimension, and how many elements apart they lie.
struct Slices {
  std::size_t count, inner;
};

Slices SlicesOf(const Shape& shape, std::size_t dimension) {
  std::size_t inner = 1;
  for (std::size_t i = dimension + 1; i < shape.rank; ++i) {
    inner *= static_cast<std::size_t>(shape[i]);
  }
  return {static_cast<std::size_t>(shape[dimension]), inner};
}

TensorInfo Quantize(Model& model, const TensorInfo& in,
                    std::span<const float> values, std::size_t dimension,
                    int levels) {
  TensorInfo out;
  out.name = in.name + "/int8";
  out.type = ElementType::kInt8;
  out.shape = in.shape;
  out.quantization.dimension = static_cast<std::int32_t>(dimension);
  const Slices slices = SlicesOf(in.shape, dimension);
  std::vector<float> high(slices.count, 0.0f);
  const auto slice_of = [&](std::size_t i) {
    return i / slices.inner % slices.count;
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    high[slice_of(i)] = std::max(high[slice_of(i)], std::fabs(values[i]));
  }
  for (const float h : high) {
    out.quantization.scale.push_back(h > 0 ? h / static_cast<float>(levels)
                                           : 1.0f);
    out.quantization.zero_point.push_back(0);
  }
  Bytes data(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float scaled = values[i] / out.quantization.scale[slice_of(i)];
    const int rounded =
        std::clamp(static_cast<int>(std::lrintf(scaled)), -levels, levels);
    data[i] = static_cast<std::uint8_t>(static_cast<std::int8_t>(rounded));
  }
  out.data = model.Keep(std::move(data));
  return out;
}

// Everything that a file is made of, as it grows.
class Writer {
 public:
  explicit Writer(const Model& model) : model_(model) {
    buffers_.push_back(
        tflite::CreateBuffer(builder_));  // 0: no data, by convention
  }

  Bytes Write() && {
    std::vector<Offset<tflite::SubGraph>> graphs;
    for (std::size_t i = 0; i < model_.num_graphs(); ++i) {
      graphs.push_back(WriteGraph(model_.graph(i), i));
    }
    const auto metadata = WriteMetadata();
    const auto signatures = WriteSignatures();
    builder_.Finish(
        tflite::CreateModelDirect(
            builder_, 3, &codes_, &graphs, model_.description.c_str(),
            &buffers_, nullptr, metadata.empty() ? nullptr : &metadata,
            signatures.empty() ? nullptr : &signatures),
        tflite::ModelIdentifier());
    return {builder_.GetBufferPointer(),
            builder_.GetBufferPointer() + builder_.GetSize()};
  }

 private:
  using Names = std::vector<std::pair<std::string, std::int32_t>>;

  std::uint32_t WriteBuffer(ByteView data) {
    if (data.empty()) return 0;
    builder_.ForceVectorAlignment(data.size(), 1, 16);
    const auto bytes = builder_.CreateVector(data.data(), data.size());
    buffers_.push_back(tflite::CreateBuffer(builder_, bytes));
    return static_cast<std::uint32_t>(buffers_.size()) - 1;
  }

  Offset<tflite::Tensor> WriteTensor(const TensorInfo& tensor) {
    const std::uint32_t buffer = WriteBuffer(tensor.data);
    const std::vector<std::int32_t> dims = DimsOf(tensor.shape);
    const auto quantization = WriteQuantization(builder_, tensor.quantization);
    return tflite::CreateTensorDirect(
        builder_, &dims, static_cast<tflite::TensorType>(tensor.type), buffer,
        tensor.name.c_str(), quantization, tensor.is_variable);
  }

  std::uint32_t WriteCode(const OpInfo& op) {
    const auto [at, added] = code_index_.try_emplace(
        {op.code, op.version}, static_cast<std::uint32_t>(codes_.size()));
    if (!added) return at->second;
    const bool custom = op.code >= OpCode::kDetectionPostProcess;
    const auto number =
        custom ? static_cast<std::int32_t>(tflite::BuiltinOperator::CUSTOM)
               : static_cast<std::int32_t>(op.code);
    codes_.push_back(tflite::CreateOperatorCodeDirect(
        builder_, static_cast<std::int8_t>(std::min(number, 127)),
        custom ? OpName(op.code) : nullptr, op.version,
        static_cast<tflite::BuiltinOperator>(number)));
    return at->second;
  }

  Offset<tflite::Operator> WriteOperator(const OpInfo& op) {
    const std::uint32_t code = WriteCode(op);
    const WrittenOptions options = WriteOptions(builder_, op.code, op.options);
    const std::vector<std::uint8_t> custom(op.options.custom.begin(),
                                           op.options.custom.end());
    const bool has_custom =
        op.code >= OpCode::kDetectionPostProcess && !custom.empty();
    return tflite::CreateOperatorDirect(
        builder_, code, &op.inputs, &op.outputs, options.type, options.table,
        has_custom ? &custom : nullptr,
        tflite::CustomOptionsFormat::FLEXBUFFERS, nullptr,
        op.intermediates.empty() ? nullptr : &op.intermediates, 0, 0,
        options.second_type, options.second_table);
  }

  Offset<tflite::SubGraph> WriteGraph(const Graph& graph, std::size_t number) {
    std::vector<Offset<tflite::Tensor>> tensors;
    for (const TensorInfo& tensor : graph.tensors) {
      tensors.push_back(WriteTensor(tensor));
    }
    std::vector<Offset<tflite::Operator>> ops;
    for (const OpInfo& op : graph.ops) ops.push_back(WriteOperator(op));
    std::string name = graph.name;
    if (name.empty()) {
      name = number == 0 ? "main" : "subgraph_" + std::to_string(number);
    }
    return tflite::CreateSubGraphDirect(builder_, &tensors, &graph.inputs,
                                        &graph.outputs, &ops, name.c_str());
  }

  std::vector<Offset<tflite::Metadata>> WriteMetadata() {
    std::vector<Offset<tflite::Metadata>> out;
    for (const auto& [name, bytes] : model_.metadata) {
      const std::uint32_t buffer = WriteBuffer(bytes);
      out.push_back(
          tflite::CreateMetadataDirect(builder_, name.c_str(), buffer));
    }
    return out;
  }

  std::vector<Offset<tflite::TensorMap>> WriteNames(const Names& names) {
    std::vector<Offset<tflite::TensorMap>> out;
    for (const auto& [name, index] : names) {
      out.push_back(tflite::CreateTensorMapDirect(
          builder_, name.c_str(), static_cast<std::uint32_t>(index)));
    }
    return out;
  }

  std::vector<Offset<tflite::SignatureDef>> WriteSignatures() {
    std::vector<Offset<tflite::SignatureDef>> out;
    for (const Signature& signature : model_.signatures) {
      const auto inputs = WriteNames(signature.inputs);
      const auto outputs = WriteNames(signature.outputs);
      out.push_back(tflite::CreateSignatureDefDirect(
          builder_, &inputs, &outputs, signature.key.c_str(),
          static_cast<std::uint32_t>(signature.subgraph)));
    }
    return out;
  }

  const Model& model_;
  FlatBufferBuilder builder_{1 << 16};
  std::vector<Offset<tflite::Buffer>> buffers_;
  std::map<std::pair<OpCode, std::int32_t>, std::uint32_t> code_index_;
  std::vector<Offset<tflite::OperatorCode>> codes_;
};

}  // namespace

Bytes WriteModel(const Model& model) { return Writer(model).Write(); }

Bytes WriteQuantizedModel(const Model& model, int levels) {
  Model out = model;
  std::vector<OpInfo> prologue;
  for (const OpInfo& op : model.ops) {
    for (const std::int32_t input : op.inputs) {
      if (input == kAbsent || model.Floats(input).empty()) continue;
      const auto index = static_cast<std::size_t>(input);
      TensorInfo& weights = out.tensors[index];
      if (weights.shape.rank < 2 || !weights.is_constant()) continue;
      const std::size_t dimension =
          op.code == OpCode::kDepthwiseConv2D ? weights.shape.rank - 1 : 0;
      TensorInfo quantized =
          Quantize(out, weights, model.Floats(input), dimension, levels);
      weights.data = {};
      const auto source = static_cast<std::int32_t>(out.tensors.size());
      out.tensors.push_back(std::move(quantized));
      prologue.push_back({.code = OpCode::kDequantize,
                          .version = 2,
                          .inputs = {source},
                          .outputs = {input},
                          .options = {}});
    }
  }
  out.ops.insert(out.ops.begin(), prologue.begin(), prologue.end());
  return WriteModel(out);
}

}  // namespace sotto::runtime
