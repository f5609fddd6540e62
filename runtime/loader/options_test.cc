#include "runtime/loader/options.h"

#include <cmath>
#include <functional>
#include <tuple>

#include "gtest/gtest.h"
#include "runtime/loader/options_family.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

using flatbuffers::FlatBufferBuilder;
using ::testing::HasSubstr;

// An operator of `options`, read back as `code`.
absl::StatusOr<Options> Reread(OpCode code, FlatBufferBuilder& b,
                               const WrittenOptions& options) {
  tflite::OperatorBuilder builder(b);
  builder.add_builtin_options_type(options.type);
  if (!options.table.IsNull()) builder.add_builtin_options(options.table);
  builder.add_builtin_options_2_type(options.second_type);
  if (!options.second_table.IsNull()) {
    builder.add_builtin_options_2(options.second_table);
  }
  b.Finish(builder.Finish());
  Options out;
  const absl::Status status = ReadOptions(
      *flatbuffers::GetRoot<tflite::Operator>(b.GetBufferPointer()), code, out);
  // What borrows from the builder is compared by size alone.
  out.custom = {static_cast<const std::uint8_t*>(nullptr), 0};
  if (!status.ok()) return status;
  return out;
}

bool Same(const Options& a, const Options& b) {
  const auto fields = [](const Options& o) {
    return std::tuple(
        std::tuple(o.padding, o.stride_w, o.stride_h, o.stride_d, o.dilation_w,
                   o.dilation_h, o.dilation_d, o.filter_w, o.filter_h,
                   o.depth_multiplier, o.activation, o.beta, o.alpha),
        std::tuple(o.has_new_shape, o.axis, o.batch_dims, o.count, o.block_size,
                   o.rank, o.keep_dims, o.begin_mask, o.end_mask,
                   o.ellipsis_mask, o.new_axis_mask, o.shrink_axis_mask,
                   o.end_is_offset, o.align_corners, o.half_pixel_centers),
        std::tuple(o.approximate, o.exclusive, o.reverse, o.symmetric,
                   o.transpose_a, o.transpose_b, o.asymmetric_inputs,
                   o.power_of_two_scales, o.out_type, o.cell_clip,
                   o.projection_clip, o.time_major, o.basic_cell,
                   o.merge_outputs, o.subgraph_a, o.subgraph_b));
  };
  return fields(a) == fields(b) && a.new_shape == b.new_shape;
}

TEST(OptionsTest, EveryTableComesBackAsItWasWritten) {
  using A = Activation;
  struct Case {
    OpCode code;
    Options options;
  };
  const Padding valid = Padding::kValid;
  const Case cases[] = {
      {OpCode::kConv2D,
       {.padding = valid,
        .stride_w = 2,
        .stride_h = 3,
        .dilation_w = 4,
        .dilation_h = 5,
        .activation = A::kRelu6}},
      {OpCode::kDepthwiseConv2D,
       {.padding = valid,
        .stride_w = 2,
        .stride_h = 3,
        .dilation_w = 4,
        .dilation_h = 5,
        .depth_multiplier = 6,
        .activation = A::kRelu}},
      {OpCode::kConv3D,
       {.padding = valid,
        .stride_w = 2,
        .stride_h = 3,
        .stride_d = 4,
        .dilation_w = 5,
        .dilation_h = 6,
        .dilation_d = 7}},
      {OpCode::kTransposeConv,
       {.stride_w = 2, .stride_h = 3, .activation = A::kRelu}},
      {OpCode::kMaxPool2D,
       {.stride_w = 2, .stride_h = 3, .filter_w = 4, .filter_h = 5}},
      {OpCode::kFullyConnected,
       {.activation = A::kReluN1To1,
        .keep_dims = true,
        .asymmetric_inputs = true}},
      {OpCode::kBatchMatmul, {.transpose_a = true, .asymmetric_inputs = true}},
      {OpCode::kBatchMatmul, {.transpose_b = true}},
      {OpCode::kSoftmax, {.beta = 0.5f}},
      {OpCode::kL2Normalization, {.activation = A::kRelu}},
      {OpCode::kLstm,
       {.activation = A::kTanh,
        .cell_clip = 1.5f,
        .projection_clip = 2.5f,
        .basic_cell = true}},
      {OpCode::kUnidirectionalSequenceLstm,
       {.activation = A::kTanh,
        .asymmetric_inputs = true,
        .cell_clip = 1.5f,
        .time_major = true}},
      {OpCode::kBidirectionalSequenceLstm,
       {.activation = A::kTanh,
        .projection_clip = 1.5f,
        .time_major = false,
        .merge_outputs = true}},
      {OpCode::kRnn, {.activation = A::kTanh, .asymmetric_inputs = true}},
      {OpCode::kUnidirectionalSequenceRnn,
       {.activation = A::kRelu, .time_major = true}},
      {OpCode::kSvdf, {.activation = A::kRelu, .rank = 3}},
      {OpCode::kReshape, {.new_shape = {2, {-1, 7}}, .has_new_shape = true}},
      {OpCode::kReshape, {}},
      {OpCode::kSqueeze, {.new_shape = {1, {2}}, .has_new_shape = true}},
      {OpCode::kConcatenation, {.activation = A::kRelu, .axis = -2}},
      {OpCode::kGather, {.axis = 3, .batch_dims = 1}},
      {OpCode::kOneHot, {.axis = -1}},
      {OpCode::kStridedSlice,
       {.begin_mask = 1,
        .end_mask = 2,
        .ellipsis_mask = 4,
        .new_axis_mask = 8,
        .shrink_axis_mask = 16,
        .end_is_offset = true}},
      {OpCode::kMirrorPad, {.symmetric = true}},
      {OpCode::kResizeBilinear, {.align_corners = true}},
      {OpCode::kResizeNearestNeighbor, {.half_pixel_centers = true}},
      {OpCode::kPack, {.axis = 1, .count = 5}},
      {OpCode::kUnpack, {.axis = 2, .count = 6}},
      {OpCode::kSplit, {.count = 3}},
      {OpCode::kSplitV, {.count = 4}},
      {OpCode::kDepthToSpace, {.block_size = 2}},
      {OpCode::kSpaceToDepth, {.block_size = 3}},
      {OpCode::kAdd, {.activation = A::kRelu, .power_of_two_scales = false}},
      {OpCode::kSub, {.power_of_two_scales = false}},
      {OpCode::kMul, {.activation = A::kRelu6}},
      {OpCode::kDiv, {.activation = A::kRelu6}},
      {OpCode::kLeakyRelu, {.alpha = 0.25f}},
      {OpCode::kGelu, {.approximate = true}},
      {OpCode::kMean, {.keep_dims = true}},
      {OpCode::kReduceAll, {.keep_dims = true}},
      {OpCode::kCumsum, {.exclusive = true}},
      {OpCode::kCumsum, {.reverse = true}},
      {OpCode::kArgMax, {.out_type = ElementType::kInt64}},
      {OpCode::kArgMin, {.out_type = ElementType::kInt64}},
      {OpCode::kShape, {.out_type = ElementType::kInt64}},
      {OpCode::kIf, {.subgraph_a = 1, .subgraph_b = 2}},
      {OpCode::kWhile, {.subgraph_a = 3, .subgraph_b = 4}},
      {OpCode::kCallOnce, {.subgraph_a = 5}},
      {OpCode::kStablehloComposite, {.subgraph_a = 6}},
  };
  for (const Case& c : cases) {
    FlatBufferBuilder b;
    const auto back = Reread(c.code, b, WriteOptions(b, c.code, c.options));
    ASSERT_THAT(back, IsOk()) << OpName(c.code);
    EXPECT_TRUE(Same(*back, c.options)) << OpName(c.code);
  }
}

// The numbers of the format, not those of an enum of ours.
TEST(OptionsTest, TablesHaveTheFormatsNumbers) {
  const auto number = [](OpCode code) {
    FlatBufferBuilder b;
    return static_cast<int>(WriteOptions(b, code, {}).type);
  };
  EXPECT_EQ(number(OpCode::kConv2D), 1);
  EXPECT_EQ(number(OpCode::kSvdf), 6);
  EXPECT_EQ(number(OpCode::kStridedSlice), 32);
  EXPECT_EQ(number(OpCode::kTransposeConv), 49);
  EXPECT_EQ(number(OpCode::kUnidirectionalSequenceLstm), 71);
  EXPECT_EQ(number(OpCode::kLeakyRelu), 75);
  EXPECT_EQ(number(OpCode::kWhile), 93);
  EXPECT_EQ(number(OpCode::kBatchMatmul), 101);
  EXPECT_EQ(number(OpCode::kConv3D), 106);
  EXPECT_EQ(number(OpCode::kVarHandle), 111);
  EXPECT_EQ(number(OpCode::kGelu), 116);
  FlatBufferBuilder b;
  EXPECT_EQ(static_cast<int>(
                WriteOptions(b, OpCode::kStablehloComposite, {}).second_type),
            21);
}

TEST(OptionsTest, MissingTablesAreDefaultsWhereTheseCanRun) {
  for (const OpCode code :
       {OpCode::kAdd, OpCode::kFullyConnected, OpCode::kReshape, OpCode::kMean,
        OpCode::kConcatenation, OpCode::kGather, OpCode::kCast}) {
    FlatBufferBuilder b;
    const auto back = Reread(code, b, {});
    ASSERT_THAT(back, IsOk()) << OpName(code);
    EXPECT_TRUE(Same(*back, Options())) << OpName(code);
  }
  for (const OpCode code :
       {OpCode::kConv2D, OpCode::kDepthwiseConv2D, OpCode::kAveragePool2D,
        OpCode::kConv3D, OpCode::kTransposeConv, OpCode::kSoftmax,
        OpCode::kLstm, OpCode::kSvdf, OpCode::kPack, OpCode::kSplit,
        OpCode::kDepthToSpace, OpCode::kIf, OpCode::kWhile, OpCode::kCallOnce,
        OpCode::kStablehloComposite}) {
    FlatBufferBuilder b;
    EXPECT_THAT(Reread(code, b, {}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("option table is missing")))
        << OpName(code);
  }
}

TEST(OptionsTest, WhatNoKernelDoesIsRefused) {
  using absl::StatusCode;
  using tflite::BuiltinOptions;
  struct Case {
    StatusCode code;
    const char* message;
    OpCode op;
    std::function<WrittenOptions(FlatBufferBuilder&)> write;
  };
  const auto tanh = ActivationFunctionType::TANH;
  const Case cases[] = {
      {StatusCode::kUnimplemented, "fused activation 4", OpCode::kAdd,
       [&](FlatBufferBuilder& b) -> WrittenOptions {
         return {BuiltinOptions::AddOptions,
                 tflite::CreateAddOptions(b, tanh).Union()};
       }},
      {StatusCode::kUnimplemented, "shuffled", OpCode::kFullyConnected,
       [](FlatBufferBuilder& b) -> WrittenOptions {
         return {
             BuiltinOptions::FullyConnectedOptions,
             tflite::CreateFullyConnectedOptions(
                 b, ActivationFunctionType::NONE,
                 tflite::FullyConnectedOptionsWeightsFormat::SHUFFLED4x16INT8)
                 .Union()};
       }},
      {StatusCode::kUnimplemented, "diagonal",
       OpCode::kUnidirectionalSequenceLstm,
       [&](FlatBufferBuilder& b) -> WrittenOptions {
         return {BuiltinOptions::UnidirectionalSequenceLSTMOptions,
                 tflite::CreateUnidirectionalSequenceLSTMOptions(
                     b, tanh, 0, 0, false, false, true)
                     .Union()};
       }},
      {StatusCode::kInvalidArgument, "clipping", OpCode::kLstm,
       [&](FlatBufferBuilder& b) -> WrittenOptions {
         return {BuiltinOptions::LSTMOptions,
                 tflite::CreateLSTMOptions(b, tanh, NAN).Union()};
       }},
      {StatusCode::kInvalidArgument, "mirror mode is 9", OpCode::kMirrorPad,
       [](FlatBufferBuilder& b) -> WrittenOptions {
         return {BuiltinOptions::MirrorPadOptions,
                 tflite::CreateMirrorPadOptions(
                     b, static_cast<tflite::MirrorPadMode>(9))
                     .Union()};
       }},
      {StatusCode::kInvalidArgument, "kernel type is 2", OpCode::kLstm,
       [&](FlatBufferBuilder& b) -> WrittenOptions {
         return {BuiltinOptions::LSTMOptions,
                 tflite::CreateLSTMOptions(
                     b, tanh, 0, 0, static_cast<tflite::LSTMKernelType>(2))
                     .Union()};
       }},
      {StatusCode::kInvalidArgument, "element type 77", OpCode::kArgMax,
       [](FlatBufferBuilder& b) -> WrittenOptions {
         return {
             BuiltinOptions::ArgMaxOptions,
             tflite::CreateArgMaxOptions(b, static_cast<tflite::TensorType>(77))
                 .Union()};
       }},
      {StatusCode::kUnimplemented, "longer than 6", OpCode::kReshape,
       [](FlatBufferBuilder& b) -> WrittenOptions {
         const std::vector<std::int32_t> dims(7, 1);
         return {BuiltinOptions::ReshapeOptions,
                 tflite::CreateReshapeOptionsDirect(b, &dims).Union()};
       }},
  };
  for (const Case& c : cases) {
    FlatBufferBuilder b;
    EXPECT_THAT(Reread(c.op, b, c.write(b)),
                StatusIs(c.code, HasSubstr(c.message)));
  }
}

}  // namespace
}  // namespace sotto::runtime
