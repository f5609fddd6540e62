// Reductions, ARG_MAX, ARG_MIN, TOPK_V2, CUMSUM.

#include "tests/conformance/case.h"

namespace sotto::conformance {
namespace {

Quantization In(ElementType type) {
  if (type == kI8) return Scale(0.05f, 7);
  if (type == kU8) return Scale(0.05f, 120);
  if (type == kI16) return Scale(0.001f);
  return {};
}

struct Axes {
  std::string name;
  std::vector<double> values;
  bool keep;
};

struct Reduction {
  std::string name;
  OpCode code;
  std::vector<ElementType> types;
  float growth;  // of the result's scale, where it may differ from the input's
};

Quantization Out(const Reduction& r, ElementType type) {
  Quantization q = In(type);
  for (float& scale : q.scale) scale *= r.growth;
  if (r.growth != 1.0f && !q.zero_point.empty() && type != kI16) {
    q.zero_point[0] += 4;
  }
  return q;
}

}  // namespace

std::vector<Case> ReductionCases() {
  std::vector<Case> cases;
  const std::vector<Axes> axes = {
      {"last", {-1}, false},
      {"planes", {1, 2}, true},
      {"all", {0, 1, 2, 3}, false},
  };
  const std::vector<Reduction> reductions = {
      {"mean", OpCode::kMean, {kF32, kI8, kU8, kI16, kI32}, 1.0f},
      {"mean_rescaled", OpCode::kMean, {kI8, kU8, kI16}, 0.6f},
      {"sum", OpCode::kSum, {kF32, kI8, kI16, kI32, kI64}, 1.0f},
      {"sum_rescaled", OpCode::kSum, {kU8}, 5.0f},
      {"reduce_prod", OpCode::kReduceProd, {kF32, kI32}, 1.0f},
      {"reduce_max",
       OpCode::kReduceMax,
       {kF32, kI8, kU8, kI16, kI32, kI64},
       1.0f},
      {"reduce_min",
       OpCode::kReduceMin,
       {kF32, kI8, kU8, kI16, kI32, kI64},
       1.0f},
      {"reduce_any", OpCode::kReduceAny, {kBool}, 1.0f},
      {"reduce_all", OpCode::kReduceAll, {kBool}, 1.0f},
  };
  for (const Reduction& r : reductions) {
    for (const ElementType type : r.types) {
      for (const Axes& a : axes) {
        const bool product = r.code == OpCode::kReduceProd;
        const Range range = product
                                ? (type == kF32 ? Range{0.5, 1.5} : Range{1, 2})
                                : DefaultRange(type);
        cases.push_back(OneOp(
            {.name = r.name + "_" + TypeName(type) + "_" + a.name,
             .code = r.code,
             .version = type == kI8 ? 2 : 1,
             .options = {.keep_dims = a.keep},
             .inputs = {Input(type, {2, 3, 4, 3}, range, In(type)),
                        Values(kI32,
                               {static_cast<std::int32_t>(a.values.size())},
                               a.values)},
             .outputs = {Output(type, Out(r, type))}}));
      }
    }
  }
  for (const OpCode code : {OpCode::kArgMax, OpCode::kArgMin}) {
    for (const ElementType type : {kF32, kI8, kU8, kI32}) {
      for (const std::int32_t axis : {1, -1}) {
        Options options;
        options.out_type = axis == 1 ? kI32 : kI64;
        cases.push_back(
            OneOp({.name = (code == OpCode::kArgMax ? "arg_max_" : "arg_min_") +
                           TypeName(type) + (axis == 1 ? "_middle" : "_last"),
                   .code = code,
                   .version = type == kI8 ? 2 : 1,
                   .options = options,
                   .inputs = {Input(type, {3, 7, 5}, In(type)),
                              Values(kI32, {}, {double(axis)})},
                   .outputs = {Output(options.out_type)}}));
      }
    }
  }
  for (const ElementType type : {kF32, kI8, kI32}) {
    cases.push_back(OneOp(
        {.name = "topk_v2_" + TypeName(type),
         .code = OpCode::kTopKV2,
         .version = type == kI8 ? 2 : 1,
         .inputs = {Input(type, {3, 11}, In(type)), Values(kI32, {}, {4})},
         .outputs = {Output(type, In(type)), Output(kI32)}}));
  }
  for (const ElementType type : {kF32, kI32, kI64}) {
    for (const bool exclusive : {false, true}) {
      cases.push_back(
          OneOp({.name = "cumsum_" + TypeName(type) +
                         (exclusive ? "_exclusive_reverse" : ""),
                 .code = OpCode::kCumsum,
                 .options = {.exclusive = exclusive, .reverse = exclusive},
                 .inputs = {Input(type, {2, 5, 3}), Values(kI32, {}, {1})},
                 .outputs = {Output(type)}}));
    }
  }
  return cases;
}

}  // namespace sotto::conformance
