// This program has the kernels of CONV_2D, ADD and SOFTMAX alone.

#include "gtest/gtest.h"
#include "runtime/host/interpreter.h"
#include "runtime/kernels/registry.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tests/support/graph_builder.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

TEST(SelectionTest, OnlyTheNamedOperatorsHaveKernels) {
  EXPECT_TRUE(HasKernel(OpCode::kConv2D));
  EXPECT_TRUE(HasKernel(OpCode::kAdd));
  EXPECT_TRUE(HasKernel(OpCode::kSoftmax));
  for (std::int32_t code = 0; code < 210; ++code) {
    const auto op = static_cast<OpCode>(code);
    if (op != OpCode::kConv2D && op != OpCode::kAdd && op != OpCode::kSoftmax) {
      EXPECT_FALSE(HasKernel(op)) << OpName(op);
    }
  }
}

TEST(SelectionTest, WhatThePlannerMakesOfTwoNamedOperatorsIsThere) {
  EXPECT_TRUE(HasKernel(OpCode::kConv2DAdd));
  EXPECT_FALSE(HasKernel(OpCode::kDepthwisePointwise));
}

TEST(SelectionTest, EveryKernelOfANamedOperatorIsThere) {
  const auto all = FindKernels(OpCode::kConv2D);
  EXPECT_GT(all.count, FindKernels(OpCode::kConv2D, KernelTier::kVector).count);
  EXPECT_EQ(all.rows[all.count - 1]->tier, KernelTier::kReference);
}

TEST(SelectionTest, AModelOfNamedOperatorsRuns) {
  GraphBuilder graph;
  const auto x = graph.Input(ElementType::kFloat32, {2, {1, 4}});
  const auto y = graph.Op(OpCode::kSoftmax, {x}, ElementType::kFloat32);
  graph.tensor(y).shape = {2, {1, 4}};
  const Bytes file = WriteModel(std::move(graph).Finish({y}));
  const auto model = ParseModel(file, {});
  ASSERT_THAT(model, IsOk());
  auto interpreter = Interpreter::Create(*model, {});
  ASSERT_THAT(interpreter, IsOk());
  ASSERT_THAT(interpreter->Invoke(), IsOk());
  EXPECT_FLOAT_EQ(interpreter->output()[3], 0.25f);
}

TEST(SelectionTest, AModelWithAnotherOperatorIsRefusedByItsName) {
  const Model cnn = MakeArchitecture({.name = "cnn"}).value();
  const auto model = ParseModel(WriteModel(cnn), {});
  ASSERT_FALSE(model.ok());
  EXPECT_TRUE(model.status().message().find("FULLY_CONNECTED") !=
              std::string::npos)
      << model.status();
}

}  // namespace
}  // namespace sotto::runtime
