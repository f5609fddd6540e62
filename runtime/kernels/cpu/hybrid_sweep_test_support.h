// Random operands of hybrid kernels, and one kernel run against another.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_HYBRID_SWEEP_TEST_SUPPORT_H_
#define SOTTO_RUNTIME_KERNELS_CPU_HYBRID_SWEEP_TEST_SUPPORT_H_

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "runtime/kernels/cpu/int8_sweep_test_support.h"

namespace sotto::runtime {

struct HybridProduct {
  TestTensor x, w, bias;
  std::vector<TestTensor*> Inputs(bool with_bias) {
    return with_bias ? std::vector<TestTensor*>{&x, &w, &bias}
                     : std::vector<TestTensor*>{&x, &w};
  }
};

// Floats of many magnitudes and of one sign or both; some are 0.
inline std::vector<float> RandomFloats(std::size_t count,
                                       std::mt19937& random) {
  std::normal_distribution<float> normal(0.0f, 1.0f);
  const float shift = normal(random), scale = RandomScale(1e-3f, 1e3f, random);
  std::vector<float> values(count);
  for (float& v : values) {
    v = random() % 8 == 0 ? 0.0f : scale * (normal(random) + shift);
  }
  return values;
}

inline HybridProduct RandomHybrid(const Shape& x, const Shape& w,
                                  std::size_t axis, bool per_channel,
                                  std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto channels = static_cast<std::size_t>(w[axis]);
  HybridProduct made = {
      .x = TestTensor::Floats(x, RandomFloats(x.Elements(), random)),
      .w = RandomBytes(ElementType::kInt8, w, random, true),
      .bias = TestTensor::Floats({1, {w[axis]}}, RandomFloats(channels, random),
                                 true)};
  std::vector<float> scales(per_channel ? channels : 1);
  for (float& s : scales) s = RandomScale(1e-4f, 1.0f, random);
  made.w.Quantize(scales, 0, static_cast<std::int32_t>(axis));
  return made;
}

inline TestTensor RunOnce(const Kernel& kernel,
                          const std::vector<TestTensor*>& inputs,
                          const Options& options, int threads = 1) {
  TestTensor y;
  KernelRunner run(kernel, threads);
  EXPECT_EQ(run(inputs, {&y}, options), StatusCode::kOk) << run.reason();
  return y;
}

// Runs `fast` on 1, 2 and 3 threads and every instruction set, and `plain` on
// one. The results must be near, those of any number of threads the same bits.
// The last dimension of y is that of the bias, if there is one.
inline void ExpectNear(const Kernel& fast, const Kernel& plain,
                       const std::vector<TestTensor*>& inputs,
                       const Options& options) {
  const TestTensor want = RunOnce(plain, inputs, options);
  Options no_clamp = options;
  no_clamp.activation = Activation::kNone;
  const TestTensor whole = RunOnce(plain, inputs, no_clamp);
  const Shape& shape = want.tensor.shape;
  const auto channels = static_cast<std::size_t>(shape[shape.rank - 1]);
  ForEachInt8Target([&] {
    TestTensor first;
    for (const int threads : {1, 2, 3}) {
      const TestTensor got = RunOnce(fast, inputs, options, threads);
      ASSERT_EQ(got.tensor.shape, shape);
      if (threads > 1) {
        ASSERT_EQ(
            std::memcmp(got.tensor.data, first.tensor.data, got.tensor.bytes()),
            0)
            << threads << " threads";
        continue;
      }
      first = got;
      for (std::size_t i = 0; i < shape.Elements(); ++i) {
        const float bias =
            inputs.size() > 2 ? inputs[2]->tensor.floats()[i % channels] : 0.0f;
        // Three roundings, of the products' sum and of the result.
        const double bound =
            1e-6 * (std::abs(whole.tensor.floats()[i]) + 2.0 * std::abs(bias));
        ASSERT_NEAR(got.tensor.floats()[i], want.tensor.floats()[i], bound)
            << "element " << i;
      }
    }
  });
}

// NaN, infinities and the largest floats in x: any result will do, with any
// number of threads the same.
inline void ExpectNoCrash(const Kernel& fast,
                          const std::vector<TestTensor*>& inputs,
                          const Options& options) {
  Tensor& x = inputs[0]->tensor;
  const std::size_t last = x.shape.Elements() - 1;
  for (const float odd : {std::nanf(""), INFINITY, -INFINITY, 3e38f, -3e38f}) {
    for (const std::size_t at : {std::size_t{0}, last / 2, last}) {
      const float before = x.floats()[at];
      x.floats()[at] = odd;
      ForEachInt8Target([&] {
        const TestTensor one = RunOnce(fast, inputs, options);
        const TestTensor three = RunOnce(fast, inputs, options, 3);
        ASSERT_EQ(
            std::memcmp(one.tensor.data, three.tensor.data, one.tensor.bytes()),
            0);
      });
      x.floats()[at] = before;
    }
  }
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_HYBRID_SWEEP_TEST_SUPPORT_H_
