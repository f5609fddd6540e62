// Small graphs for tests, tensor by tensor.
//
//   GraphBuilder g;
//   const auto x = g.Input(ElementType::kFloat32, {2, {1, 4}});
//   const auto y = g.Op(OpCode::kRelu, {x}, ElementType::kFloat32);
//   Model model = std::move(g).Finish({y});

#ifndef SOTTO_TESTS_SUPPORT_GRAPH_BUILDER_H_
#define SOTTO_TESTS_SUPPORT_GRAPH_BUILDER_H_

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "runtime/loader/model.h"

namespace sotto::runtime {

class GraphBuilder {
 public:
  std::int32_t Tensor(ElementType type, const Shape& shape = {}) {
    model_.tensors.push_back({.name = std::to_string(model_.tensors.size()),
                              .type = type,
                              .shape = shape,
                              .quantization = {},
                              .data = {}});
    return static_cast<std::int32_t>(model_.tensors.size()) - 1;
  }
  std::int32_t Input(ElementType type, const Shape& shape) {
    model_.inputs.push_back(Tensor(type, shape));
    return model_.inputs.back();
  }
  template <typename T>
  std::int32_t Constant(ElementType type, const Shape& shape,
                        const std::vector<T>& values) {
    const std::int32_t index = Tensor(type, shape);
    Bytes bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    model_.tensors.back().data = model_.Keep(std::move(bytes));
    return index;
  }
  std::int32_t Ints(const std::vector<std::int32_t>& values) {
    const Shape shape = {1, {static_cast<std::int32_t>(values.size())}};
    return Constant(ElementType::kInt32, shape, values);
  }
  std::int32_t Floats(const Shape& shape, const std::vector<float>& values) {
    return Constant(ElementType::kFloat32, shape, values);
  }
  std::int32_t Op(OpCode code, std::vector<std::int32_t> inputs,
                  ElementType type, const Options& options = {}) {
    const std::int32_t output = Tensor(type);
    AddOp(code, std::move(inputs), {output}, options);
    return output;
  }
  void AddOp(OpCode code, std::vector<std::int32_t> inputs,
             std::vector<std::int32_t> outputs, const Options& options = {}) {
    model_.ops.push_back({.code = code,
                          .version = 1,
                          .inputs = std::move(inputs),
                          .outputs = std::move(outputs),
                          .options = options});
  }
  TensorInfo& tensor(std::int32_t index) {
    return model_.tensors[static_cast<std::size_t>(index)];
  }
  Model Finish(std::vector<std::int32_t> outputs) && {
    model_.outputs = std::move(outputs);
    return std::move(model_);
  }

 private:
  Model model_;
};

// Makes `callee` the next subgraph of `model`, and returns its number. Bytes of
// its constants are kept alive by `model` from then on.
inline std::int32_t AddSubgraph(Model& model, Model callee) {
  model.others.push_back(callee);
  for (auto& bytes : callee.storage) model.storage.push_back(bytes);
  return static_cast<std::int32_t>(model.others.size());
}

}  // namespace sotto::runtime

#endif  // SOTTO_TESTS_SUPPORT_GRAPH_BUILDER_H_
