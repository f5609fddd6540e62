// Writes the two networks of the cascade, as sources for the micro interpreter:
//
//   cascade_models FOLDER     wake.{h,cc} and words.{h,cc}
//
// Both look at a frame of 16 time steps by 8 bands, as int8 levels. `wake` is
// their mean. `words` is two filters over the whole frame, one for the low and
// one for the high bands, and SOFTMAX.

#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "runtime/loader/model_writer.h"
#include "runtime/micro/export/export.h"

namespace sotto::runtime {
namespace {

constexpr std::int32_t kSteps = 16, kBands = 8;
constexpr float kLevel = 1.0f / 128;  // of an input

std::int32_t Add(Model& model, const Shape& shape, ElementType type,
                 std::vector<float> scale, std::int64_t zero = 0) {
  TensorInfo tensor;
  tensor.name = std::to_string(model.tensors.size());
  tensor.type = type;
  tensor.shape = shape;
  tensor.quantization.zero_point.assign(scale.size(), zero);
  tensor.quantization.scale = std::move(scale);
  model.tensors.push_back(std::move(tensor));
  return static_cast<std::int32_t>(model.tensors.size()) - 1;
}

void Call(Model& model, OpCode code, std::vector<std::int32_t> inputs,
          std::int32_t output, const Options& options) {
  model.ops.push_back({.code = code,
                       .version = 1,
                       .inputs = std::move(inputs),
                       .outputs = {output},
                       .options = options});
}

Model Wake() {
  Model model;
  const auto x =
      Add(model, {4, {1, kSteps, kBands, 1}}, ElementType::kInt8, {kLevel});
  const auto mean = Add(model, {4, {1, 1, 1, 1}}, ElementType::kInt8, {kLevel});
  Options pool;
  pool.padding = Padding::kValid;
  pool.filter_h = kSteps;
  pool.filter_w = kBands;
  Call(model, OpCode::kAveragePool2D, {x}, mean, pool);
  model.inputs = {x};
  model.outputs = {mean};
  return model;
}

Model Words() {
  Model model;
  const auto x =
      Add(model, {4, {1, kSteps, kBands, 1}}, ElementType::kInt8, {kLevel});
  const auto w = Add(model, {4, {2, kSteps, kBands, 1}}, ElementType::kInt8,
                     {0.001f, 0.001f});
  Bytes filters;
  for (std::int32_t word = 0; word < 2; ++word) {
    for (std::int32_t i = 0; i < kSteps * kBands; ++i) {
      const bool low = i % kBands < kBands / 2;
      filters.push_back(
          static_cast<std::uint8_t>(low == (word == 0) ? 64 : -64));
    }
  }
  model.tensors.back().data = model.Keep(std::move(filters));
  const auto scores =
      Add(model, {4, {1, 1, 1, 2}}, ElementType::kInt8, {0.05f});
  const auto shares =
      Add(model, {4, {1, 1, 1, 2}}, ElementType::kInt8, {1.0f / 256}, -128);
  Options filter;
  filter.padding = Padding::kValid;
  Call(model, OpCode::kConv2D, {x, w}, scores, filter);
  Call(model, OpCode::kSoftmax, {scores}, shares, {});
  model.inputs = {x};
  model.outputs = {shares};
  return model;
}

absl::Status Write(const Model& model, const std::string& folder,
                   const std::string& name) {
  SOTTO_ASSIGN_OR_RETURN(const MicroExport out,
                         ExportMicroModel(WriteModel(model), name));
  const std::string stem = folder + "/" + name;
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(stem + ".h", out.header));
  return WriteFileAtomically(stem + ".cc", out.source);
}

absl::Status WriteBoth(const std::string& folder) {
  SOTTO_RETURN_IF_ERROR(MakeFolder(folder));
  SOTTO_RETURN_IF_ERROR(Write(Wake(), folder, "wake"));
  return Write(Words(), folder, "words");
}

}  // namespace
}  // namespace sotto::runtime

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "wants FOLDER\n");
    return 2;
  }
  const absl::Status status = sotto::runtime::WriteBoth(argv[1]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
