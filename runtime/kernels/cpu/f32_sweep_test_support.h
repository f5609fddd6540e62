// What the tests of the packed f32 kernels share: values, instruction sets,
// comparison with a double-precision evaluation.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_F32_SWEEP_TEST_SUPPORT_H_
#define SOTTO_RUNTIME_KERNELS_CPU_F32_SWEEP_TEST_SUPPORT_H_

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/targets.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

// Values in [-1, 1), the same for a seed everywhere.
inline std::vector<float> SweepValues(std::size_t count, std::uint32_t seed) {
  std::vector<float> values(count);
  for (float& v : values) {
    seed = seed * 1664525u + 1013904223u;
    v = static_cast<float>(static_cast<std::int32_t>(seed)) * 0x1p-31f;
  }
  return values;
}

inline TestTensor SweepTensor(const Shape& shape, std::uint32_t seed,
                              bool constant = false) {
  return TestTensor::Floats(shape, SweepValues(shape.Elements(), seed),
                            constant);
}

// Runs the body once per instruction set that this processor has.
template <typename Body>
void ForEachTarget(const Body& body) {
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

// Every element within 1e-5 of `want`, relative to what `terms` numbers of size
// 1 may add up to.
inline void ExpectClose(const std::vector<float>& got,
                        const std::vector<double>& want, std::size_t terms) {
  ASSERT_EQ(got.size(), want.size());
  const double scale = std::sqrt(static_cast<double>(terms));
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], want[i], 1e-5 * std::max(scale, std::abs(want[i])))
        << "element " << i;
  }
}

// Runs with 1, 2 and 3 threads, wants the same bits, returns them.
inline std::vector<float> RunSweep(const Kernel& kernel,
                                   const std::vector<TestTensor*>& inputs,
                                   const Options& options,
                                   bool in_place = false) {
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    std::vector<TestTensor> copies;  // in place destroys an input
    std::vector<TestTensor*> pointers;
    copies.reserve(inputs.size());
    for (const TestTensor* input : inputs) {
      if (input == nullptr) {
        pointers.push_back(nullptr);
        continue;
      }
      copies.push_back(TestTensor::Floats(input->tensor.shape,
                                          input->values<float>(),
                                          input->tensor.is_constant));
      pointers.push_back(&copies.back());
    }
    TestTensor y;
    KernelRunner run(kernel, threads);
    const StatusCode code = run(pointers, {&y}, options, in_place);
    EXPECT_EQ(code, StatusCode::kOk) << run.reason();
    if (code != StatusCode::kOk) return {};
    const std::vector<float> values = y.values<float>();
    if (threads == 1) first = values;
    EXPECT_EQ(values, first) << threads << " threads";
  }
  return first;
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_F32_SWEEP_TEST_SUPPORT_H_
