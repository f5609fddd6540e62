// Random quantised tensors, and one kernel run against another bit for bit.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_SWEEP_TEST_SUPPORT_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_SWEEP_TEST_SUPPORT_H_

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "runtime/kernels/cpu/int8_targets.h"
#include "runtime/kernels/nn/requantize.h"
// int8_targets.h first.
#include "hwy/targets.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

// Every byte value is likely to occur, the extremes more than others.
inline TestTensor RandomBytes(ElementType type, const Shape& shape,
                              std::mt19937& random, bool constant = false) {
  std::vector<std::uint8_t> values(shape.Elements());
  for (std::uint8_t& v : values) {
    const auto bits = static_cast<std::uint32_t>(random());
    v = bits % 8 == 0 ? (bits % 16 == 0 ? 0x80 : 0x7F)
                      : static_cast<std::uint8_t>(bits >> 8);
    if (type == ElementType::kUint8) v ^= 0x80;
  }
  return TestTensor::Of(type, shape, values, constant);
}

inline std::int32_t RandomZero(ElementType type, std::mt19937& random) {
  const QuantizedRange range = RangeOf(type);
  return std::uniform_int_distribution(range.low, range.high)(random);
}

inline float RandomScale(float low, float high, std::mt19937& random) {
  return std::exp2(
      std::uniform_real_distribution(std::log2(low), std::log2(high))(random));
}

// Operands of a product whose sums have `size` terms. Dead channels (weights of
// 0, a tiny scale, a large bias) occur among those of int8.
struct QuantizedProduct {
  TestTensor x, w, bias, y;
};
inline QuantizedProduct RandomProduct(ElementType type, const Shape& x,
                                      const Shape& w, std::size_t axis,
                                      bool per_channel, std::uint32_t seed) {
  std::mt19937 random(seed);
  const bool is_signed = type == ElementType::kInt8;
  QuantizedProduct made = {.x = RandomBytes(type, x, random),
                           .w = RandomBytes(type, w, random, true),
                           .bias = {},
                           .y = {}};
  const auto channels = static_cast<std::size_t>(w[axis]);
  const std::size_t size = w.Elements() / channels;
  // Most results inside the range, some outside.
  const float spread = 80.0f * std::sqrt(static_cast<float>(size)) * 80.0f;
  made.x.Quantize({RandomScale(0.001f, 1.0f, random)},
                  RandomZero(type, random));
  std::vector<float> scales(is_signed && per_channel ? channels : 1);
  for (float& s : scales) s = RandomScale(0.001f, 0.1f, random);
  std::vector<std::int32_t> bias(channels);
  for (std::int32_t& b : bias) {
    b = static_cast<std::int32_t>(
        std::uniform_real_distribution(-spread, spread)(random));
  }
  if (is_signed && per_channel && channels > 2) {
    const std::size_t dead = random() % channels;
    const std::size_t step = axis == 0 ? 1 : channels;
    const std::size_t first = axis == 0 ? dead * size : dead;
    for (std::size_t i = 0; i < size; ++i) {
      made.w.tensor.as<std::int8_t>()[first + i * step] = 0;
    }
    scales[dead] = 1e-12f;
    bias[dead] = 2000000000;
  }
  float largest = 0.0f;
  for (const float s : scales) largest = std::max(largest, s);
  const float y_scale =
      std::max(made.x.scales->front() * largest *
                   std::max(1.001f, spread * RandomScale(0.003f, 0.1f, random)),
               1e-9f);
  made.w.Quantize(scales, is_signed ? 0 : RandomZero(type, random),
                  static_cast<std::int32_t>(axis));
  made.bias = TestTensor::Ints({1, {w[axis]}}, bias);
  made.y.tensor.type = type;
  made.y.Quantize({y_scale}, RandomZero(type, random));
  return made;
}

// Runs the body once per instruction set that this processor has.
template <typename Body>
void ForEachInt8Target(const Body& body) {
#if !defined(HWY_COMPILE_ONLY_STATIC)
  for (std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
       targets != 0; targets &= targets - 1) {
    hwy::SetSupportedTargetsForTest(targets & -targets);
    hwy::GetChosenTarget().DeInit();
    SCOPED_TRACE(hwy::TargetName(targets & -targets));
    body();
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
#else
  body();
#endif
}

inline std::vector<std::uint8_t> BytesOf(const TestTensor& t) {
  const auto* const begin = t.tensor.as<const std::uint8_t>();
  return {begin, begin + t.tensor.bytes()};
}

// Runs `fast` on 1, 2 and 3 threads and every instruction set, and `plain` on
// one; their results must be the same bytes.
inline void ExpectSame(const Kernel& fast, const Kernel& plain,
                       const std::vector<TestTensor*>& inputs,
                       const TestTensor& y, const Options& options) {
  TestTensor want = y;
  KernelRunner reference(plain);
  ASSERT_EQ(reference(inputs, {&want}, options), StatusCode::kOk)
      << reference.reason();
  ForEachInt8Target([&] {
    for (const int threads : {1, 2, 3}) {
      TestTensor got = y;
      KernelRunner run(fast, threads);
      ASSERT_EQ(run(inputs, {&got}, options), StatusCode::kOk) << run.reason();
      ASSERT_EQ(got.tensor.shape, want.tensor.shape);
      ASSERT_EQ(BytesOf(got), BytesOf(want)) << threads << " threads";
    }
  });
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_SWEEP_TEST_SUPPORT_H_
