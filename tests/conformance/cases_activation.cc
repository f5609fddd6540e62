// Activations of one argument, PRELU, QUANTIZE, DEQUANTIZE.

#include "tests/conformance/case.h"

namespace sotto::conformance {
namespace {

// A quantised input that covers about [-6.4, 6.4].
Quantization Wide(ElementType type) {
  if (type == kF32) return {};
  if (type == kI16) return Scale(6.4f / 32768);
  return Scale(0.05f, type == kU8 ? 125 : -3);
}

struct Curve {
  std::string name;
  OpCode code;
  std::vector<ElementType> types;
  // Output scale for [-1, 1], [0, 1] or the input's own range.
  enum class Out { kSame, kSigned, kUnit } out = Out::kSame;
  Options options = {};
};

std::int32_t VersionOf(OpCode code, ElementType type) {
  const bool always_one = code == OpCode::kElu || code == OpCode::kHardSwish ||
                          code == OpCode::kReluN1To1;
  return always_one || type == kF32 ? 1 : 2;
}

Quantization OutputOf(const Curve& curve, ElementType type) {
  if (type == kF32) return {};
  if (curve.out == Curve::Out::kUnit) {
    if (type == kI16) return Scale(1.0f / 32768);
    return Scale(1.0f / 256, type == kU8 ? 0 : -128);
  }
  if (curve.out == Curve::Out::kSigned) {
    if (type == kI16) return Scale(1.0f / 32768);
    return Scale(1.0f / 128, type == kU8 ? 128 : 0);
  }
  if (type == kI16) return Scale(6.5f / 32768);
  return Scale(0.04f, type == kU8 ? 100 : -20);
}

}  // namespace

std::vector<Case> ActivationCases() {
  std::vector<Case> cases;
  const std::vector<ElementType> all = {kF32, kI8, kU8, kI16};
  const std::vector<ElementType> bytes = {kF32, kI8, kU8};
  const std::vector<Curve> curves = {
      {"relu", OpCode::kRelu, all},
      {"relu_n1_to_1", OpCode::kReluN1To1, bytes},
      {"relu6", OpCode::kRelu6, bytes},
      {"logistic", OpCode::kLogistic, all, Curve::Out::kUnit},
      {"tanh", OpCode::kTanh, all, Curve::Out::kSigned},
      {"hard_swish", OpCode::kHardSwish, bytes},
      {"leaky_relu",
       OpCode::kLeakyRelu,
       all,
       Curve::Out::kSame,
       {.alpha = 0.2f}},
      {"elu", OpCode::kElu, {kF32, kI8}},
      {"gelu", OpCode::kGelu, bytes},
      {"gelu_approximate",
       OpCode::kGelu,
       bytes,
       Curve::Out::kSame,
       {.approximate = true}},
  };
  for (const Curve& c : curves) {
    for (const ElementType type : c.types) {
      cases.push_back(
          OneOp({.name = c.name + "_" + TypeName(type),
                 .code = c.code,
                 .version = VersionOf(c.code, type),
                 .options = c.options,
                 .inputs = {type == kF32 ? Input(kF32, {1, 3, 17}, Range{-8, 8})
                                         : Input(type, {1, 3, 17}, Wide(type))},
                 .outputs = {Output(type, OutputOf(c, type))}}));
    }
  }
  for (const ElementType type : bytes) {
    const Quantization alpha =
        type == kF32 ? Quantization{} : Scale(0.01f, type == kU8 ? 110 : 5);
    cases.push_back(OneOp(
        {.name = "prelu_" + TypeName(type),
         .code = OpCode::kPrelu,
         .inputs = {type == kF32 ? Input(kF32, {2, 3, 4, 5}, Range{-4, 4})
                                 : Input(type, {2, 3, 4, 5}, Wide(type)),
                    Drawn(type, {1, 1, 5}, DefaultRange(type), alpha)},
         .outputs = {Output(
             type, type == kF32 ? Quantization{}
                                : Scale(0.06f, type == kU8 ? 127 : 1))}}));
  }
  for (const ElementType type : {kI8, kU8, kI16}) {
    cases.push_back(OneOp({.name = "quantize_f32_to_" + TypeName(type),
                           .code = OpCode::kQuantize,
                           .inputs = {Input(kF32, {2, 31}, Range{-8, 8})},
                           .outputs = {Output(type, Wide(type))}}));
    cases.push_back(OneOp({.name = "dequantize_" + TypeName(type),
                           .code = OpCode::kDequantize,
                           .version = type == kI16 ? 3 : 2,
                           .inputs = {Input(type, {2, 31}, Wide(type))},
                           .outputs = {Output(kF32)}}));
  }
  struct Pair {
    ElementType from, to;
  };
  for (const Pair p :
       {Pair{kI8, kI8}, Pair{kI8, kU8}, Pair{kU8, kI8}, Pair{kU8, kU8},
        Pair{kI16, kI8}, Pair{kI8, kI16}, Pair{kI16, kI16}}) {
    const Quantization to = p.to == kI16 ? Scale(7.0f / 32768)
                                         : Scale(0.07f, p.to == kU8 ? 119 : -9);
    cases.push_back(
        OneOp({.name = "quantize_" + TypeName(p.from) + "_to_" + TypeName(p.to),
               .code = OpCode::kQuantize,
               .version = 2,
               .inputs = {Input(p.from, {3, 29}, Wide(p.from))},
               .outputs = {Output(p.to, to)}}));
  }
  return cases;
}

}  // namespace sotto::conformance
