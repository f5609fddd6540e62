#include <gtest/gtest.h>

#include "runtime/kernels/cpu/f32_sweep_test_support.h"
#include "runtime/kernels/recurrent/lstm_test_support.h"

namespace sotto::runtime {

extern const Kernel kPackedSequenceLstmF32;

namespace {

constexpr std::size_t kTimes = 6, kBatch = 2;

std::vector<double> Slice(const std::vector<float>& values, std::size_t at,
                          std::size_t size) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(at * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

// Two runs, the second going on from the first's state; returns all results.
std::vector<float> CheckForm(const LstmForm& form, int threads) {
  const auto inputs = static_cast<std::size_t>(form.inputs);
  const auto cells = static_cast<std::size_t>(form.cells);
  const bool time_major = form.options.time_major;
  LstmFixture lstm(form, kBatch);
  std::vector<float> all;
  for (int run = 0; run < 2; ++run) {
    const auto values =
        Waves(kTimes * kBatch * inputs, static_cast<float>(run), 1.0f);
    TestTensor y, x = TestTensor::Floats(
                      time_major ? Shape{3, {kTimes, kBatch, form.inputs}}
                                 : Shape{3, {kBatch, kTimes, form.inputs}},
                      values);
    KernelRunner kernel(kPackedSequenceLstmF32, threads);
    EXPECT_EQ(kernel(lstm.Inputs(&x), {&y}, form.options), StatusCode::kOk)
        << kernel.reason();
    const auto got = y.values<float>();
    for (std::size_t t = 0; t < kTimes; ++t) {
      for (std::size_t b = 0; b < kBatch; ++b) {
        const std::size_t at = time_major ? t * kBatch + b : b * kTimes + t;
        const auto want = lstm.Step(b, Slice(values, at, inputs));
        for (std::size_t i = 0; i < cells; ++i) {
          EXPECT_NEAR(got[at * cells + i], want[i], 3e-6)
              << form.inputs << " inputs, run " << run << " time " << t
              << " cell " << i << " of " << cells;
        }
      }
    }
    all.insert(all.end(), got.begin(), got.end());
    const auto state = lstm.cell.values<float>();
    all.insert(all.end(), state.begin(), state.end());
  }
  return all;
}

TEST(PackedLstm, EqualsADoubleEvaluationWithAnyNumberOfThreads) {
  ForEachTarget([] {
    for (const std::int32_t cells : {1, 15, 16, 17, 20, 50}) {
      for (const std::int32_t inputs : {1, 2, 28}) {
        for (const float clip : {0.0f, 0.2f}) {
          LstmForm form;
          form.inputs = inputs;
          form.cells = form.outputs = cells;
          form.options.activation = Activation::kTanh;
          form.options.cell_clip = clip;
          form.options.time_major = inputs == 2;
          const std::vector<float> one = CheckForm(form, 1);
          EXPECT_EQ(CheckForm(form, 3), one);
        }
      }
    }
  });
}

TEST(PackedLstm, NoTimeLeavesTheStateAndNoBatchIsNoResult) {
  LstmForm form;
  form.options.activation = Activation::kTanh;
  LstmFixture lstm(form, kBatch), none(form, 0);
  TestTensor x = TestTensor::Floats({3, {kBatch, 0, form.inputs}}, {}), y;
  KernelRunner kernel(kPackedSequenceLstmF32);
  const auto hidden = lstm.hidden.values<float>();
  ASSERT_EQ(kernel(lstm.Inputs(&x), {&y}, form.options), StatusCode::kOk);
  EXPECT_EQ(lstm.hidden.values<float>(), hidden);
  x = TestTensor::Floats({3, {0, 4, form.inputs}}, {});
  ASSERT_EQ(kernel(none.Inputs(&x), {&y}, form.options), StatusCode::kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{3, {0, 4, form.cells}}));
}

TEST(PackedLstm, OtherFormsAreLeftToTheReference) {
  const auto code = [](const LstmForm& form, bool constant = true) {
    LstmFixture lstm(form, kBatch);
    lstm.operand(6)->tensor.is_constant = constant;
    TestTensor x = TestTensor::Floats({3, {kBatch, 4, form.inputs}},
                                      Waves(kBatch * 4 * 5, 0, 1)),
               y;
    return KernelRunner(kPackedSequenceLstmF32)(lstm.Inputs(&x), {&y},
                                                form.options);
  };
  LstmForm plain;
  plain.options.activation = Activation::kTanh;
  EXPECT_EQ(code(plain), StatusCode::kOk);
  EXPECT_EQ(code(plain, false), StatusCode::kUnimplemented);
  LstmForm other = plain;
  other.input_gate = false;
  EXPECT_EQ(code(other), StatusCode::kUnimplemented);
  other = plain;
  other.peephole = true;
  EXPECT_EQ(code(other), StatusCode::kUnimplemented);
  other = plain;
  other.norm = true;
  EXPECT_EQ(code(other), StatusCode::kUnimplemented);
  other = plain;
  other.projection = true;
  EXPECT_EQ(code(other), StatusCode::kUnimplemented);
  other = plain;
  other.hybrid = true;
  EXPECT_EQ(code(other), StatusCode::kUnimplemented);
  other = plain;
  other.options.activation = Activation::kRelu;
  EXPECT_EQ(code(other), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace sotto::runtime
