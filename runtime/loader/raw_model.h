// Files that WriteModel does not write, for tests: sparse and external data.

#ifndef SOTTO_RUNTIME_LOADER_RAW_MODEL_H_
#define SOTTO_RUNTIME_LOADER_RAW_MODEL_H_

#include <functional>

#include "base/bytes.h"
#include "proto/model/tflite_generated.h"
#include "runtime/core/tensor.h"

namespace sotto::runtime {

// y = DENSIFY(x): x is a constant with the bytes `data`, y is of the type
// `densified`.
struct RawModel {
  ElementType type = ElementType::kFloat32;
  std::vector<std::int32_t> shape = {};
  Bytes data = {};
  std::function<flatbuffers::Offset<tflite::SparsityParameters>(
      flatbuffers::FlatBufferBuilder&)>
      sparsity = {};
  ElementType densified = type;
  // Not negative: the data lies behind the FlatBuffer, so many bytes away.
  std::ptrdiff_t gap = -1;
};

inline Bytes WriteRaw(const RawModel& raw) {
  flatbuffers::FlatBufferBuilder b;
  const auto type = static_cast<tflite::TensorType>(raw.type);
  const auto sparsity = raw.sparsity ? raw.sparsity(b) : 0;
  const std::vector<flatbuffers::Offset<tflite::Tensor>> tensors = {
      tflite::CreateTensorDirect(b, &raw.shape, type, 1, "x", 0, false,
                                 sparsity),
      tflite::CreateTensorDirect(b, &raw.shape,
                                 static_cast<tflite::TensorType>(raw.densified),
                                 0, "y")};
  const std::vector<std::int32_t> none, x = {0}, y = {1};
  const std::vector<flatbuffers::Offset<tflite::Operator>> ops = {
      tflite::CreateOperatorDirect(b, 0, &x, &y)};
  const std::vector<flatbuffers::Offset<tflite::OperatorCode>> codes = {
      tflite::CreateOperatorCodeDirect(b, 124, nullptr, 1,
                                       tflite::BuiltinOperator::DENSIFY)};
  const std::vector<flatbuffers::Offset<tflite::SubGraph>> graphs = {
      tflite::CreateSubGraphDirect(b, &tensors, &none, &y, &ops, "main")};
  const std::vector<flatbuffers::Offset<tflite::Buffer>> buffers = {
      tflite::CreateBuffer(b),
      raw.gap < 0
          ? tflite::CreateBufferDirect(b, &raw.data)
          : tflite::CreateBufferDirect(b, nullptr, ~0ull, raw.data.size())};
  b.Finish(tflite::CreateModelDirect(b, 3, &codes, &graphs, "", &buffers),
           tflite::ModelIdentifier());
  Bytes out(b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize());
  if (raw.gap < 0) return out;
  out.resize(out.size() + static_cast<std::size_t>(raw.gap));
  const auto* buffer = tflite::GetModel(out.data())->buffers()->Get(1);
  auto* table = reinterpret_cast<flatbuffers::Table*>(
      const_cast<tflite::Buffer*>(buffer));
  table->SetField<std::uint64_t>(tflite::Buffer::VT_OFFSET, out.size(), 0);
  out.insert(out.end(), raw.data.begin(), raw.data.end());
  return out;
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_RAW_MODEL_H_
