#include "runtime/delegates/vulkan/vulkan_delegate.h"

#include <cstdlib>
#include <thread>

#include "runtime/delegates/vulkan/device.h"
#include "runtime/delegates/vulkan/vulkan_test_support.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_file.h"
#include "tests/support/shared_data.h"

namespace sotto::runtime {
namespace {

using ::testing::HasSubstr;

TEST(VulkanDelegateTest, WhatItHasNotStaysOnTheCpuWithTheReason) {
  VULKAN_OR_SKIP(library, "");
  GraphBuilder g;
  const auto x = g.Input(kF32, {2, {2, 8}});
  const auto a = g.Op(OpCode::kRelu, {x}, kF32);
  const auto b = g.Op(OpCode::kFloor, {a}, kF32);
  const auto c = g.Op(OpCode::kAdd, {b, a}, kF32);
  // A broadcast in the middle.
  const auto d = g.Op(OpCode::kAdd, {c, g.Floats({2, {2, 1}}, {1, 2})}, kF32);
  const Model model = std::move(g).Finish({d});
  ExpectSame(model, library, kF32Tolerance, false);
  const Interpreter runner =
      Interpreter::Create(model, {.delegates = {library}}).value();
  const auto& decisions = runner.decisions();
  ASSERT_EQ(decisions.size(), 4u);
  EXPECT_EQ(decisions[0].delegate, "vulkan");
  EXPECT_EQ(decisions[1].delegate, "");
  EXPECT_EQ(decisions[1].reason, "vulkan: there is no shader for it");
  EXPECT_EQ(decisions[2].delegate, "vulkan");
  EXPECT_EQ(decisions[3].delegate, "");
  EXPECT_THAT(decisions[3].reason, HasSubstr("broadcast"));
}

TEST(VulkanDelegateTest, OtherTypesAreRefused) {
  VULKAN_OR_SKIP(library, "");
  GraphBuilder g;
  const auto x = g.Input(ElementType::kInt32, {1, {4}});
  const auto y = g.Op(OpCode::kAdd, {x, x}, ElementType::kInt32);
  const Model model = std::move(g).Finish({y});
  const Interpreter runner =
      Interpreter::Create(model, {.delegates = {library}}).value();
  EXPECT_EQ(runner.decisions()[0].reason, "vulkan: only f32");
}

TEST(VulkanDelegateTest, AReshapeAloneCopies) {
  VULKAN_OR_SKIP(library, "");
  GraphBuilder g;
  const auto x = g.Input(kF32, {2, {2, 8}});
  const auto a = g.Op(OpCode::kReshape, {x, g.Ints({16})}, kF32);
  const auto b = g.Op(OpCode::kReshape, {a, g.Ints({4, 4})}, kF32);
  const Model model = std::move(g).Finish({a, b});
  ExpectSame(model, library, 0);
  VULKAN_OR_SKIP(staged, "memory=staged");
  ExpectSame(model, staged, 0);
}

TEST(VulkanDelegateTest, ASmallPartIsLeftToTheCpuByCost) {
  VULKAN_OR_SKIP(library, "");
  const Model model = ModelOf({OpCode::kRelu, {{2, {1, 8}}}});
  const Interpreter runner =
      Interpreter::Create(model,
                          {.delegates = {library}, .delegates_by_cost = true})
          .value();
  EXPECT_EQ(runner.decisions()[0].delegate, "");
  EXPECT_THAT(runner.decisions()[0].reason, HasSubstr("estimated"));
}

// Asks the delegate without an interpreter, which would need the memory.
struct Bare {
  void* self = nullptr;
  std::vector<SottoDelegateTensor> tensors;
  SottoDelegateMessage message = {};

  void Tensor(std::int32_t elements) {
    tensors.push_back({.type = 0,
                       .rank = 1,
                       .dims = {elements},
                       .data = nullptr,
                       .scales = nullptr,
                       .num_scales = 0,
                       .zero_point = 0,
                       .quantized_dimension = 0});
  }
};

constexpr SottoDelegateOptions kNoOptions = {};

TEST(VulkanDelegateTest, ATensorLargerThanAStorageBufferIsRefused) {
  VULKAN_OR_SKIP(library, "");
  Bare bare;
  bare.Tensor(1 << 30);
  bare.Tensor(1 << 30);
  const std::int32_t x = 0, y = 1;
  const SottoDelegateOp op = {.code = static_cast<int>(OpCode::kRelu),
                              .version = 1,
                              .inputs = &x,
                              .num_inputs = 1,
                              .outputs = &y,
                              .num_outputs = 1,
                              .options = &kNoOptions};
  EXPECT_EQ(library->table().supports(library->self(), bare.tensors.data(), 2,
                                      &op, &bare.message),
            0);
  EXPECT_THAT(bare.message.text, HasSubstr("too large"));
}

TEST(VulkanDelegateTest, APartThatNeedsTooMuchMemoryIsRefused) {
  VULKAN_OR_SKIP(library, "");
  // All of them outputs, so that none gives its memory to another.
  constexpr std::int32_t kOps = 4096;
  Bare bare;
  std::vector<std::int32_t> numbers;
  for (std::int32_t i = 0; i <= kOps; ++i) {
    bare.Tensor(1 << 24);
    numbers.push_back(i);
  }
  std::vector<SottoDelegateOp> ops;
  for (std::size_t i = 0; i < kOps; ++i) {
    ops.push_back({.code = static_cast<int>(OpCode::kRelu),
                   .version = 1,
                   .inputs = &numbers[i],
                   .num_inputs = 1,
                   .outputs = &numbers[i + 1],
                   .num_outputs = 1,
                   .options = &kNoOptions});
  }
  const SottoDelegatePart part = {.struct_size = sizeof(SottoDelegatePart),
                                  .tensors = bare.tensors.data(),
                                  .num_tensors = kOps + 1,
                                  .ops = ops.data(),
                                  .num_ops = kOps,
                                  .inputs = numbers.data(),
                                  .num_inputs = 1,
                                  .outputs = numbers.data() + 1,
                                  .num_outputs = kOps,
                                  .num_threads = 1};
  EXPECT_EQ(library->table().prepare(library->self(), &part, &bare.message),
            nullptr);
  EXPECT_THAT(bare.message.text,
              ::testing::AnyOf(HasSubstr("at once"), HasSubstr("memory")));
}

TEST(VulkanDelegateTest, WithoutADriverItDoesNotStartAndSaysSo) {
  ::setenv("VK_DRIVER_FILES", "/dev/null", 1);
  ::setenv("VK_ICD_FILENAMES", "/dev/null", 1);
  const auto library = DelegateLibrary::Create(SottoVulkanDelegate(), "");
  ::unsetenv("VK_DRIVER_FILES");
  ::unsetenv("VK_ICD_FILENAMES");
  EXPECT_EQ(library.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(library.status().message(), HasSubstr("Vulkan"));
}

TEST(VulkanDelegateTest, ErrorsOfTheDriverSayWhatToDo) {
  EXPECT_EQ(vulkan::StatusOf(VK_ERROR_DEVICE_LOST, "x").code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(vulkan::StatusOf(VK_ERROR_OUT_OF_DEVICE_MEMORY, "x").code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(vulkan::StatusOf(VK_ERROR_UNKNOWN, "x").code(),
            absl::StatusCode::kInternal);
}

TEST(VulkanDelegateTest, UnknownOptionsAreRefusedByName) {
  for (const char* const options : {"speed=11", "precision=f8", "device=-1",
                                    "device=x", "device", "memory=none"}) {
    const auto library =
        DelegateLibrary::Create(SottoVulkanDelegate(), options);
    EXPECT_EQ(library.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(library.status().message(), HasSubstr(options));
  }
}

TEST(VulkanDelegateTest, ADeviceThatIsNotThereIsRefused) {
  VULKAN_OR_SKIP(library, "device=0 precision=f32");
  const auto missing =
      DelegateLibrary::Create(SottoVulkanDelegate(), "device=1000");
  EXPECT_THAT(missing.status().message(), HasSubstr("device 1000"));
}

TEST(VulkanDelegateTest, AConvolutionalNetworkIsOnePartAndRunsAgainAndAgain) {
  VULKAN_OR_SKIP(library, "");
  const Model model = MakeArchitecture({.name = "cnn"}).value();
  Interpreter own = Interpreter::Create(model, {}).value();
  Interpreter delegated =
      Interpreter::Create(model, {.delegates = {library}}).value();
  ASSERT_EQ(delegated.nodes().size(), 1u);
  for (std::uint32_t round = 0; round < 5; ++round) {
    FillInputs(own, round);
    FillInputs(delegated, round);
    ASSERT_THAT(own.Invoke(), IsOk());
    ASSERT_THAT(delegated.Invoke(), IsOk());
    EXPECT_LE(Difference(own, delegated), kF32Tolerance);
  }
  // Another batch is another part.
  const Shape larger = {4, {3, 8, 8, 1}};
  ASSERT_THAT(own.ResizeInputs({&larger, 1}), IsOk());
  ASSERT_THAT(delegated.ResizeInputs({&larger, 1}), IsOk());
  FillInputs(own);
  FillInputs(delegated);
  ASSERT_THAT(own.Invoke(), IsOk());
  ASSERT_THAT(delegated.Invoke(), IsOk());
  EXPECT_LE(Difference(own, delegated), kF32Tolerance);
}

TEST(VulkanDelegateTest, ThreadsMayShareTheDevice) {
  VULKAN_OR_SKIP(library, "");
  const Model model = MakeArchitecture({.name = "cnn"}).value();
  Interpreter own = Interpreter::Create(model, {}).value();
  FillInputs(own);
  ASSERT_THAT(own.Invoke(), IsOk());
  std::vector<double> differences(2, 1.0);
  std::vector<std::thread> threads;
  for (double& difference : differences) {
    threads.emplace_back([&] {
      Interpreter delegated =
          Interpreter::Create(model, {.delegates = {library}}).value();
      double largest = 0;
      for (int round = 0; round < 20; ++round) {
        FillInputs(delegated);
        if (!delegated.Invoke().ok()) return;
        largest = std::max(largest, Difference(own, delegated));
      }
      difference = largest;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(differences, ::testing::Each(::testing::Le(kF32Tolerance)));
}

class VulkanNetworkTest : public ::testing::TestWithParam<const char*> {};

TEST_P(VulkanNetworkTest, MatchesTheCpuAsAWhole) {
  SOTTO_SHARED_DATA_OR_SKIP(path, std::string("models/") + GetParam());
  const Model model = LoadModel(path, {}).value();
  VULKAN_OR_SKIP(single, "");
  ExpectSame(model, single, kF32Tolerance);
  const auto half =
      DelegateLibrary::Create(SottoVulkanDelegate(), "precision=f16");
  // Rounded at every layer, and again through the exponential of the softmax.
  if (half.ok()) ExpectSame(model, *half, 25 * kF16Tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    Shared, VulkanNetworkTest,
    ::testing::Values("resnet8_f32.tflite", "mobilenet_v1_025_224_f32.tflite",
                      "kws_f32.tflite", "mnist_cnn_f32.tflite",
                      "vww_f32.tflite", "toycar_f32.tflite"));

}  // namespace
}  // namespace sotto::runtime
