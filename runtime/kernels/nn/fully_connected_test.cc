#include <cstdint>
#include <random>

#include "gtest/gtest.h"
#include "runtime/kernels/nn/row_quantizer.h"
#include "runtime/kernels/nn/weighted_sum_test_support.h"

namespace sotto::runtime {

extern const Kernel kFullyConnectedF32Reference, kFullyConnectedHybridReference,
    kFullyConnectedS16Reference, kFullyConnectedS8Reference,
    kFullyConnectedU8Reference;

namespace {

const Kernel& ProductKernel(Line line) {
  if (line == Line::kF32) return kFullyConnectedF32Reference;
  if (IsHybrid(line)) return kFullyConnectedHybridReference;
  switch (DataType(line)) {
    case ElementType::kInt8:
      return kFullyConnectedS8Reference;
    case ElementType::kUint8:
      return kFullyConnectedU8Reference;
    default:
      return kFullyConnectedS16Reference;
  }
}

// Every element of y against a sum over explicit indices.
void Check(WeightedSum& op, Line line, const Options& options) {
  op.is_matrix_product = true;
  KernelRunner run(ProductKernel(line));
  ASSERT_EQ(run(op.inputs, {&op.y}, options), StatusCode::kOk) << run.reason();
  const Shape& w = op.w.tensor.shape;
  const auto out = static_cast<std::size_t>(w[0]);
  const auto depth = static_cast<std::size_t>(w[1]);
  const std::size_t batch = op.x.tensor.shape.Elements() / depth;
  ASSERT_EQ(op.y.tensor.shape.Elements(), batch * out);
  for (std::size_t n = 0; n < batch; ++n) {
    for (std::size_t o = 0; o < out; ++o) {
      double sum = 0, magnitude = 0;
      for (std::size_t i = 0; i < depth; ++i) {
        const double product =
            Raw(op.x.tensor, n * depth + i) * Raw(op.w.tensor, o * depth + i);
        sum += product;
        magnitude += IsHybrid(line) ? 128.0 : std::abs(product);
      }
      ASSERT_NO_FATAL_FAILURE(
          ExpectElement(line, op, options, n * out + o, o, sum, magnitude))
          << n << ' ' << o;
    }
  }
}

TEST(FullyConnectedTest, EveryTypeEqualsTheSumByIndices) {
  std::mt19937 random(5);
  struct Sizes {
    std::int32_t batch, depth, out;
  };
  for (const auto [batch, depth, out] :
       {Sizes{1, 1, 1}, Sizes{3, 7, 5}, Sizes{2, 300, 17}, Sizes{0, 4, 3},
        Sizes{1, 33001, 2}}) {
    for (const Line line : kAllLines) {
      if (line == Line::kS16Bias32 && depth > 400) continue;  // leaves 32 bits
      for (const bool with_bias : {false, true}) {
        for (const Activation activation :
             {Activation::kNone, Activation::kRelu, Activation::kReluN1To1,
              Activation::kRelu6}) {
          for (const bool asymmetric : {false, true}) {
            if (asymmetric && !IsHybrid(line)) continue;
            Options options;
            options.activation = activation;
            options.asymmetric_inputs = asymmetric;
            SCOPED_TRACE(testing::Message()
                         << depth << " line " << static_cast<int>(line)
                         << " bias " << with_bias << " activation "
                         << static_cast<int>(activation));
            WeightedSum op =
                MakeOperands(line,
                             {.x = {2, {batch, depth}},
                              .w = {2, {out, depth}},
                              .depth = static_cast<std::size_t>(depth)},
                             with_bias, random);
            ASSERT_NO_FATAL_FAILURE(Check(op, line, options));
          }
        }
      }
    }
  }
}

TEST(FullyConnectedTest, WeightsOfOneScaleMayHaveAZeroPoint) {
  std::mt19937 random(6);
  WeightedSum op =
      MakeOperands(Line::kS8, {.x = {2, {2, 9}}, .w = {2, {4, 9}}, .depth = 9},
                   true, random);
  op.w.tensor.quantization.zero_point = -11;
  Check(op, Line::kS8, {});
}

TEST(FullyConnectedTest, KeepsTheLeadingDimensionsWhenAsked) {
  std::mt19937 random(6);
  WeightedSum op = MakeOperands(
      Line::kF32, {.x = {3, {2, 5, 3}}, .w = {2, {4, 3}}, .depth = 3}, true,
      random);
  Options options;
  Check(op, Line::kF32, options);
  EXPECT_EQ(op.y.tensor.shape, (Shape{2, {10, 4}}));
  options.keep_dims = true;
  Check(op, Line::kF32, options);
  EXPECT_EQ(op.y.tensor.shape, (Shape{3, {2, 5, 4}}));
  op.x.tensor.shape = {3, {2, 3, 5}};
  KernelRunner run(kFullyConnectedF32Reference);
  EXPECT_EQ(run(op.inputs, {&op.y}, options), StatusCode::kInvalidArgument);
}

TEST(FullyConnectedTest, AnAbsentBiasMayBeNull) {
  std::mt19937 random(6);
  WeightedSum op =
      MakeOperands(Line::kS8, {.x = {2, {2, 9}}, .w = {2, {4, 9}}, .depth = 9},
                   false, random);
  KernelRunner run(kFullyConnectedS8Reference);
  ASSERT_EQ(run(op.inputs, {&op.y}), StatusCode::kOk);
  const auto without = op.y.values<std::int8_t>();
  ASSERT_EQ(run({&op.x, &op.w, nullptr}, {&op.y}), StatusCode::kOk);
  EXPECT_EQ(op.y.values<std::int8_t>(), without);
}

TEST(FullyConnectedTest, RefusesWhatDoesNotFit) {
  std::mt19937 random(6);
  WeightedSum op = MakeOperands(
      Line::kS8PerChannel, {.x = {2, {2, 9}}, .w = {2, {4, 9}}, .depth = 9},
      true, random);
  KernelRunner run(kFullyConnectedS8Reference);
  const auto code = [&](Options options = {}) {
    return run(op.inputs, {&op.y}, options);
  };
  ASSERT_EQ(code(), StatusCode::kOk);
  const auto refused_with_shape = [&](TestTensor& t, const Shape& shape) {
    const Shape good = t.tensor.shape;
    t.tensor.shape = shape;
    EXPECT_EQ(code(), StatusCode::kInvalidArgument);
    t.tensor.shape = good;
  };
  refused_with_shape(op.x, {2, {2, 8}});
  refused_with_shape(op.w, {3, {1, 4, 9}});
  refused_with_shape(op.w, {2, {4, 0}});
  refused_with_shape(op.w, {2, {0, 9}});
  refused_with_shape(op.bias, {1, {5}});
  op.w.tensor.quantization.zero_point = 1;  // with scales per channel
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  op.w.tensor.quantization.zero_point = 0;
  op.w.tensor.quantization.count = 3;
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  op.w.tensor.quantization.count = 4;
  EXPECT_EQ(code(), StatusCode::kOk);
  Options tanh;
  tanh.activation = Activation::kTanh;
  EXPECT_EQ(code(tanh), StatusCode::kUnimplemented);
  op.y.tensor.type = ElementType::kInt16;
  EXPECT_EQ(code(), StatusCode::kUnimplemented);
  op.y.tensor.type = ElementType::kInt8;
  op.y.tensor.quantization.count = 0;
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(run({&op.x, nullptr, &op.bias}, {&op.y}),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(run({&op.x}, {&op.y}), StatusCode::kInvalidArgument);
  EXPECT_EQ(run(op.inputs, {}), StatusCode::kInvalidArgument);
}

TEST(RowQuantizerTest, SymmetricRowsUseTheLargestMagnitude) {
  const float x[] = {-2.54f, 0.0f, 1.27f, 0.02f, 0.0099f};
  std::int8_t q[5];
  const RowQuantization row = QuantizeRow(x, 5, /*asymmetric=*/false, q);
  EXPECT_FLOAT_EQ(row.scale, 0.02f);
  EXPECT_EQ(row.zero, 0);
  EXPECT_EQ(std::vector<int>(q, q + 5), (std::vector<int>{-127, 0, 64, 1, 0}));
}

TEST(RowQuantizerTest, AsymmetricRowsUseTheWholeRange) {
  const float x[] = {-0.5f, 0.0f, 2.05f, 1.0f};
  std::int8_t q[4];
  const RowQuantization row = QuantizeRow(x, 4, /*asymmetric=*/true, q);
  EXPECT_FLOAT_EQ(row.scale, 0.01f);
  EXPECT_EQ(row.zero, -78);
  EXPECT_EQ(std::vector<int>(q, q + 4), (std::vector<int>{-128, -78, 127, 22}));
  const float positive[] = {2.0f, 1.0f};
  EXPECT_EQ(QuantizeRow(positive, 2, true, q).zero, -128);
  EXPECT_EQ(q[0], 127);
}

TEST(RowQuantizerTest, RowsOfZerosHaveScaleOne) {
  const float x[] = {0.0f, -0.0f};
  std::int8_t q[] = {9, 9};
  for (const bool asymmetric : {false, true}) {
    const RowQuantization row = QuantizeRow(x, 2, asymmetric, q);
    EXPECT_EQ(row.scale, 1.0f);
    EXPECT_EQ(row.zero, 0);
    EXPECT_EQ(q[0], 0);
  }
}

}  // namespace
}  // namespace sotto::runtime
