// The plug-in is loaded by its path, as an app would load one.

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/delegates/delegate_library.h"
#include "runtime/host/interpreter.h"
#include "tests/support/graph_builder.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr ElementType kF32 = ElementType::kFloat32;

TEST(ExampleDelegateTest, APluginRunsItsPartsOfAGraph) {
  GraphBuilder g;
  const Shape four = {1, {4}};
  const auto x = g.Input(kF32, four);
  const auto a = g.Op(OpCode::kRelu, {x}, kF32);
  const auto b = g.Op(OpCode::kAdd, {a, g.Floats(four, {1, 2, 3, 4})}, kF32);
  const auto c = g.Op(OpCode::kNeg, {b}, kF32);
  Options relu;
  relu.activation = Activation::kRelu;
  const auto d = g.Op(OpCode::kAdd, {c, x}, kF32, relu);
  const Model model = std::move(g).Finish({d, b});

  const auto library = DelegateLibrary::Load(EXAMPLE_DELEGATE, "").value();
  Interpreter runner =
      Interpreter::Create(model, {.delegates = {library}}).value();
  ASSERT_EQ(runner.nodes().size(), 3u);
  const auto& decisions = runner.decisions();
  ASSERT_EQ(decisions.size(), 4u);
  EXPECT_EQ(decisions[0].delegate, "example");
  EXPECT_EQ(decisions[1].delegate, "example");
  EXPECT_EQ(decisions[2].delegate, "");
  EXPECT_EQ(decisions[2].reason, "example: runs only ADD and RELU");
  EXPECT_EQ(decisions[3].delegate, "example");

  for (const float scale : {1.0f, 2.0f}) {
    const std::vector<float> values = {-5 * scale, 0, 8 * scale, 16 * scale};
    std::ranges::copy(values, runner.input().begin());
    ASSERT_THAT(runner.Invoke(), IsOk());
    EXPECT_THAT(runner.output(1),
                ElementsAre(1, 2, 3 + 8 * scale, 4 + 16 * scale));
    // max(0, x - (relu(x) + constant)) is nothing but zeros.
    EXPECT_THAT(runner.output(0), ElementsAre(0, 0, 0, 0));
  }
}

TEST(ExampleDelegateTest, ThePluginStaysLoadedAsLongAsAnInterpreterUsesIt) {
  GraphBuilder g;
  const auto x = g.Input(kF32, {1, {2}});
  const auto y = g.Op(OpCode::kRelu, {x}, kF32);
  const Model model = std::move(g).Finish({y});
  auto library = DelegateLibrary::Load(EXAMPLE_DELEGATE, "").value();
  Interpreter runner =
      Interpreter::Create(model, {.delegates = {library}}).value();
  library.reset();
  runner.input()[0] = -1;
  runner.input()[1] = 3;
  ASSERT_THAT(runner.Invoke(), IsOk());
  EXPECT_THAT(runner.output(), ElementsAre(0, 3));
}

TEST(ExampleDelegateTest, AReasonForNotStartingReachesTheCaller) {
  const auto library = DelegateLibrary::Load(EXAMPLE_DELEGATE, "fast");
  EXPECT_EQ(library.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(library.status().message(), HasSubstr("takes no options"));
}

TEST(ExampleDelegateTest, APathWithoutAPluginIsNotFound) {
  const auto library = DelegateLibrary::Load("/no/such/plugin.so", "");
  EXPECT_EQ(library.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(library.status().message(), HasSubstr("/no/such/plugin.so"));
}

TEST(ExampleDelegateTest, ASharedObjectWithoutTheSymbolIsNotFound) {
  const auto library = DelegateLibrary::Load(NO_ENTRY, "");
  EXPECT_EQ(library.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(library.status().message(), HasSubstr("sotto_delegate_v1"));
}

TEST(ExampleDelegateTest, AnotherAbiVersionIsRefused) {
  const auto library = DelegateLibrary::Load(FOREIGN_VERSION, "");
  EXPECT_EQ(library.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(library.status().message(), HasSubstr("ABI version 2"));
}

}  // namespace
}  // namespace sotto::runtime
