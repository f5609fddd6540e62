// The CPU's results beside those of the Vulkan delegate.

#ifndef SOTTO_RUNTIME_DELEGATES_VULKAN_VULKAN_TEST_SUPPORT_H_
#define SOTTO_RUNTIME_DELEGATES_VULKAN_VULKAN_TEST_SUPPORT_H_

#include <algorithm>
#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/delegates/vulkan/vulkan_delegate.h"
#include "runtime/host/interpreter.h"
#include "tests/support/graph_builder.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {

using Library = std::shared_ptr<DelegateLibrary>;

constexpr ElementType kF32 = ElementType::kFloat32;
constexpr double kF32Tolerance = 1e-5, kF16Tolerance = 2e-3;

// Declares `name`, or skips the test where there is no device.
#define VULKAN_OR_SKIP(name, options)                                     \
  const absl::StatusOr<Library> name##_or =                               \
      DelegateLibrary::Create(SottoVulkanDelegate(), options);            \
  if (!name##_or.ok()) GTEST_SKIP() << "skipped: " << name##_or.status(); \
  const Library name = *name##_or

// In [-1, 1], without a pattern: sums do not cancel more than by chance.
inline std::vector<float> Noise(std::size_t count, std::uint32_t seed) {
  std::vector<float> values(count);
  std::uint32_t state = seed * 2654435761u + 1;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
  }
  return values;
}

inline void FillInputs(Interpreter& runner, std::uint32_t seed = 1) {
  for (std::size_t i = 0; i < runner.num_inputs(); ++i) {
    std::ranges::copy(Noise(runner.input(i).size(), seed++),
                      runner.input(i).begin());
  }
}

// Largest difference of all outputs from the CPU's, as a part of the scale.
inline double Difference(const Interpreter& own, const Interpreter& delegated) {
  double difference = 0;
  for (std::size_t i = 0; i < own.num_outputs(); ++i) {
    double scale = 1e-30, largest = 0;
    EXPECT_EQ(own.output(i).size(), delegated.output(i).size());
    for (std::size_t k = 0; k < own.output(i).size(); ++k) {
      const double expected = own.output(i)[k];
      scale = std::max(scale, std::abs(expected));
      const double error = std::abs(expected - delegated.output(i)[k]);
      if (!(error <= largest)) largest = error;  // a NaN stays
    }
    difference = std::max(difference, largest / scale);
    if (std::isnan(largest)) return largest;
  }
  return difference;
}

inline void ExpectSame(const Model& model, const Library& library,
                       double tolerance, bool whole = true) {
  Interpreter own = Interpreter::Create(model, {}).value();
  Interpreter delegated =
      Interpreter::Create(model, {.delegates = {library}}).value();
  if (whole) {
    for (const DelegateDecision& decision : delegated.decisions()) {
      EXPECT_EQ(decision.delegate, "vulkan") << decision.reason;
    }
  }
  FillInputs(own);
  FillInputs(delegated);
  ASSERT_THAT(own.Invoke(), IsOk());
  ASSERT_THAT(delegated.Invoke(), IsOk());
  EXPECT_LE(Difference(own, delegated), tolerance);
}

// One operator over f32 inputs and constants.
struct OneOp {
  OpCode code;
  std::vector<Shape> inputs;
  Options options = {};
  std::vector<Shape> weights = {};      // f32 constants after the inputs
  std::vector<std::int32_t> ints = {};  // an int32 constant at the end
};

inline Model ModelOf(const OneOp& one) {
  GraphBuilder g;
  std::vector<std::int32_t> inputs;
  for (const Shape& shape : one.inputs) inputs.push_back(g.Input(kF32, shape));
  for (const Shape& shape : one.weights) {
    inputs.push_back(g.Floats(shape, Noise(shape.Elements(), 77)));
  }
  if (!one.ints.empty()) {
    // Pairs of paddings have two columns; lists of axes or sizes one dimension.
    const auto count = static_cast<std::int32_t>(one.ints.size());
    inputs.push_back(
        one.code == OpCode::kPad
            ? g.Constant(ElementType::kInt32, {2, {count / 2, 2}}, one.ints)
            : g.Ints(one.ints));
  }
  const auto y = g.Op(one.code, inputs, kF32, one.options);
  return std::move(g).Finish({y});
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_DELEGATES_VULKAN_VULKAN_TEST_SUPPORT_H_
