#include <gtest/gtest.h>

#include "runtime/kernels/cpu/f32_sweep_test_support.h"

namespace sotto::runtime {

extern const Kernel kPackedFullyConnectedF32;

namespace {

void Check(int rows, int depth, int out, bool with_bias, bool constant = true) {
  SCOPED_TRACE(testing::Message() << rows << " x " << depth << " -> " << out);
  TestTensor x = SweepTensor({2, {rows, depth}}, 1);
  TestTensor w = SweepTensor({2, {out, depth}}, 2, constant);
  TestTensor bias = SweepTensor({1, {out}}, 3, true);
  const float *a = x.tensor.floats(), *b = w.tensor.floats();
  std::vector<double> want;
  for (int n = 0; n < rows; ++n) {
    for (int o = 0; o < out; ++o) {
      double sum = with_bias ? bias.tensor.floats()[o] : 0;
      for (int i = 0; i < depth; ++i) {
        sum += static_cast<double>(a[n * depth + i]) *
               static_cast<double>(b[o * depth + i]);
      }
      want.push_back(std::max(sum, 0.0));
    }
  }
  ExpectClose(
      RunSweep(kPackedFullyConnectedF32, {&x, &w, with_bias ? &bias : nullptr},
               {.activation = Activation::kRelu}),
      want, static_cast<std::size_t>(depth));
}

TEST(PackedFullyConnected, EqualsADoubleEvaluationAroundEveryTileSize) {
  ForEachTarget([] {
    for (const int rows : {1, 2, 3, 14, 15, 31}) {
      for (const int out : {1, 7, 8, 9, 16, 31, 33, 129}) {
        for (const int depth : {1, 3, 4, 15, 16, 17, 33, 100}) {
          Check(rows, depth, out, (rows + out) % 2 == 0);
        }
      }
    }
  });
}

TEST(PackedFullyConnected, OneRowEqualsADoubleEvaluationOnWeightsInPlace) {
  ForEachTarget([] {
    for (const int out : {1, 2, 3, 4, 5, 63, 64, 66, 135}) {
      for (const int depth : {1, 3, 8, 15, 16, 17, 32, 33, 48, 63, 100}) {
        Check(1, depth, out, out % 2 == 0, false);
      }
    }
    Check(1, 550, 7, true, false);
    Check(1, 1100, 250, true, true);  // constant, too large to pack
  });
}

TEST(PackedFullyConnected, OneRowNeedsNoConstantWeights) {
  TestTensor x = SweepTensor({2, {1, 8}}, 1), y;
  TestTensor two = SweepTensor({2, {2, 8}}, 1);
  TestTensor w = SweepTensor({2, {3, 8}}, 2, false);
  KernelRunner run(kPackedFullyConnectedF32);
  EXPECT_EQ(run({&x, &w}, {&y}), StatusCode::kOk);
  EXPECT_EQ(run({&two, &w}, {&y}), StatusCode::kUnimplemented);
}

TEST(PackedFullyConnected, KeepsTheDimensionsOfXWhenAsked) {
  TestTensor x = SweepTensor({3, {2, 3, 8}}, 1), y;
  TestTensor w = SweepTensor({2, {5, 8}}, 2, true);
  TestTensor bias = SweepTensor({1, {4}}, 2, true);
  KernelRunner run(kPackedFullyConnectedF32);
  ASSERT_EQ(run({&x, &w}, {&y}, {.keep_dims = true}), StatusCode::kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{3, {2, 3, 5}}));
  ASSERT_EQ(run({&x, &w}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{2, {6, 5}}));
  EXPECT_EQ(run({&x, &w, &bias}, {&y}), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
