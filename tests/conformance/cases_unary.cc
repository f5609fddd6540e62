// Mathematics of one argument, CAST, LOGICAL_NOT, ZEROS_LIKE, selection.

#include "tests/conformance/case.h"

namespace sotto::conformance {
namespace {

struct Function {
  std::string name;
  OpCode code;
  Range range = {-4, 4};
  std::vector<ElementType> types = {kF32};
};

Case Cast(ElementType from, ElementType to) {
  Options options;
  options.out_type = to;
  return OneOp({.name = "cast_" + TypeName(from) + "_to_" + TypeName(to),
                .code = OpCode::kCast,
                .options = options,
                .inputs = {Input(from, {3, 11},
                                 from == kBool ? Range{0, 1} : Range{0, 90})},
                .outputs = {Output(to)}});
}

}  // namespace

std::vector<Case> UnaryCases() {
  std::vector<Case> cases;
  const std::vector<Function> functions = {
      {"exp", OpCode::kExp},
      {"log", OpCode::kLog, {0.01, 9}},
      {"sqrt", OpCode::kSqrt, {0, 9}},
      {"rsqrt", OpCode::kRsqrt, {0.01, 9}},
      {"sin", OpCode::kSin, {-9, 9}},
      {"cos", OpCode::kCos, {-9, 9}},
      {"abs", OpCode::kAbs},
      {"neg", OpCode::kNeg, {-4, 4}, {kF32, kI32, kI64}},
      {"floor", OpCode::kFloor},
      {"ceil", OpCode::kCeil},
      {"round", OpCode::kRound},
      {"square", OpCode::kSquare},
      {"sign", OpCode::kSign, {-3, 3}, {kF32, kI32}},
      {"zeros_like", OpCode::kZerosLike, {-3, 3}, {kF32, kI32, kI64}},
  };
  for (const Function& f : functions) {
    for (const ElementType type : f.types) {
      cases.push_back(OneOp({.name = f.name + "_" + TypeName(type),
                             .code = f.code,
                             .inputs = {Input(type, {2, 3, 13}, f.range)},
                             .outputs = {Output(type)}}));
    }
  }
  // Halves go to the even neighbour.
  cases.push_back(
      OneOp({.name = "round_f32_halves",
             .code = OpCode::kRound,
             .inputs = {Values(kF32, {6}, {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5})},
             .outputs = {Output(kF32)}}));
  cases.push_back(OneOp({.name = "logical_not",
                         .code = OpCode::kLogicalNot,
                         .inputs = {Input(kBool, {3, 7})},
                         .outputs = {Output(kBool)}}));
  // Quantised arguments.
  cases.push_back(OneOp({.name = "abs_i8",
                         .code = OpCode::kAbs,
                         .version = 2,
                         .inputs = {Input(kI8, {3, 17}, Scale(0.05f, 3))},
                         .outputs = {Output(kI8, Scale(0.06f, -100))}}));
  cases.push_back(OneOp(
      {.name = "rsqrt_i8",
       .code = OpCode::kRsqrt,
       .version = 2,
       .inputs = {Input(kI8, {3, 17}, Range{-110, 127}, Scale(0.05f, -128))},
       .outputs = {Output(kI8, Scale(0.01f, -128))}}));
  for (const Case& c :
       {Cast(kF32, kI32), Cast(kI32, kF32), Cast(kF32, kI64), Cast(kI64, kI32),
        Cast(kBool, kF32), Cast(kF32, kBool), Cast(kI32, kBool),
        Cast(kU8, kF32), Cast(kF32, kU8), Cast(kI8, kF32), Cast(kI32, kI64),
        Cast(kI16, kF32), Cast(kF32, kI8)}) {
    cases.push_back(c);
  }
  for (const ElementType type : {kF32, kI32, kI8, kI64}) {
    const Quantization q = type == kI8 ? Scale(0.1f, 2) : Quantization{};
    const std::int32_t version = type == kI8 ? 2 : 1;
    cases.push_back(
        OneOp({.name = "select_" + TypeName(type),
               .code = OpCode::kSelect,
               .version = version,
               .inputs = {Input(kBool, {3, 4}), Input(type, {3, 4}, q),
                          Input(type, {3, 4}, q)},
               .outputs = {Output(type, q)}}));
    cases.push_back(
        OneOp({.name = "select_v2_broadcast_" + TypeName(type),
               .code = OpCode::kSelectV2,
               .inputs = {Input(kBool, {3, 1}), Input(type, {2, 1, 5}, q),
                          Input(type, {5}, q)},
               .outputs = {Output(type, q)}}));
  }
  cases.push_back(OneOp(
      {.name = "select_f32_rows",
       .code = OpCode::kSelect,
       .inputs = {Input(kBool, {3}), Input(kF32, {3, 4}), Input(kF32, {3, 4})},
       .outputs = {Output(kF32)}}));
  return cases;
}

}  // namespace sotto::conformance
