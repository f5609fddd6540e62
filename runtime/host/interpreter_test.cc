#include "runtime/host/interpreter.h"

#include <cmath>
#include <filesystem>

#include "gtest/gtest.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_file.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

void FillPattern(std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = std::sin(static_cast<float>(i) * 0.37f);
  }
}

TEST(InterpreterTest, ABatchGivesWhatItsExamplesGiveAlone) {
  const Model model = MakeArchitecture({.name = "cnn"}).value();
  Interpreter one = Interpreter::Create(model, {}).value();
  Interpreter many = Interpreter::Create(model, {.batch = 5}).value();
  FillPattern(many.input());
  ASSERT_THAT(many.Invoke(), IsOk());
  const std::size_t in = one.input().size(), out = one.output().size();
  for (std::size_t n = 0; n < 5; ++n) {
    std::ranges::copy(many.input().subspan(n * in, in), one.input().begin());
    ASSERT_THAT(one.Invoke(), IsOk());
    for (std::size_t i = 0; i < out; ++i) {
      EXPECT_NEAR(one.output()[i], many.output()[n * out + i], 1e-4f);
    }
  }
}

TEST(InterpreterTest, KeepingActivationsChangesKernelsNotResults) {
  const Model model = MakeArchitecture({.name = "cnn"}).value();
  Interpreter lean = Interpreter::Create(model, {.batch = 2}).value();
  Interpreter full =
      Interpreter::Create(model, {.batch = 2, .keep_activations = true})
          .value();
  EXPECT_GT(lean.memory().packed, 0u);
  EXPECT_EQ(full.memory().packed, 0u);
  FillPattern(lean.input());
  FillPattern(full.input());
  for (int i = 0; i < 2; ++i) {
    ASSERT_THAT(lean.Invoke(), IsOk());
    ASSERT_THAT(full.Invoke(), IsOk());
    for (std::size_t j = 0; j < lean.output().size(); ++j) {
      EXPECT_NEAR(lean.output()[j], full.output()[j], 1e-5);
    }
  }
}

TEST(InterpreterTest, TheEstimateIsWhatCreateTakesAndTheLimitIsExact) {
  const Model model = MakeArchitecture({.name = "cnn"}).value();
  const InterpreterOptions options = {.batch = 3};
  const std::size_t bytes =
      Interpreter::MemoryEstimate(model, options).value().total();
  EXPECT_EQ(Interpreter::Create(model, options)->memory().total(), bytes);
  EXPECT_THAT(
      Interpreter::Create(model, {.batch = 3, .max_arena_bytes = bytes}),
      IsOk());
  EXPECT_THAT(
      Interpreter::Create(model, {.batch = 3, .max_arena_bytes = bytes - 1}),
      StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(InterpreterTest, ABatchThatOverflowsEverySizeIsRefused) {
  const Model model = MakeArchitecture({.name = "cnn"}).value();
  EXPECT_THAT(Interpreter::MemoryEstimate(model, {.batch = 2147483647}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Interpreter::MemoryEstimate(model, {.batch = 1 << 19}),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(InterpreterTest, ReplacedWeightsAreUsed) {
  const Model model = MakeArchitecture({.name = "mlp"}).value();
  Interpreter runner =
      Interpreter::Create(model, {.keep_activations = true}).value();
  std::vector<std::vector<float>> zeros;
  for (const std::int32_t tensor : model.WeightTensors()) {
    zeros.emplace_back(model.Floats(tensor).size(), 0.0f);
    runner.UseWeights(tensor, zeros.back());
  }
  FillPattern(runner.input());
  ASSERT_THAT(runner.Invoke(), IsOk());
  for (const float value : runner.output()) EXPECT_EQ(value, 0.0f);
}

// What they compute is tests/conformance's matter.
TEST(InterpreterTest, EveryRealModelRunsToFiniteNumbers) {
  SOTTO_SHARED_DATA_OR_SKIP(folder, "models");
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().filename().string());
    const auto model =
        LoadModel(entry.path().string(), {.fold_weights_to_f32 = false});
    ASSERT_THAT(model, IsOk());
    // Of nothing but zeros this one never ends by itself.
    const bool is_endless = entry.path().stem() == "nested_while";
    for (const Backend backend : {Backend::kCpu, Backend::kReference}) {
      auto interpreter = Interpreter::Create(*model, {.backend = backend});
      ASSERT_THAT(interpreter, IsOk());
      // Plain loops would take a minute for the large ones under sanitizers.
      if (is_endless || (backend == Backend::kReference &&
                         CountMacs(*interpreter) > 20'000'000)) {
        continue;
      }
      for (std::size_t i = 0; i < interpreter->num_inputs(); ++i) {
        std::ranges::fill(interpreter->input_bytes(i), 0);
      }
      ASSERT_THAT(interpreter->Invoke(), IsOk());
      for (std::size_t i = 0; i < interpreter->num_outputs(); ++i) {
        if (interpreter->output_tensor(i).type != ElementType::kFloat32) {
          continue;
        }
        for (const float value : interpreter->output(i)) {
          EXPECT_TRUE(std::isfinite(value));
        }
      }
    }
  }
}

}  // namespace
}  // namespace sotto::runtime
