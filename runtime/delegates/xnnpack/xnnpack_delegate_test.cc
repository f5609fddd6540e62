#include "runtime/delegates/xnnpack/xnnpack_delegate.h"

#include <cmath>
#include <cstdlib>

#include "gtest/gtest.h"
#include "runtime/host/interpreter.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_file.h"
#include "tests/support/graph_builder.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

std::shared_ptr<DelegateLibrary> Xnnpack() {
  return DelegateLibrary::Create(SottoXnnpackDelegate(), "").value();
}

// Both outputs of the same pattern of inputs; the second runs on XNNPACK.
struct Pair {
  Interpreter own, delegated;
};

Pair RunBoth(const Model& model, int threads = 1) {
  Pair pair = {
      Interpreter::Create(model, {}).value(),
      Interpreter::Create(model, {.threads = threads, .delegates = {Xnnpack()}})
          .value()};
  for (Interpreter* runner : {&pair.own, &pair.delegated}) {
    for (std::size_t i = 0; i < runner->num_inputs(); ++i) {
      const auto bytes = runner->input_bytes(i);
      const Tensor& input = runner->input_tensor(i);
      for (std::size_t k = 0; k < input.shape.Elements(); ++k) {
        if (input.type == ElementType::kFloat32) {
          input.floats()[k] = std::sin(static_cast<float>(k) * 0.37f);
        } else {
          bytes[k] = static_cast<std::uint8_t>(k * 37 % 251);
        }
      }
    }
    EXPECT_THAT(runner->Invoke(), IsOk());
  }
  return pair;
}

TEST(XnnpackDelegateTest, AConvolutionalNetworkRunsOnItAsAWhole) {
  const Model model = MakeArchitecture({.name = "cnn"}).value();
  for (const int threads : {1, 2}) {
    const Pair pair = RunBoth(model, threads);
    ASSERT_EQ(pair.delegated.nodes().size(), 1u);
    for (const DelegateDecision& decision : pair.delegated.decisions()) {
      EXPECT_EQ(decision.delegate, "xnnpack") << decision.reason;
    }
    for (std::size_t i = 0; i < pair.own.output().size(); ++i) {
      EXPECT_NEAR(pair.own.output()[i], pair.delegated.output()[i], 1e-5);
    }
  }
}

TEST(XnnpackDelegateTest, WhatItHasNotStaysOnTheCpuWithTheReason) {
  GraphBuilder g;
  const auto x = g.Input(ElementType::kFloat32, {2, {2, 8}});
  const auto a = g.Op(OpCode::kRelu, {x}, ElementType::kFloat32);
  const auto b = g.Op(OpCode::kTanh, {a}, ElementType::kFloat32);
  const auto y = g.Op(OpCode::kRelu6, {b}, ElementType::kFloat32);
  const Model model = std::move(g).Finish({y});
  const Pair pair = RunBoth(model);
  const auto& decisions = pair.delegated.decisions();
  ASSERT_EQ(decisions.size(), 3u);
  EXPECT_EQ(decisions[0].delegate, "xnnpack");
  EXPECT_EQ(decisions[1].delegate, "");
  EXPECT_THAT(decisions[1].reason, ::testing::HasSubstr("xnnpack"));
  EXPECT_EQ(decisions[2].delegate, "xnnpack");
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_NEAR(pair.own.output()[i], pair.delegated.output()[i], 1e-6);
  }
}

TEST(XnnpackDelegateTest, AnEightBitNetworkComesWithinAStep) {
  const auto path = SharedData("models/resnet8_int8.tflite");
  if (!path) GTEST_SKIP() << "shared models are absent";
  const Model model = LoadModel(*path, {.fold_weights_to_f32 = false}).value();
  const Pair pair = RunBoth(model);
  EXPECT_LT(pair.delegated.nodes().size(), pair.own.nodes().size());
  const auto own = pair.own.output_bytes(0);
  const auto delegated = pair.delegated.output_bytes(0);
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_LE(std::abs(static_cast<std::int8_t>(own[i]) -
                       static_cast<std::int8_t>(delegated[i])),
              1)
        << i;
  }
}

}  // namespace
}  // namespace sotto::runtime
