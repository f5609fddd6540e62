// BATCH_MATMUL, CONV_3D and EMBEDDING_LOOKUP.

#include <cstdint>
#include <random>

#include "gtest/gtest.h"
#include "runtime/kernels/nn/weighted_sum_test_support.h"

namespace sotto::runtime {

extern const Kernel kBatchMatmulF32Reference, kBatchMatmulHybridReference,
    kBatchMatmulS16Reference, kBatchMatmulS8Reference, kConv3DF32Reference,
    kEmbeddingLookupHybridReference, kEmbeddingLookupReference;

namespace {

constexpr auto kF32 = ElementType::kFloat32;
constexpr auto kS8 = ElementType::kInt8;
constexpr auto kS16 = ElementType::kInt16;

std::size_t Size(std::int32_t value) { return static_cast<std::size_t>(value); }

// Element [batch..., row, column] of a broadcast operand of rank >= 2.
std::size_t IndexOf(const Shape& shape, const std::vector<std::int32_t>& batch,
                    std::int32_t row, std::int32_t column) {
  std::size_t index = 0;
  const std::size_t leading = shape.rank - 2;
  for (std::size_t i = 0; i < leading; ++i) {
    const std::int32_t at = batch[batch.size() - leading + i];
    index = index * Size(shape[i]) + (shape[i] == 1 ? 0 : Size(at));
  }
  return (index * Size(shape[leading]) + Size(row)) * Size(shape[leading + 1]) +
         Size(column);
}

struct Product {
  std::vector<std::int32_t> a_batch, c_batch, y_batch;
};

void Check(const Product& p, ElementType a_type, ElementType c_type, bool ta,
           bool tc, std::int32_t depth, std::mt19937& random) {
  constexpr std::int32_t kRows = 3, kColumns = 4;
  const auto shape = [](std::vector<std::int32_t> dims, std::int32_t rows,
                        std::int32_t columns, bool transposed) {
    dims.push_back(transposed ? columns : rows);
    dims.push_back(transposed ? rows : columns);
    Shape made;
    made.rank = dims.size();
    std::copy(dims.begin(), dims.end(), made.dims.begin());
    return made;
  };
  TestTensor a =
      RandomTensor(a_type, shape(p.a_batch, kRows, depth, ta), random);
  TestTensor c =
      RandomTensor(c_type, shape(p.c_batch, depth, kColumns, tc), random);
  TestTensor y;
  y.tensor.type = a_type;
  const bool hybrid = a_type != c_type;
  const float a_scale = 0.03f, c_scale = 0.05f;
  const auto y_scale = static_cast<float>((a_type == kS8 ? 0.1 : 25.0) *
                                          std::sqrt(std::max(depth, 1)));
  if (c_type == kS8) c.Quantize({c_scale}, hybrid ? 0 : -4);
  if (a_type == kS8) {
    a.Quantize({a_scale}, 9);
    y.Quantize({y_scale}, 11);
  }
  if (a_type == kS16) {
    a.Quantize({a_scale});
    c.Quantize({c_scale});
    y.Quantize({y_scale});
  }
  Options options;
  options.transpose_a = ta;
  options.transpose_b = tc;
  options.asymmetric_inputs = ta;
  KernelRunner run(a_type == kS8    ? kBatchMatmulS8Reference
                   : a_type == kS16 ? kBatchMatmulS16Reference
                   : hybrid         ? kBatchMatmulHybridReference
                                    : kBatchMatmulF32Reference);
  ASSERT_EQ(run({&a, &c}, {&y}, options), StatusCode::kOk) << run.reason();
  ASSERT_EQ(y.tensor.shape, shape(p.y_batch, kRows, kColumns, false));
  std::size_t index = 0;
  std::size_t batches = 1;
  for (const std::int32_t d : p.y_batch) batches *= Size(d);
  for (std::size_t b = 0; b < batches; ++b) {
    std::vector<std::int32_t> batch(p.y_batch.size());
    std::size_t rest = b;
    for (std::size_t i = batch.size(); i-- > 0;) {
      batch[i] = static_cast<std::int32_t>(rest % Size(p.y_batch[i]));
      rest /= Size(p.y_batch[i]);
    }
    for (std::int32_t i = 0; i < kRows; ++i) {
      for (std::int32_t j = 0; j < kColumns; ++j, ++index) {
        double sum = 0;
        for (std::int32_t k = 0; k < depth; ++k) {
          sum += Raw(a.tensor,
                     IndexOf(a.tensor.shape, batch, ta ? k : i, ta ? i : k)) *
                 Raw(c.tensor,
                     IndexOf(c.tensor.shape, batch, tc ? j : k, tc ? k : j));
        }
        const double got = Raw(y.tensor, index);
        if (a_type == kF32) {
          const double scale = hybrid ? double{c_scale} : 1.0;
          ASSERT_NEAR(got, sum * scale,
                      hybrid ? 128 * scale * depth / 200 : 1e-6 * depth);
          continue;
        }
        const FixedPoint factor =
            ToFixedPoint(double{a_scale * c_scale} / y_scale);
        const std::int32_t zero = y.tensor.quantization.zero_point;
        const auto exact = static_cast<std::int64_t>(sum);
        const std::int32_t scaled =
            a_type == kS8 ? Requantize(static_cast<std::int32_t>(exact), factor)
                          : Requantize(exact, factor);
        const QuantizedRange range = RangeOf(a_type);
        ASSERT_EQ(got + zero, std::clamp(scaled + zero, range.low, range.high));
        ASSERT_NEAR(got + zero,
                    std::clamp<double>(sum * a_scale * c_scale / y_scale + zero,
                                       range.low, range.high),
                    2.0);
      }
    }
  }
}

TEST(BatchMatmulTest, EveryTypeEqualsTheSumByIndices) {
  std::mt19937 random(41);
  const Product products[] = {{{}, {}, {}},
                              {{3}, {3}, {3}},
                              {{2, 1, 3}, {4, 1}, {2, 4, 3}},
                              {{}, {2, 3}, {2, 3}},
                              {{1, 2, 1, 2}, {2}, {1, 2, 1, 2}},
                              {{0}, {1}, {0}}};
  for (const Product& p : products) {
    for (const auto& [a, c] : {std::pair(kF32, kF32), std::pair(kF32, kS8),
                               std::pair(kS8, kS8), std::pair(kS16, kS16)}) {
      for (const bool ta : {false, true}) {
        for (const bool tc : {false, true}) {
          for (const std::int32_t depth : {1, 7, 65, 0}) {
            SCOPED_TRACE(testing::Message()
                         << &p - products << ' ' << static_cast<int>(a) << ' '
                         << ta << tc << ' ' << depth);
            ASSERT_NO_FATAL_FAILURE(Check(p, a, c, ta, tc, depth, random));
          }
        }
      }
    }
  }
}

TEST(BatchMatmulTest, RefusesWhatDoesNotFit) {
  std::mt19937 random(42);
  TestTensor a = RandomTensor(kS8, {3, {2, 3, 4}}, random);
  TestTensor c = RandomTensor(kS8, {3, {2, 4, 5}}, random);
  TestTensor y;
  y.tensor.type = kS8;
  a.Quantize({0.1f});
  c.Quantize({0.1f});
  y.Quantize({0.1f});
  KernelRunner run(kBatchMatmulS8Reference);
  ASSERT_EQ(run({&a, &c}, {&y}), StatusCode::kOk);
  EXPECT_EQ(run({&a, nullptr}, {&y}), StatusCode::kInvalidArgument);
  EXPECT_EQ(run({&a}, {&y}), StatusCode::kInvalidArgument);
  Options transposed;
  transposed.transpose_a = true;
  EXPECT_EQ(run({&a, &c}, {&y}, transposed), StatusCode::kInvalidArgument);
  c.tensor.shape = {3, {3, 4, 5}};
  EXPECT_EQ(run({&a, &c}, {&y}), StatusCode::kInvalidArgument);
  c.tensor.shape = {1, {4}};
  EXPECT_EQ(run({&a, &c}, {&y}), StatusCode::kInvalidArgument);
  c.tensor.shape = {3, {2, 4, 5}};
  c.tensor.quantization = {};
  EXPECT_EQ(run({&a, &c}, {&y}), StatusCode::kInvalidArgument);
  c.Quantize({-0.1f});
  EXPECT_EQ(run({&a, &c}, {&y}), StatusCode::kInvalidArgument);
  c.Quantize({0.1f});
  y.tensor.type = kF32;
  EXPECT_EQ(run({&a, &c}, {&y}), StatusCode::kUnimplemented);
}

struct Case3D {
  std::int32_t x[5], w[5], stride[3], dilation[3];
  Padding padding;
};

TEST(Conv3DTest, EqualsTheSumByIndices) {
  std::mt19937 random(43);
  const Case3D cases[] = {
      {{1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}, {1, 1, 1}, {1, 1, 1}, Padding::kValid},
      {{2, 4, 5, 3, 2}, {2, 3, 3, 2, 3}, {1, 1, 1}, {1, 1, 1}, Padding::kSame},
      {{1, 5, 4, 6, 3}, {3, 2, 1, 3, 2}, {2, 1, 3}, {1, 2, 1}, Padding::kSame},
      {{1, 7, 6, 5, 1}, {3, 2, 2, 1, 4}, {1, 2, 1}, {2, 1, 3}, Padding::kValid},
      {{0, 2, 2, 2, 1}, {1, 1, 1, 1, 1}, {1, 1, 1}, {1, 1, 1}, Padding::kSame}};
  for (const Case3D& c : cases) {
    for (const bool with_bias : {false, true}) {
      const auto shape = [](const std::int32_t* d) {
        return Shape{5, {d[0], d[1], d[2], d[3], d[4]}};
      };
      WeightedSum op = MakeOperands(
          Line::kF32, {.x = shape(c.x), .w = shape(c.w), .dimension = 4},
          with_bias, random);
      Options o;
      o.padding = c.padding;
      o.stride_d = c.stride[0];
      o.stride_h = c.stride[1];
      o.stride_w = c.stride[2];
      o.dilation_d = c.dilation[0];
      o.dilation_h = c.dilation[1];
      o.dilation_w = c.dilation[2];
      o.activation = with_bias ? Activation::kRelu6 : Activation::kNone;
      KernelRunner run(kConv3DF32Reference);
      ASSERT_EQ(run(op.inputs, {&op.y}, o), StatusCode::kOk) << run.reason();
      std::int32_t out[3], pad[3];
      for (int i = 0; i < 3; ++i) {
        const std::int32_t reach = (c.w[i] - 1) * c.dilation[i] + 1;
        const bool same = c.padding == Padding::kSame;
        out[i] = same ? (c.x[i + 1] + c.stride[i] - 1) / c.stride[i]
                      : (c.x[i + 1] - reach) / c.stride[i] + 1;
        pad[i] =
            same
                ? std::max((out[i] - 1) * c.stride[i] + reach - c.x[i + 1], 0) /
                      2
                : 0;
      }
      ASSERT_EQ(op.y.tensor.shape,
                (Shape{5, {c.x[0], out[0], out[1], out[2], c.w[4]}}));
      const auto index = [](const std::int32_t* dims,
                            std::initializer_list<std::int32_t> at) {
        std::int32_t flat = 0;
        for (const std::int32_t i : at) flat = flat * *dims++ + i;
        return static_cast<std::size_t>(flat);
      };
      const std::int32_t y_dims[] = {c.x[0], out[0], out[1], out[2], c.w[4]};
      const std::size_t y_size = op.y.tensor.shape.Elements();
      std::vector<double> sums(y_size), magnitudes(y_size);
      // Each tap of the filter lays a shifted copy of x onto y.
      for (std::size_t tap = 0; tap < op.w.tensor.shape.Elements(); ++tap) {
        std::int32_t k[5];
        auto rest = static_cast<std::int32_t>(tap);
        for (int i = 4; i >= 0; --i) {
          k[i] = rest % c.w[i];
          rest /= c.w[i];
        }
        for (std::int32_t n = 0; n < c.x[0]; ++n) {
          for (std::int32_t z = 0; z < out[0]; ++z) {
            for (std::int32_t y = 0; y < out[1]; ++y) {
              for (std::int32_t x = 0; x < out[2]; ++x) {
                const std::int32_t at[] = {
                    z * c.stride[0] - pad[0] + k[0] * c.dilation[0],
                    y * c.stride[1] - pad[1] + k[1] * c.dilation[1],
                    x * c.stride[2] - pad[2] + k[2] * c.dilation[2]};
                bool inside = true;
                for (int i = 0; i < 3; ++i) {
                  inside = inside && at[i] >= 0 && at[i] < c.x[i + 1];
                }
                if (!inside) continue;
                const double product =
                    Raw(op.x.tensor,
                        index(c.x, {n, at[0], at[1], at[2], k[3]})) *
                    Raw(op.w.tensor, tap);
                const std::size_t to = index(y_dims, {n, z, y, x, k[4]});
                sums[to] += product;
                magnitudes[to] += std::abs(product);
              }
            }
          }
        }
      }
      for (std::size_t i = 0; i < y_size; ++i) {
        ASSERT_NO_FATAL_FAILURE(ExpectElement(
            Line::kF32, op, o, i, i % Size(c.w[4]), sums[i], magnitudes[i]));
      }
    }
  }
}

TEST(Conv3DTest, RefusesWhatDoesNotFit) {
  std::mt19937 random(44);
  WeightedSum op = MakeOperands(
      Line::kF32,
      {.x = {5, {1, 3, 3, 3, 2}}, .w = {5, {2, 2, 2, 2, 4}}, .dimension = 4},
      true, random);
  KernelRunner run(kConv3DF32Reference);
  ASSERT_EQ(run(op.inputs, {&op.y}), StatusCode::kOk);
  for (std::int32_t Options::*field :
       {&Options::stride_d, &Options::stride_h, &Options::stride_w,
        &Options::dilation_d, &Options::dilation_h, &Options::dilation_w}) {
    for (const std::int32_t bad : {0, -1, 1 << 30}) {
      Options o;
      o.*field = bad;
      EXPECT_EQ(run(op.inputs, {&op.y}, o), StatusCode::kInvalidArgument);
    }
  }
  Options valid;
  valid.padding = Padding::kValid;
  valid.dilation_d = 3;
  EXPECT_EQ(run(op.inputs, {&op.y}, valid), StatusCode::kInvalidArgument);
  Options tanh;
  tanh.activation = Activation::kTanh;
  EXPECT_EQ(run(op.inputs, {&op.y}, tanh), StatusCode::kUnimplemented);
  op.y.tensor.type = kS8;
  EXPECT_EQ(run(op.inputs, {&op.y}), StatusCode::kUnimplemented);
  op.y.tensor.type = kF32;
  EXPECT_EQ(run({&op.x, nullptr}, {&op.y}), StatusCode::kInvalidArgument);
  op.x.tensor.shape = {5, {1, 3, 3, 3, 1}};
  EXPECT_EQ(run(op.inputs, {&op.y}), StatusCode::kInvalidArgument);
  op.x.tensor.shape = {4, {3, 3, 3, 2}};
  EXPECT_EQ(run(op.inputs, {&op.y}), StatusCode::kInvalidArgument);
}

TEST(EmbeddingLookupTest, CopiesRowsOfTheTable) {
  TestTensor ids = TestTensor::Ints({1, {4}}, {2, 0, 2, 1}, false);
  TestTensor table = TestTensor::Floats({3, {3, 1, 2}}, {0, 1, 2, 3, 4, 5});
  TestTensor y;
  KernelRunner run(kEmbeddingLookupReference);
  ASSERT_EQ(run({&ids, &table}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{3, {4, 1, 2}}));
  EXPECT_EQ(y.values<float>(), (std::vector<float>{4, 5, 0, 1, 4, 5, 2, 3}));
  for (const auto type : {kS8, ElementType::kUint8}) {
    TestTensor bytes = TestTensor::Of(
        type, {2, {3, 2}}, std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5});
    y.tensor.type = type;
    ASSERT_EQ(run({&ids, &bytes}, {&y}), StatusCode::kOk);
    EXPECT_EQ(y.values<std::uint8_t>(),
              (std::vector<std::uint8_t>{4, 5, 0, 1, 4, 5, 2, 3}));
  }
}

TEST(EmbeddingLookupTest, TurnsInt8RowsIntoFloats) {
  TestTensor ids = TestTensor::Ints({1, {2}}, {1, 0}, false);
  TestTensor table =
      TestTensor::Of(kS8, {2, {2, 2}}, std::vector<std::int8_t>{1, -2, 3, 127});
  TestTensor y;
  KernelRunner run(kEmbeddingLookupHybridReference);
  table.Quantize({0.5f});
  ASSERT_EQ(run({&ids, &table}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<float>(), (std::vector<float>{1.5f, 63.5f, 0.5f, -1.0f}));
  table.Quantize({0.5f, 2.0f});
  ASSERT_EQ(run({&ids, &table}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<float>(), (std::vector<float>{6, 254, 0.5f, -1.0f}));
}

TEST(EmbeddingLookupTest, RefusesIdsOutsideTheTable) {
  for (const std::int32_t bad : {-1, 3, 1 << 30}) {
    TestTensor ids = TestTensor::Ints({1, {2}}, {0, bad}, false);
    TestTensor table = TestTensor::Floats({2, {3, 2}}, {0, 1, 2, 3, 4, 5});
    TestTensor y;
    KernelRunner run(kEmbeddingLookupReference);
    EXPECT_EQ(run({&ids, &table}, {&y}), StatusCode::kInvalidArgument);
  }
}

TEST(EmbeddingLookupTest, RefusesWhatDoesNotFit) {
  TestTensor ids = TestTensor::Ints({1, {2}}, {1, 0}, false);
  TestTensor table =
      TestTensor::Of(kS8, {2, {2, 2}}, std::vector<std::int8_t>{1, -2, 3, 127});
  TestTensor y;
  KernelRunner copy(kEmbeddingLookupReference);
  KernelRunner hybrid(kEmbeddingLookupHybridReference);
  EXPECT_EQ(hybrid({&ids, &table}, {&y}), StatusCode::kInvalidArgument);
  EXPECT_EQ(copy({&ids, &table}, {&y}), StatusCode::kUnimplemented);
  y.tensor.type = kS8;
  EXPECT_EQ(copy({&ids, &table}, {&y}), StatusCode::kOk);
  table.Quantize({0.5f});
  EXPECT_EQ(copy({&ids, &table}, {&y}), StatusCode::kInvalidArgument);
  y.Quantize({0.5f}, 1);
  EXPECT_EQ(copy({&ids, &table}, {&y}), StatusCode::kInvalidArgument);
  y.Quantize({0.5f}, 0);
  EXPECT_EQ(copy({&ids, &table}, {&y}), StatusCode::kOk);
  EXPECT_EQ(copy({nullptr, &table}, {&y}), StatusCode::kInvalidArgument);
  EXPECT_EQ(copy({&ids}, {&y}), StatusCode::kInvalidArgument);
  ids.tensor.shape = {2, {1, 2}};
  EXPECT_EQ(copy({&ids, &table}, {&y}), StatusCode::kInvalidArgument);
  ids.tensor.shape = {1, {2}};
  ids.tensor.type = kS8;
  EXPECT_EQ(copy({&ids, &table}, {&y}), StatusCode::kUnimplemented);
  ids.tensor.type = ElementType::kInt32;
  table.tensor.shape = {};
  EXPECT_EQ(copy({&ids, &table}, {&y}), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
