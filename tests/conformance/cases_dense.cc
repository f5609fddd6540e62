// FULLY_CONNECTED, BATCH_MATMUL, EMBEDDING_LOOKUP.

#include "tests/conformance/flavour.h"

namespace sotto::conformance {
namespace {

using runtime::Activation;

struct Layer {
  std::string name;
  Dims x;
  std::int32_t out;
  Options options;
  bool bias = true;
};

Case Dense(const Flavour& f, const Layer& l) {
  const std::int32_t depth = l.x.back();
  const Weighted o = Operands(f, l.x, {l.out, depth}, l.out, 0, depth);
  OpSpec spec = {.name = "fully_connected_" + f.name + "_" + l.name,
                 .code = OpCode::kFullyConnected,
                 .version = f.activations == kF32 ? 5 : 4,
                 .options = l.options,
                 .inputs = {o.x, o.weights, l.bias ? o.bias : Absent()},
                 .outputs = {o.y}};
  return OneOp(spec);
}

struct Product {
  std::string name;
  Dims a, b;
  bool transpose_a = false, transpose_b = false;
};

Case MatMul(ElementType type, const Product& p, bool constant) {
  const bool real = type == kF32;
  const float scale = type == kI16 ? 0.0005f : 0.05f;
  const float y = type == kI16 ? 0.02f : 1.0f;
  const std::int64_t zero = type == kI8 ? 4 : 0;
  const Quantization q = real ? Quantization{} : Scale(scale, zero);
  const Operand b =
      constant ? Drawn(type, p.b, DefaultRange(type), q) : Input(type, p.b, q);
  return OneOp(
      {.name = "batch_matmul_" + TypeName(type) + "_" + p.name +
               (constant ? "_constant" : ""),
       .code = OpCode::kBatchMatmul,
       .version = real ? 1 : 3,
       .options = {.transpose_a = p.transpose_a, .transpose_b = p.transpose_b},
       .inputs = {Input(type, p.a, q), b},
       .outputs = {Output(type, real ? q : Scale(y, zero))}});
}

}  // namespace

std::vector<Case> DenseCases() {
  std::vector<Case> cases;
  const std::vector<Layer> layers = {
      {"small", {1, 7}, 3, {}},
      {"batch", {5, 16}, 9, {.activation = Activation::kRelu}},
      {"long", {1, 300}, 17, {.activation = Activation::kRelu6}},
      {"no_bias", {2, 12}, 10, {}, false},
      {"keep_dims", {2, 3, 8}, 4, {.keep_dims = true}},
      {"flattened", {2, 3, 8}, 4, {}},
  };
  for (const Flavour& f : {kFloat, kInt8PerTensor, kInt8PerChannel,
                           kUint8Legacy, kInt16By8, kHybridPerTensor}) {
    for (const Layer& l : layers) cases.push_back(Dense(f, l));
  }
  Layer asymmetric = {"asymmetric", {3, 40}, 8, {}};
  asymmetric.options.asymmetric_inputs = true;
  cases.push_back(Dense(kHybridPerTensor, asymmetric));

  const std::vector<Product> products = {
      {"plain", {3, 5}, {5, 4}},
      {"batched", {2, 3, 6}, {2, 6, 3}},
      {"broadcast", {2, 1, 3, 4}, {5, 4, 2}},
      {"transposed_a", {2, 6, 3}, {2, 6, 4}, true, false},
      {"transposed_b", {2, 3, 6}, {2, 4, 6}, false, true},
  };
  for (const ElementType type : {kF32, kI8, kI16}) {
    for (const Product& p : products) {
      cases.push_back(MatMul(type, p, false));
      if (!p.transpose_a) cases.push_back(MatMul(type, p, true));
    }
  }
  for (const ElementType type : {kF32, kI8}) {
    const Quantization q = type == kF32 ? Quantization{} : Scale(0.03f, 0);
    cases.push_back(
        OneOp({.name = "embedding_lookup_" + TypeName(type),
               .code = OpCode::kEmbeddingLookup,
               .version = type == kF32 ? 1 : 2,
               .inputs = {Input(kI32, {6}, Range{0, 8}),
                          Drawn(type, {9, 5}, DefaultRange(type), q)},
               .outputs = {Output(type, q)}}));
  }
  return cases;
}

}  // namespace sotto::conformance
