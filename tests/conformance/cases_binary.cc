// Operators of two arguments: arithmetic, comparisons, logic; same shapes and
// broadcast, whole and quantised.

#include "tests/conformance/case.h"

namespace sotto::conformance {
namespace {

using runtime::Activation;

bool IsQuantised(ElementType type) {
  return type == kI8 || type == kU8 || type == kI16;
}

struct Formats {
  Quantization a, b, y;
};

// Different scales for all three; int16 has no zero points. `growth` is how
// much larger the result's values are than the arguments'.
Formats FormatsOf(ElementType type, float growth) {
  if (type == kI16) {
    return {Scale(0.0005f), Scale(0.0003f), Scale(0.0004f * growth)};
  }
  const std::int64_t middle = type == kU8 ? 128 : 0;
  return {Scale(0.05f, middle + 3), Scale(0.03f, middle - 9),
          Scale(0.045f * growth, middle + 5)};
}

struct Arithmetic {
  std::string name;
  OpCode code;
  std::vector<ElementType> types;
  float growth = 1.5f;
  Range b = {0, 0};  // of the second argument where it is limited
};

struct Shapes {
  std::string name;
  Dims a, b;
};

Case Make(const Arithmetic& op, ElementType type, const Shapes& shapes,
          Activation activation) {
  const bool quantised = IsQuantised(type);
  const Formats f = quantised ? FormatsOf(type, op.growth) : Formats{};
  Options options;
  options.activation = activation;
  options.power_of_two_scales = false;
  const bool limited = op.b.low != op.b.high && !quantised;
  Range a = DefaultRange(type);
  if (op.code == OpCode::kPow) a = type == kF32 ? Range{0.1, 3} : Range{-3, 3};
  return OneOp(
      {.name = op.name + "_" + TypeName(type) + "_" + shapes.name +
               (activation == Activation::kNone ? "" : "_relu6"),
       .code = op.code,
       .version =
           type == kF32 || type == kU8 || op.code == OpCode::kPow ? 1 : 2,
       .options = options,
       .inputs = {Input(type, shapes.a, a, f.a),
                  Input(type, shapes.b, limited ? op.b : DefaultRange(type),
                        f.b)},
       .outputs = {Output(type, f.y)}});
}

}  // namespace

std::vector<Case> BinaryCases() {
  std::vector<Case> cases;
  const std::vector<ElementType> all = {kF32, kI8, kU8, kI16, kI32, kI64};
  const std::vector<Shapes> shapes = {
      {"same", {2, 3, 7}, {2, 3, 7}},
      {"row", {2, 3, 7}, {7}},
      {"column", {1, 3, 1, 5}, {2, 3, 2, 1}},
      {"scalar", {3, 5}, {}},
  };
  const std::vector<Arithmetic> arithmetic = {
      {"add", OpCode::kAdd, all},
      {"sub", OpCode::kSub, all},
      {"mul", OpCode::kMul, all, 4.0f},
      {"div", OpCode::kDiv, {kF32, kI32}, 1.0f, {1, 4}},
      {"maximum", OpCode::kMaximum, {kF32, kI32, kI64}},
      {"minimum", OpCode::kMinimum, {kF32, kI32, kI64}},
      {"squared_difference",
       OpCode::kSquaredDifference,
       {kF32, kI32, kI8},
       8.0f},
      {"pow", OpCode::kPow, {kF32, kI32}, 1.0f, {0, 4}},
      {"floor_div", OpCode::kFloorDiv, {kF32, kI32}, 1.0f, {1, 4}},
      {"floor_mod", OpCode::kFloorMod, {kF32, kI32, kI64}, 1.0f, {1, 4}},
  };
  for (const Arithmetic& op : arithmetic) {
    for (const ElementType type : op.types) {
      for (const Shapes& s : shapes) {
        cases.push_back(Make(op, type, s, Activation::kNone));
      }
      const bool fuses = op.code == OpCode::kAdd || op.code == OpCode::kSub ||
                         op.code == OpCode::kMul;
      if (fuses && type != kI64) {
        cases.push_back(Make(op, type, shapes[1], Activation::kRelu6));
      }
    }
  }
  // One scale for all three: these only choose.
  for (const OpCode code : {OpCode::kMaximum, OpCode::kMinimum}) {
    for (const ElementType type : {kI8, kU8, kI16}) {
      const Quantization q = Scale(0.05f, type == kI16 ? 0 : 4);
      for (const Shapes& s : shapes) {
        cases.push_back(OneOp(
            {.name = (code == OpCode::kMaximum ? "maximum_" : "minimum_") +
                     TypeName(type) + "_" + s.name,
             .code = code,
             .version = 2,
             .inputs = {Input(type, s.a, q), Input(type, s.b, q)},
             .outputs = {Output(type, q)}}));
      }
    }
  }
  for (const OpCode code : {OpCode::kAdd, OpCode::kSub}) {
    Options options;
    options.power_of_two_scales = true;
    cases.push_back(
        OneOp({.name = code == OpCode::kAdd ? "add_i16_powers_of_two"
                                            : "sub_i16_powers_of_two",
               .code = code,
               .version = 2,
               .options = options,
               .inputs = {Input(kI16, {2, 17}, Scale(0x1p-11f)),
                          Input(kI16, {2, 17}, Scale(0x1p-13f))},
               .outputs = {Output(kI16, Scale(0x1p-11f))}}));
  }
  struct Comparison {
    std::string name;
    OpCode code;
  };
  for (const Comparison& c :
       {Comparison{"equal", OpCode::kEqual},
        Comparison{"not_equal", OpCode::kNotEqual},
        Comparison{"less", OpCode::kLess},
        Comparison{"less_equal", OpCode::kLessEqual},
        Comparison{"greater", OpCode::kGreater},
        Comparison{"greater_equal", OpCode::kGreaterEqual}}) {
    for (const ElementType type : {kF32, kI32, kI64, kI8, kU8}) {
      for (const Shapes& s : {shapes[0], shapes[2]}) {
        const bool quantised = IsQuantised(type);
        // Scales without common multiples, or equal ones: never nearly equal.
        const bool same = s.name == "same";
        const Quantization a = quantised ? Scale(0.05f, 3) : Quantization{};
        const Quantization b = quantised && !same ? Scale(0.031f, 9) : a;
        const Range range = {quantised ? 0.0 : -3.0, quantised ? 12.0 : 3.0};
        cases.push_back(OneOp(
            {.name = c.name + "_" + TypeName(type) + "_" + s.name,
             .code = c.code,
             .version = type == kI8 ? 2 : 1,
             .inputs = {Input(type, s.a, range, a), Input(type, s.b, range, b)},
             .outputs = {Output(kBool)}}));
      }
    }
  }
  for (const Comparison& c : {Comparison{"logical_and", OpCode::kLogicalAnd},
                              Comparison{"logical_or", OpCode::kLogicalOr}}) {
    for (const Shapes& s : shapes) {
      cases.push_back(OneOp({.name = c.name + "_" + s.name,
                             .code = c.code,
                             .inputs = {Input(kBool, s.a), Input(kBool, s.b)},
                             .outputs = {Output(kBool)}}));
    }
  }
  cases.push_back(OneOp({.name = "add_n_f32",
                         .code = OpCode::kAddN,
                         .inputs = {Input(kF32, {3, 5}), Input(kF32, {3, 5}),
                                    Input(kF32, {3, 5})},
                         .outputs = {Output(kF32)}}));
  return cases;
}

}  // namespace sotto::conformance
