// Operators that read or write by index, and those that make tensors of
// numbers: GATHER, SCATTER_ND, ONE_HOT, FILL, RANGE.

#include "tests/conformance/case.h"

namespace sotto::conformance {
namespace {

Quantization Of(ElementType type) {
  return type == kI8 ? Scale(0.05f, 7) : Quantization{};
}

}  // namespace

std::vector<Case> IndexingCases() {
  std::vector<Case> cases;
  for (const ElementType type : {kF32, kI8, kI32, kI64}) {
    const Quantization q = Of(type);
    const std::string suffix = "_" + TypeName(type);
    // What no index names is stored as 0.
    const Quantization zero_is_zero =
        type == kI8 ? Scale(0.05f, 0) : Quantization{};
    for (const std::int32_t axis : {0, 1, -1}) {
      Options options;
      options.axis = axis;
      cases.push_back(OneOp(
          {.name = "gather_axis_" +
                   (axis < 0 ? std::string("last") : std::to_string(axis)) +
                   suffix,
           .code = OpCode::kGather,
           .version = type == kI8 ? 2 : 1,
           .options = options,
           .inputs = {Input(type, {3, 4, 5}, q),
                      Input(kI32, {2, 2}, Range{0, 2})},
           .outputs = {Output(type, q)}}));
    }
    Options batched;
    batched.axis = 1;
    batched.batch_dims = 1;
    cases.push_back(OneOp({.name = "gather_batched" + suffix,
                           .code = OpCode::kGather,
                           .version = 4,
                           .options = batched,
                           .inputs = {Input(type, {3, 4, 2}, q),
                                      Input(kI32, {3, 2}, Range{0, 3})},
                           .outputs = {Output(type, q)}}));
    cases.push_back(OneOp({.name = "gather_nd" + suffix,
                           .code = OpCode::kGatherNd,
                           .inputs = {Input(type, {3, 4, 2}, q),
                                      Input(kI32, {5, 2}, Range{0, 2})},
                           .outputs = {Output(type, q)}}));
    cases.push_back(OneOp({.name = "scatter_nd" + suffix,
                           .code = OpCode::kScatterNd,
                           .inputs = {Values(kI32, {3, 1}, {4, 0, 2}),
                                      Input(type, {3, 4}, zero_is_zero),
                                      Values(kI32, {2}, {6, 4})},
                           .outputs = {Output(type, zero_is_zero)}}));
    cases.push_back(OneOp(
        {.name = "one_hot" + suffix,
         .code = OpCode::kOneHot,
         .options = {.axis = -1},
         .inputs = {Input(kI32, {2, 3}, Range{0, 4}), Values(kI32, {}, {5}),
                    Values(type, {}, {7}, q), Values(type, {}, {-1}, q)},
         .outputs = {Output(type, q)}}));
    cases.push_back(
        OneOp({.name = "fill" + suffix,
               .code = OpCode::kFill,
               .inputs = {Values(kI32, {2}, {3, 4}), Input(type, {}, q)},
               .outputs = {Output(type, q)}}));
  }
  cases.push_back(
      OneOp({.name = "gather_i64_indices",
             .code = OpCode::kGather,
             .inputs = {Input(kF32, {3, 4, 5}), Input(kI64, {4}, Range{0, 2})},
             .outputs = {Output(kF32)}}));
  // Repeated indices add up.
  cases.push_back(OneOp({.name = "scatter_nd_repeated",
                         .code = OpCode::kScatterNd,
                         .inputs = {Values(kI32, {4, 1}, {1, 3, 1, 1}),
                                    Input(kF32, {4}), Values(kI32, {1}, {5})},
                         .outputs = {Output(kF32)}}));
  cases.push_back(OneOp(
      {.name = "one_hot_first_axis",
       .code = OpCode::kOneHot,
       .options = {.axis = 0},
       .inputs = {Input(kI32, {2, 3}, Range{-1, 5}), Values(kI32, {}, {5}),
                  Values(kF32, {}, {1}), Values(kF32, {}, {0})},
       .outputs = {Output(kF32)}}));
  // Shapes that only the values tell.
  cases.push_back(
      OneOp({.name = "fill_dynamic",
             .code = OpCode::kFill,
             .inputs = {Input(kI32, {3}, Range{1, 4}), Input(kF32, {})},
             .outputs = {Output(kF32)}}));
  cases.push_back(
      OneOp({.name = "reshape_dynamic",
             .code = OpCode::kReshape,
             .inputs = {Input(kF32, {3, 4}), Input(kI32, {2}, Range{-1, -1})},
             .outputs = {Output(kF32)}}));
  cases.back().model.tensors[1].shape = {.rank = 1, .dims = {1}};
  cases.push_back(
      OneOp({.name = "range_i32",
             .code = OpCode::kRange,
             .inputs = {Values(kI32, {}, {3}), Values(kI32, {}, {17}),
                        Values(kI32, {}, {4})},
             .outputs = {Output(kI32)}}));
  cases.push_back(OneOp(
      {.name = "range_f32_dynamic",
       .code = OpCode::kRange,
       .inputs = {Input(kF32, {}, Range{5, 6}), Input(kF32, {}, Range{0, 1}),
                  Values(kF32, {}, {-0.75})},
       .outputs = {Output(kF32)}}));
  return cases;
}

}  // namespace sotto::conformance
