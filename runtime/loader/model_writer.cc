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

}  // namespace

Bytes WriteModel(const Model& model) {
  FlatBufferBuilder builder(1 << 16);
  std::vector<Offset<tflite::Buffer>> buffers;
  buffers.push_back(
      tflite::CreateBuffer(builder));  // 0: no data, by convention
  std::vector<Offset<tflite::Tensor>> tensors;
  for (const TensorInfo& tensor : model.tensors) {
    std::uint32_t buffer = 0;
    if (tensor.is_constant()) {
      buffer = static_cast<std::uint32_t>(buffers.size());
      builder.ForceVectorAlignment(tensor.data.size(), 1, 16);
      const auto data =
          builder.CreateVector(tensor.data.data(), tensor.data.size());
      buffers.push_back(tflite::CreateBuffer(builder, data));
    }
    const std::vector<std::int32_t> dims = DimsOf(tensor.shape);
    const auto quantization = WriteQuantization(builder, tensor.quantization);
    tensors.push_back(tflite::CreateTensorDirect(
        builder, &dims, static_cast<tflite::TensorType>(tensor.type), buffer,
        tensor.name.c_str(), quantization));
  }
  std::map<std::pair<OpCode, std::int32_t>, std::uint32_t> code_index;
  std::vector<Offset<tflite::OperatorCode>> codes;
  std::vector<Offset<tflite::Operator>> ops;
  for (const OpInfo& op : model.ops) {
    const auto [at, added] = code_index.try_emplace(
        {op.code, op.version}, static_cast<std::uint32_t>(codes.size()));
    if (added) {
      const auto number = static_cast<std::int32_t>(op.code);
      codes.push_back(tflite::CreateOperatorCodeDirect(
          builder, static_cast<std::int8_t>(std::min(number, 127)), nullptr,
          op.version, static_cast<tflite::BuiltinOperator>(number)));
    }
    const WrittenOptions options = WriteOptions(builder, op.code, op.options);
    ops.push_back(tflite::CreateOperatorDirect(builder, at->second, &op.inputs,
                                               &op.outputs, options.type,
                                               options.table));
  }
  const std::vector<Offset<tflite::SubGraph>> graphs = {
      tflite::CreateSubGraphDirect(builder, &tensors, &model.inputs,
                                   &model.outputs, &ops, "main")};
  builder.Finish(tflite::CreateModelDirect(builder, 3, &codes, &graphs,
                                           model.description.c_str(), &buffers),
                 tflite::ModelIdentifier());
  return {builder.GetBufferPointer(),
          builder.GetBufferPointer() + builder.GetSize()};
}

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
