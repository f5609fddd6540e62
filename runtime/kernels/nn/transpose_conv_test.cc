#include <cstdint>
#include <random>

#include "gtest/gtest.h"
#include "runtime/kernels/nn/weighted_sum_test_support.h"

namespace sotto::runtime {

extern const Kernel kConvolution2DTransposeBiasReference,
    kTransposeConvF32Reference, kTransposeConvS16Reference,
    kTransposeConvS8Reference, kTransposeConvU8Reference;

namespace {

const Kernel& TransposeKernel(Line line) {
  switch (DataType(line)) {
    case ElementType::kInt8:
      return kTransposeConvS8Reference;
    case ElementType::kUint8:
      return kTransposeConvU8Reference;
    case ElementType::kInt16:
      return kTransposeConvS16Reference;
    default:
      return kTransposeConvF32Reference;
  }
}

struct Case {
  std::int32_t n, h, w, channels, out, filter_h, filter_w, stride_h, stride_w,
      out_h, out_w;
  Padding padding;
};
constexpr Case kCases[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, Padding::kValid},
    {2, 3, 4, 2, 3, 3, 3, 2, 2, 6, 8, Padding::kSame},
    {1, 3, 4, 2, 3, 3, 3, 2, 2, 5, 7, Padding::kSame},
    {1, 3, 4, 5, 1, 3, 2, 2, 3, 7, 11, Padding::kValid},
    {1, 2, 2, 1, 4, 2, 2, 3, 3, 5, 5, Padding::kValid},
    {1, 4, 3, 3, 2, 5, 4, 1, 1, 4, 3, Padding::kSame},
    {1, 2, 3, 3, 2, 3, 3, 2, 2, 2, 9, Padding::kSame},  // not x's size
};

std::int32_t PadOf(std::int32_t size, std::int32_t filter, std::int32_t stride,
                   Padding padding) {
  if (padding == Padding::kValid) return 0;
  const std::int32_t steps = (size + stride - 1) / stride;
  return std::max((steps - 1) * stride + filter - size, 0) / 2;
}

// Scatters every product of x and w to where it belongs in y.
void CheckSums(const Case& c, Line line, const WeightedSum& op,
               const Options& options, std::int32_t top, std::int32_t left) {
  const auto size = static_cast<std::size_t>(c.n * c.out_h * c.out_w * c.out);
  ASSERT_EQ(op.y.tensor.shape, (Shape{4, {c.n, c.out_h, c.out_w, c.out}}));
  std::vector<double> sums(size), magnitudes(size);
  std::size_t x = 0;
  for (std::int32_t n = 0; n < c.n; ++n) {
    for (std::int32_t iy = 0; iy < c.h; ++iy) {
      for (std::int32_t ix = 0; ix < c.w; ++ix) {
        for (std::int32_t d = 0; d < c.channels; ++d, ++x) {
          std::size_t w = static_cast<std::size_t>(d);
          for (std::int32_t o = 0; o < c.out; ++o) {
            for (std::int32_t ky = 0; ky < c.filter_h; ++ky) {
              for (std::int32_t kx = 0; kx < c.filter_w;
                   ++kx, w += static_cast<std::size_t>(c.channels)) {
                const std::int32_t oy = iy * c.stride_h + ky - top;
                const std::int32_t ox = ix * c.stride_w + kx - left;
                if (oy < 0 || oy >= c.out_h || ox < 0 || ox >= c.out_w) {
                  continue;
                }
                const double product =
                    Raw(op.x.tensor, x) * Raw(op.w.tensor, w);
                const auto at = static_cast<std::size_t>(
                    ((n * c.out_h + oy) * c.out_w + ox) * c.out + o);
                sums[at] += product;
                magnitudes[at] += std::abs(product);
              }
            }
          }
        }
      }
    }
  }
  for (std::size_t i = 0; i < size; ++i) {
    ASSERT_NO_FATAL_FAILURE(ExpectElement(line, op, options, i,
                                          i % static_cast<std::size_t>(c.out),
                                          sums[i], magnitudes[i]))
        << i;
  }
}

WeightedSum OperandsOf(const Case& c, Line line, bool with_bias,
                       std::mt19937& random) {
  return MakeOperands(
      line,
      {.x = {4, {c.n, c.h, c.w, c.channels}},
       .w = {4, {c.out, c.filter_h, c.filter_w, c.channels}},
       .depth = static_cast<std::size_t>(c.filter_h * c.filter_w * c.channels)},
      with_bias, random);
}

TEST(TransposeConvTest, EveryTypeEqualsTheScatteredSum) {
  std::mt19937 random(31);
  for (const Case& c : kCases) {
    for (const Line line : kAllLines) {
      if (IsHybrid(line)) continue;
      for (const bool with_bias : {false, true}) {
        for (const bool constant_shape : {false, true}) {
          for (const Activation activation :
               {Activation::kNone, Activation::kRelu, Activation::kReluN1To1,
                Activation::kRelu6}) {
            SCOPED_TRACE(testing::Message()
                         << "case " << &c - kCases << " line "
                         << static_cast<int>(line));
            Options options;
            options.padding = c.padding;
            options.stride_h = c.stride_h;
            options.stride_w = c.stride_w;
            options.activation = activation;
            WeightedSum op = OperandsOf(c, line, with_bias, random);
            TestTensor shape = TestTensor::Ints(
                {1, {4}}, {c.n, c.out_h, c.out_w, c.out}, constant_shape);
            std::vector<TestTensor*> inputs = {&shape, &op.w, &op.x};
            if (with_bias) inputs.push_back(&op.bias);
            KernelRunner run(TransposeKernel(line));
            ASSERT_EQ(run(inputs, {&op.y}, options), StatusCode::kOk)
                << run.reason();
            EXPECT_EQ(op.y.tensor.is_dynamic, !constant_shape);
            ASSERT_NO_FATAL_FAILURE(
                CheckSums(c, line, op, options,
                          PadOf(c.out_h, c.filter_h, c.stride_h, c.padding),
                          PadOf(c.out_w, c.filter_w, c.stride_w, c.padding)));
          }
        }
      }
    }
  }
}

TEST(TransposeConvTest, RefusesWhatDoesNotFit) {
  std::mt19937 random(32);
  const Case& c = kCases[1];
  WeightedSum op = OperandsOf(c, Line::kS8PerChannel, true, random);
  Options options;
  options.stride_h = options.stride_w = 2;
  KernelRunner run(kTransposeConvS8Reference);
  const auto code_for = [&](std::vector<std::int32_t> dims, bool constant) {
    TestTensor shape = TestTensor::Ints(
        {1, {static_cast<std::int32_t>(dims.size())}}, dims, constant);
    return run({&shape, &op.w, &op.x, &op.bias}, {&op.y}, options);
  };
  for (const bool constant : {false, true}) {
    ASSERT_EQ(code_for({2, 6, 8, 3}, constant), StatusCode::kOk);
    for (const auto& bad :
         std::vector<std::vector<std::int32_t>>{{1, 6, 8, 3},
                                                {2, 6, 8, 4},
                                                {2, 0, 8, 3},
                                                {2, 6, -1, 3},
                                                {2, 1 << 30, 8, 3},
                                                {2, 1 << 28, 1 << 28, 3},
                                                {2, 6, 8}}) {
      EXPECT_EQ(code_for(bad, constant), StatusCode::kInvalidArgument);
    }
  }
  for (const std::int32_t bad : {0, -2, 1 << 30}) {
    options.stride_h = bad;
    EXPECT_EQ(code_for({2, 6, 8, 3}, true), StatusCode::kInvalidArgument);
  }
  options.stride_h = 2;
  TestTensor shape = TestTensor::Ints({1, {4}}, {2, 6, 8, 3});
  EXPECT_EQ(run({&shape, &op.w, nullptr}, {&op.y}, options),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(run({nullptr, &op.w, &op.x}, {&op.y}, options),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(run({&shape, &op.w, &op.x, nullptr}, {&op.y}, options),
            StatusCode::kOk);
  op.w.tensor.shape = {4, {3, 3, 3, 1}};
  EXPECT_EQ(code_for({2, 6, 8, 3}, true), StatusCode::kInvalidArgument);
  op.w.tensor.shape = {4, {3, 3, 3, 2}};
  op.w.tensor.quantization = {};
  EXPECT_EQ(code_for({2, 6, 8, 3}, true), StatusCode::kInvalidArgument);
}

TEST(Convolution2DTransposeBiasTest, EqualsTheScatteredSum) {
  std::mt19937 random(33);
  for (Case c : kCases) {
    for (const bool custom : {false, true}) {
      const bool same = c.padding == Padding::kSame;
      const auto total = [same](std::int32_t in, std::int32_t filter,
                                std::int32_t stride) {
        return same ? std::max(filter - (in - 1) % stride - 1, 0) : 0;
      };
      const std::int32_t pad_h = total(c.h, c.filter_h, c.stride_h);
      const std::int32_t pad_w = total(c.w, c.filter_w, c.stride_w);
      c.out_h = c.stride_h * (c.h - 1) + c.filter_h - pad_h;
      c.out_w = c.stride_w * (c.w - 1) + c.filter_w - pad_w;
      WeightedSum op = OperandsOf(c, Line::kF32, true, random);
      const std::uint8_t bytes[] = {
          static_cast<std::uint8_t>(same ? 1 : 2), 0, 0, 0,
          static_cast<std::uint8_t>(c.stride_w),   0, 0, 0,
          static_cast<std::uint8_t>(c.stride_h),   0, 0, 0};
      Options options;
      if (custom) {
        options.custom = bytes;
      } else {
        options.padding = c.padding;
        options.stride_h = c.stride_h;
        options.stride_w = c.stride_w;
      }
      KernelRunner run(kConvolution2DTransposeBiasReference);
      ASSERT_EQ(run(op.inputs, {&op.y}, options), StatusCode::kOk)
          << run.reason();
      ASSERT_NO_FATAL_FAILURE(
          CheckSums(c, Line::kF32, op, options, pad_h / 2, pad_w / 2));
    }
  }
}

TEST(Convolution2DTransposeBiasTest, RefusesWhatDoesNotFit) {
  std::mt19937 random(34);
  WeightedSum op = OperandsOf(kCases[1], Line::kF32, true, random);
  KernelRunner run(kConvolution2DTransposeBiasReference);
  const auto with = [&](std::vector<std::uint8_t> bytes) {
    Options options;
    options.custom = bytes;
    return run(op.inputs, {&op.y}, options);
  };
  ASSERT_EQ(with({1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0}), StatusCode::kOk);
  EXPECT_EQ(with({0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0}),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(with({1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0}),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(with({1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 255}),
            StatusCode::kInvalidArgument);
  op.x.tensor.shape = {4, {2, 0, 4, 2}};
  EXPECT_EQ(with({1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0}),
            StatusCode::kInvalidArgument);
  op.x.tensor.shape = {4, {2, 3, 4, 2}};
  op.bias.tensor.shape = {1, {2}};
  EXPECT_EQ(with({1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0}),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
