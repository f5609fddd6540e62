// What the interpreter does around kernels: folding, dynamic shapes, control
// flow, variables, memory.

#include <atomic>
#include <cstdlib>
#include <new>

#include "gtest/gtest.h"
#include "runtime/host/interpreter.h"
#include "tests/support/graph_builder.h"
#include "tests/support/status_matchers.h"

namespace {
std::atomic<std::size_t> allocations = 0;
}  // namespace

// Counts; the sanitizers' own operators are left alone.
#if defined(__has_feature)
#define SOTTO_HAS_FEATURE(name) __has_feature(name)
#else
#define SOTTO_HAS_FEATURE(name) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !SOTTO_HAS_FEATURE(address_sanitizer) &&                           \
    !SOTTO_HAS_FEATURE(thread_sanitizer)
#define SOTTO_COUNTS_ALLOCATIONS 1
void* operator new(std::size_t size) {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new(std::size_t size, std::align_val_t align) {
  ++allocations;
  const auto a = static_cast<std::size_t>(align);
  return std::aligned_alloc(a, (size + a - 1) / a * a);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
#endif

namespace sotto::runtime {
namespace {

constexpr ElementType kF32 = ElementType::kFloat32;
constexpr ElementType kI32 = ElementType::kInt32;
constexpr ElementType kBool = ElementType::kBool;

std::vector<float> Values(std::span<const float> values) {
  return {values.begin(), values.end()};
}

TEST(GraphRunnerTest, ConstantsAreFoldedAndShapesComputedFromThemAreStatic) {
  GraphBuilder g;
  const auto x = g.Input(kF32, {2, {2, 6}});
  const auto shape = g.Op(OpCode::kShape, {x}, kI32);
  // [2, 6] reversed is [6, 2]: all of it is known before the first run.
  const auto axis = g.Ints({0});
  const auto turned = g.Op(OpCode::kReverseV2, {shape, axis}, kI32);
  const auto y = g.Op(OpCode::kReshape, {x, turned}, kF32);
  const Model model = std::move(g).Finish({y});
  Interpreter runner = Interpreter::Create(model, {}).value();
  EXPECT_EQ(runner.output_tensor(0).shape, (Shape{2, {6, 2}}));
  std::size_t live = 0;
  for (const Node& node : runner.nodes()) live += node.folded ? 0 : 1;
  EXPECT_EQ(live, 1u);
}

TEST(GraphRunnerTest, AShapeThatDependsOnDataIsFollowedAtEveryInvoke) {
  GraphBuilder g;
  const auto x = g.Input(kF32, {2, {1, 3}});
  const auto times = g.Input(kI32, {1, {2}});
  const auto tiled = g.Op(OpCode::kTile, {x, times}, kF32);
  const auto y = g.Op(OpCode::kAdd, {tiled, tiled}, kF32);
  const Model model = std::move(g).Finish({y});
  Interpreter runner = Interpreter::Create(model, {}).value();
  for (const std::int32_t rows : {1, 3, 3, 3, 2, 3, 1, 1}) {
    for (int i = 0; i < 3; ++i)
      runner.input(0)[static_cast<std::size_t>(i)] = static_cast<float>(i);
    auto* want = runner.input_tensor(1).as<std::int32_t>();
    want[0] = rows;
    want[1] = 1;
    ASSERT_THAT(runner.Invoke(), IsOk());
    ASSERT_EQ(runner.output_tensor(0).shape, (Shape{2, {rows, 3}}));
    EXPECT_EQ(runner.output(0)[static_cast<std::size_t>(rows) * 3 - 1], 4.0f);
  }
  runner.input_tensor(1).as<std::int32_t>()[0] = -1;
  EXPECT_THAT(runner.Invoke(), StatusIs(absl::StatusCode::kInvalidArgument));
}

// while (i < n) { i += 1; sum += i; }
Model Summing() {
  GraphBuilder condition;
  {
    const auto i = condition.Input(kI32, {0, {}});
    condition.Input(kI32, {0, {}});
    const auto n = condition.Input(kI32, {0, {}});
    const auto less = condition.Op(OpCode::kLess, {i, n}, kBool);
    Model made = std::move(condition).Finish({less});
    GraphBuilder body;
    const auto bi = body.Input(kI32, {0, {}});
    const auto sum = body.Input(kI32, {0, {}});
    const auto bn = body.Input(kI32, {0, {}});
    const auto one = body.Constant<std::int32_t>(kI32, {0, {}}, {1});
    const auto next = body.Op(OpCode::kAdd, {bi, one}, kI32);
    const auto more = body.Op(OpCode::kAdd, {sum, next}, kI32);
    Model loop = std::move(body).Finish({next, more, bn});
    GraphBuilder main;
    const auto zero = main.Constant<std::int32_t>(kI32, {0, {}}, {0});
    const auto mn = main.Input(kI32, {0, {}});
    std::vector<std::int32_t> results;
    for (int k = 0; k < 3; ++k) results.push_back(main.Tensor(kI32));
    main.AddOp(OpCode::kWhile, {zero, zero, mn}, results,
               {.subgraph_a = 1, .subgraph_b = 2});
    Model model = std::move(main).Finish({results[1]});
    AddSubgraph(model, std::move(made));
    AddSubgraph(model, std::move(loop));
    return model;
  }
}

TEST(GraphRunnerTest, ALoopRunsUntilItsConditionFails) {
  const Model model = Summing();
  Interpreter runner = Interpreter::Create(model, {}).value();
  for (const auto& [n, sum] : {std::pair{0, 0}, {1, 1}, {10, 55}, {3, 6}}) {
    *runner.input_tensor(0).as<std::int32_t>() = n;
    ASSERT_THAT(runner.Invoke(), IsOk());
    EXPECT_EQ(*runner.output_tensor(0).as<std::int32_t>(), sum);
  }
}

TEST(GraphRunnerTest, AnEmptyTensorIsNoMatterForFastKernels) {
  GraphBuilder g;
  const auto x = g.Input(kF32, {2, {3, 0}});
  const auto y = g.Op(OpCode::kSoftmax, {x}, kF32);
  const Model model = std::move(g).Finish({y});
  for (const bool keep : {false, true}) {
    Interpreter runner =
        Interpreter::Create(model, {.keep_activations = keep}).value();
    EXPECT_THAT(runner.Invoke(), IsOk());
    EXPECT_EQ(runner.output_tensor(0).shape, (Shape{2, {3, 0}}));
  }
}

TEST(GraphRunnerTest, ALoopThatDoesNotEndIsStopped) {
  const Model model = Summing();
  Interpreter runner = Interpreter::Create(model, {.max_calls = 20}).value();
  *runner.input_tensor(0).as<std::int32_t>() = 5;
  EXPECT_THAT(runner.Invoke(), IsOk());
  *runner.input_tensor(0).as<std::int32_t>() = 50;
  EXPECT_THAT(runner.Invoke(), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(GraphRunnerTest, ResourceVariablesOutliveAnInvokeUntilTheyAreReset) {
  // CALL_ONCE { v = 10 };  v = v + x;  y = v
  const Options first = {.resource = 0};
  GraphBuilder init;
  {
    const auto handle =
        init.Op(OpCode::kVarHandle, {}, ElementType::kResource, first);
    const auto ten = init.Floats({1, {1}}, {10.0f});
    init.AddOp(OpCode::kAssignVariable, {handle, ten}, {});
  }
  GraphBuilder g;
  const auto x = g.Input(kF32, {1, {1}});
  g.AddOp(OpCode::kCallOnce, {}, {}, {.subgraph_a = 1});
  const auto handle =
      g.Op(OpCode::kVarHandle, {}, ElementType::kResource, first);
  const auto old = g.Op(OpCode::kReadVariable, {handle}, kF32);
  const auto sum = g.Op(OpCode::kAdd, {old, x}, kF32);
  g.AddOp(OpCode::kAssignVariable, {handle, sum}, {});
  const auto y = g.Op(OpCode::kReadVariable, {handle}, kF32);
  Model model = std::move(g).Finish({y});
  AddSubgraph(model, std::move(init).Finish({}));
  model.num_resources = 1;
  Interpreter runner = Interpreter::Create(model, {}).value();
  for (int round = 0; round < 2; ++round) {
    for (const float want : {11.5f, 13.0f, 14.5f}) {
      runner.input()[0] = 1.5f;
      ASSERT_THAT(runner.Invoke(), IsOk());
      EXPECT_EQ(runner.output()[0], want);
    }
    runner.ResetVariables();
  }
}

TEST(GraphRunnerTest, ResizedInputsGiveTheSameAsAFileOfThatShape) {
  const auto make = [](std::int32_t rows) {
    GraphBuilder g;
    const auto x = g.Input(kF32, {2, {rows, 4}});
    const auto w =
        g.Floats({2, {3, 4}}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    const auto y = g.Op(OpCode::kFullyConnected, {x, w}, kF32);
    return std::move(g).Finish({y});
  };
  const Model one = make(1), five = make(5);
  Interpreter resized = Interpreter::Create(one, {}).value();
  ASSERT_THAT(resized.ResizeInputs(std::vector<Shape>{{2, {5, 4}}}), IsOk());
  Interpreter fixed = Interpreter::Create(five, {}).value();
  for (std::size_t i = 0; i < 20; ++i) {
    resized.input()[i] = fixed.input()[i] = static_cast<float>(i) - 7.0f;
  }
  ASSERT_THAT(resized.Invoke(), IsOk());
  ASSERT_THAT(fixed.Invoke(), IsOk());
  EXPECT_EQ(Values(resized.output()), Values(fixed.output()));
  // A shape that does not fit is refused, and the next good one works again.
  EXPECT_THAT(resized.ResizeInputs(std::vector<Shape>{{2, {5, 3}}}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(resized.Invoke(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(resized.ResizeInputs(std::vector<Shape>{{2, {2, 4}}}), IsOk());
  EXPECT_THAT(resized.Invoke(), IsOk());
}

TEST(GraphRunnerTest, NothingIsAllocatedAfterTheFirstInvoke) {
#ifndef SOTTO_COUNTS_ALLOCATIONS
  GTEST_SKIP() << "a sanitizer owns operator new";
#endif
  const Model model = Summing();
  for (const int threads : {1, 2}) {
    Interpreter runner =
        Interpreter::Create(model, {.threads = threads}).value();
    *runner.input_tensor(0).as<std::int32_t>() = 5;
    ASSERT_THAT(runner.Invoke(), IsOk());
    const std::size_t before = allocations;
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(runner.Invoke().ok());
    EXPECT_EQ(allocations, before);
  }
}

TEST(GraphRunnerTest, AnUnknownSignatureIsRefusedByTheNamesThereAre) {
  Model model = Summing();
  model.signatures.push_back(
      {.key = "sum", .subgraph = 0, .inputs = {}, .outputs = {}});
  EXPECT_THAT(Interpreter::Create(model, {.signature = "sum"}), IsOk());
  EXPECT_THAT(
      Interpreter::Create(model, {.signature = "product"}),
      StatusIs(absl::StatusCode::kNotFound, ::testing::HasSubstr("sum")));
}

}  // namespace
}  // namespace sotto::runtime
