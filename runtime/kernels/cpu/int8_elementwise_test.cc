#include <limits>

#include "runtime/kernels/cpu/int8_sum_form.h"
#include "runtime/kernels/cpu/int8_sweep_test_support.h"

namespace sotto::runtime {

extern const Kernel kAddInt8, kAddQuantized, kAveragePool2DInt8,
    kAveragePool2DS8Reference, kAveragePool2DU8Reference, kDequantize,
    kDequantizeInt8, kMaxPool2DInt8, kMaxPool2DS8Reference,
    kMaxPool2DU8Reference, kMeanInt8, kMeanQuantizedReference, kQuantize,
    kQuantizeInt8, kRequantize, kRequantizeInt8, kSoftmaxInt8,
    kSoftmaxS8Reference, kSoftmaxU8Reference, kSoftmaxUint8;

namespace {

constexpr ElementType kTypes[] = {ElementType::kInt8, ElementType::kUint8};
constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu,
                                       Activation::kRelu6,
                                       Activation::kReluN1To1};

TestTensor Result(ElementType type, float scale, std::int32_t zero) {
  TestTensor y;
  y.tensor.type = type;
  y.Quantize({scale}, zero);
  return y;
}

TEST(AddInt8, EqualsTheReferenceForEverySizeAndScale) {
  std::mt19937 random(1);
  for (const ElementType type : kTypes) {
    for (const std::int32_t size : {0, 1, 3, 15, 16, 17, 31, 64, 100, 5000}) {
      for (int i = 0; i < 8; ++i) {
        TestTensor a = RandomBytes(type, {2, {1, size}}, random);
        TestTensor b = RandomBytes(type, {2, {1, size}}, random);
        const float scale = RandomScale(0.01f, 1.0f, random);
        a.Quantize({scale}, RandomZero(type, random));
        b.Quantize(
            {i == 0 ? scale : scale * RandomScale(0.01f, 100.0f, random)},
            RandomZero(type, random));
        TestTensor y = Result(type,
                              std::max(scale, b.scales->front()) *
                                  RandomScale(0.2f, 4.0f, random),
                              RandomZero(type, random));
        Options options;
        options.activation = kActivations[i % 4];
        ExpectSame(kAddInt8, kAddQuantized, {&a, &b}, y, options);
      }
    }
  }
}

TEST(AddInt8, EqualsTheReferenceInPlaceAndAtExactHalves) {
  std::mt19937 random(2);
  TestTensor a = RandomBytes(ElementType::kInt8, {1, {1000}}, random);
  TestTensor b = RandomBytes(ElementType::kInt8, {1, {1000}}, random);
  a.Quantize({0.5f}, 3);
  b.Quantize({0.25f}, -7);
  TestTensor want = Result(ElementType::kInt8, 1.0f, 5), got = want;
  KernelRunner plain(kAddQuantized), fast(kAddInt8);
  ASSERT_EQ(plain({&a, &b}, {&want}), StatusCode::kOk);
  ASSERT_EQ(fast({&a, &b}, {&got}, {}, true), StatusCode::kOk);
  EXPECT_EQ(got.tensor.data, a.tensor.data);
  EXPECT_EQ(got.values<std::uint8_t>(), want.values<std::uint8_t>());
}

TEST(AddInt8, EqualsTheReferenceForEveryPairOfNumbers) {
  std::mt19937 random(13);
  std::vector<std::uint8_t> left(65536), right(65536);
  for (std::size_t i = 0; i < left.size(); ++i) {
    left[i] = static_cast<std::uint8_t>(i / 256);
    right[i] = static_cast<std::uint8_t>(i % 256);
  }
  for (const ElementType type : kTypes) {
    TestTensor a = TestTensor::Of(type, {1, {65536}}, left);
    TestTensor b = TestTensor::Of(type, {1, {65536}}, right);
    for (int i = 0; i < 12; ++i) {
      // Some with exact ties.
      const float a_scale = i % 4 == 0 ? 0.5f : RandomScale(0.1f, 1.0f, random);
      const float ratio = i % 4 == 0 ? 0.5f : RandomScale(0.2f, 5.0f, random);
      a.Quantize({a_scale}, RandomZero(type, random));
      b.Quantize({a_scale * ratio}, RandomZero(type, random));
      TestTensor y =
          Result(type,
                 a_scale * std::max(1.0f, ratio) *
                     (i % 8 == 0 ? 1.0f : RandomScale(0.6f, 2.0f, random)),
                 RandomZero(type, random));
      Options options;
      options.activation = kActivations[i % 4];
      ExpectSame(kAddInt8, kAddQuantized, {&a, &b}, y, options);
    }
  }
}

TEST(Int8SumForm, ExistsForMostScalesAndIsThenRightForEveryPair) {
  std::mt19937 random(14);
  int found = 0;
  for (int i = 0; i < 40; ++i) {
    const double a_scale = RandomScale(0.1f, 1.0f, random);
    const double b_scale = RandomScale(0.1f, 1.0f, random);
    const double twice = 2.0 * std::max(a_scale, b_scale);
    const FixedPoint factor =
        ToFixedPoint(std::ldexp(twice / RandomScale(0.6f, 3.0f, random), -20));
    const Int8Addend a = {static_cast<std::int32_t>(random() % 256),
                          ToFixedPoint(a_scale / twice)};
    const Int8Addend b = {static_cast<std::int32_t>(random() % 256),
                          ToFixedPoint(b_scale / twice)};
    Int8SumForm form;
    if (!FindInt8SumForm(a, b, factor, -7, &form)) continue;
    ++found;
    for (std::int32_t x = 0; x < 256; ++x) {
      const std::int32_t left = Requantize((x - a.zero) << 20, a.factor);
      for (std::int32_t z = 0; z < 256; ++z) {
        const std::int32_t right = Requantize((z - b.zero) << 20, b.factor);
        ASSERT_EQ(form.At(x, z), Requantize(left + right, factor) - 7);
      }
    }
  }
  EXPECT_GT(found, 24);
}

TEST(AddInt8, BroadcastIsLeftToTheReference) {
  std::mt19937 random(3);
  TestTensor a = RandomBytes(ElementType::kInt8, {2, {2, 4}}, random);
  TestTensor b = RandomBytes(ElementType::kInt8, {2, {1, 4}}, random);
  a.Quantize({0.5f}, 3);
  b.Quantize({0.25f}, -7);
  TestTensor y = Result(ElementType::kInt8, 1.0f, 5);
  KernelRunner run(kAddInt8);
  EXPECT_EQ(run({&a, &b}, {&y}), StatusCode::kUnimplemented);
}

TEST(RequantizeInt8, EqualsTheReference) {
  std::mt19937 random(7);
  for (const ElementType from : kTypes) {
    for (const ElementType to : kTypes) {
      for (const std::int32_t size : {0, 1, 63, 64, 65, 5000}) {
        TestTensor x = RandomBytes(from, {1, {size}}, random);
        x.Quantize({0.5f}, RandomZero(from, random));
        TestTensor y =
            Result(to, RandomScale(0.1f, 2.0f, random), RandomZero(to, random));
        ExpectSame(kRequantizeInt8, kRequantize, {&x}, y, {});
      }
    }
  }
}

constexpr ElementType kStored[] = {ElementType::kInt8, ElementType::kUint8,
                                   ElementType::kInt16};

// Multiples of half the scale and their neighbours, numbers around and far
// outside of the range, and those that are none.
std::vector<float> HardFloats(std::size_t count, float scale,
                              std::mt19937& random) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float special[] = {0.0f,
                           -0.0f,
                           kInfinity,
                           -kInfinity,
                           std::numeric_limits<float>::quiet_NaN(),
                           std::numeric_limits<float>::max(),
                           std::numeric_limits<float>::lowest(),
                           std::numeric_limits<float>::denorm_min(),
                           0.49999997f * scale,
                           -0.49999997f * scale,
                           0x1p20f * scale,
                           0x1p33f * scale};
  std::vector<float> values(count);
  for (float& v : values) {
    const auto bits = static_cast<std::uint32_t>(random());
    if (bits % 8 == 0) {
      v = special[bits / 8 % std::size(special)];
      continue;
    }
    const int span = bits % 8 < 4 ? 600 : 140'000;
    const auto halves = static_cast<int>(bits / 8) % span - span / 2;
    v = static_cast<float>(halves) * 0.5f * scale;
    if (bits % 8 == 3) v = std::nextafter(v, kInfinity);
    if (bits % 8 == 5) v = std::nextafter(v, -kInfinity);
  }
  return values;
}

TEST(QuantizeInt8, EqualsTheReferenceForTiesSpecialsAndEverySize) {
  std::mt19937 random(11);
  for (const ElementType type : kStored) {
    for (const std::int32_t size : {0, 1, 3, 7, 15, 16, 17, 33, 784, 20000}) {
      for (const float scale : {1.0f, 0.1f, 0.0078125f, 1e-30f, 3e30f}) {
        const TestTensor x = TestTensor::Floats(
            {1, {size}},
            HardFloats(static_cast<std::size_t>(size), scale, random));
        TestTensor in = x;
        ExpectSame(kQuantizeInt8, kQuantize, {&in},
                   Result(type, scale, RandomZero(type, random)), {});
      }
    }
  }
}

TEST(QuantizeInt8, LeavesOtherTypesToTheReference) {
  TestTensor x = TestTensor::Floats({1, {2}}, {1.0f, 2.0f});
  TestTensor wide = Result(ElementType::kInt32, 0.5f, 0);
  EXPECT_EQ(KernelRunner(kQuantizeInt8)({&x}, {&wide}),
            StatusCode::kUnimplemented);
  TestTensor half =
      TestTensor::Of<std::uint16_t>(ElementType::kFloat16, {1, {2}}, {0, 1});
  TestTensor y;
  EXPECT_EQ(KernelRunner(kDequantizeInt8)({&half}, {&y}),
            StatusCode::kUnimplemented);
  TestTensor rows =
      TestTensor::Of<std::int8_t>(ElementType::kInt8, {2, {2, 1}}, {3, 4});
  rows.Quantize({0.5f, 0.25f}, 0, 0);
  EXPECT_EQ(KernelRunner(kDequantizeInt8)({&rows}, {&y}),
            StatusCode::kUnimplemented);
}

TEST(DequantizeInt8, EqualsTheReferenceForEverySize) {
  std::mt19937 random(12);
  for (const ElementType type : kStored) {
    const std::size_t width = ElementBytes(type);
    for (const std::int32_t size : {0, 1, 5, 15, 16, 17, 100, 20000}) {
      for (const float scale : {1.0f, 0.1f, 1e-38f, 1e36f}) {
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size) * width);
        for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random());
        TestTensor x = TestTensor::Of(type, {1, {size}}, bytes);
        x.Quantize({scale}, RandomZero(type, random));
        ExpectSame(kDequantizeInt8, kDequantize, {&x}, TestTensor(), {});
      }
    }
  }
}

TEST(SoftmaxInt8, EqualsTheReference) {
  std::mt19937 random(8);
  for (const ElementType type : kTypes) {
    const bool is_signed = type == ElementType::kInt8;
    for (const std::int32_t size : {1, 2, 12, 256, 257, 300, 5000}) {
      for (const float scale : {0.001f, 0.02f, 0.1f, 1.0f, 40.0f}) {
        TestTensor x = RandomBytes(type, {2, {3, size}}, random);
        x.Quantize({scale}, RandomZero(type, random));
        TestTensor y = Result(type, 1.0f / 256.0f, is_signed ? -128 : 0);
        ExpectSame(is_signed ? kSoftmaxInt8 : kSoftmaxUint8,
                   is_signed ? kSoftmaxS8Reference : kSoftmaxU8Reference, {&x},
                   y, {});
      }
    }
  }
}

TEST(PoolInt8, EqualsTheReferences) {
  std::mt19937 random(4);
  for (const ElementType type : kTypes) {
    const bool is_signed = type == ElementType::kInt8;
    for (const std::int32_t channels :
         {1, 3, 4, 7, 8, 15, 16, 17, 64, 70, 200}) {
      for (const std::int32_t filter : {1, 2, 3, 7}) {
        for (const std::int32_t stride : {1, 2}) {
          for (const Padding padding : {Padding::kSame, Padding::kValid}) {
            TestTensor x = RandomBytes(type, {4, {2, 7, 8, channels}}, random);
            x.Quantize({0.05f}, RandomZero(type, random));
            TestTensor y =
                Result(type, 0.05f, x.tensor.quantization.zero_point);
            Options options;
            options.filter_h = options.filter_w = filter;
            options.stride_h = options.stride_w = stride;
            options.padding = padding;
            options.activation = kActivations[random() % 4];
            ExpectSame(kAveragePool2DInt8,
                       is_signed ? kAveragePool2DS8Reference
                                 : kAveragePool2DU8Reference,
                       {&x}, y, options);
            ExpectSame(
                kMaxPool2DInt8,
                is_signed ? kMaxPool2DS8Reference : kMaxPool2DU8Reference, {&x},
                y, options);
          }
        }
      }
    }
  }
}

TEST(MeanInt8, EqualsTheReference) {
  std::mt19937 random(5);
  for (const ElementType type : kTypes) {
    for (const std::int32_t channels : {0, 1, 15, 16, 70, 300}) {
      for (const std::int32_t size : {1, 2, 7}) {
        for (const bool keep : {false, true}) {
          TestTensor x = RandomBytes(type, {4, {2, size, 3, channels}}, random);
          x.Quantize({RandomScale(0.01f, 1.0f, random)},
                     RandomZero(type, random));
          TestTensor y =
              Result(type, x.scales->front() * RandomScale(0.3f, 3.0f, random),
                     RandomZero(type, random));
          TestTensor axes = TestTensor::Ints({1, {2}}, {2, -3});
          Options options;
          options.keep_dims = keep;
          ExpectSame(kMeanInt8, kMeanQuantizedReference, {&x, &axes}, y,
                     options);
        }
      }
    }
  }
}

TEST(PoolInt8, EqualsTheReferencesWhereSingleNumbersLackBits) {
  // 65536 elements and more are summed in whole numbers only.
  std::mt19937 random(9);
  for (const ElementType type : kTypes) {
    const bool is_signed = type == ElementType::kInt8;
    for (const std::int32_t height : {259, 260, 300}) {
      TestTensor x = RandomBytes(type, {4, {1, height, 250, 5}}, random);
      x.Quantize({0.05f}, RandomZero(type, random));
      Options options;
      options.filter_h = height;
      options.filter_w = 250;
      options.stride_h = options.stride_w = 1;
      options.padding = Padding::kValid;
      ExpectSame(
          kAveragePool2DInt8,
          is_signed ? kAveragePool2DS8Reference : kAveragePool2DU8Reference,
          {&x}, Result(type, 0.05f, x.tensor.quantization.zero_point), options);
    }
  }
}

TEST(MeanInt8, OtherAxesAreLeftToTheReference) {
  std::mt19937 random(6);
  TestTensor x = RandomBytes(ElementType::kInt8, {4, {1, 2, 3, 4}}, random);
  x.Quantize({0.1f}, 0);
  TestTensor y = Result(ElementType::kInt8, 0.1f, 0);
  TestTensor axes = TestTensor::Ints({1, {2}}, {1, 3});
  KernelRunner run(kMeanInt8);
  EXPECT_EQ(run({&x, &axes}, {&y}), StatusCode::kUnimplemented);
  axes = TestTensor::Ints({1, {2}}, {1, 2});
  EXPECT_EQ(run({&x, &axes}, {&y}), StatusCode::kOk);
}

}  // namespace
}  // namespace sotto::runtime
