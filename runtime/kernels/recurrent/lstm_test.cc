// The f32 and hybrid LSTM operators against a double evaluation.

#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/recurrent/lstm_test_support.h"

namespace sotto::runtime {

extern const Kernel kBasicLstmReference, kBidirectionalSequenceLstmReference,
    kLstmReference, kUnidirectionalSequenceLstmReference;

namespace {

constexpr std::size_t kTimes = 4, kBatch = 2;

std::vector<double> Slice(const std::vector<float>& values, std::size_t at,
                          std::size_t size) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(at * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

std::vector<LstmForm> Forms() {
  std::vector<LstmForm> forms;
  for (int bits = 0; bits < 16; ++bits) {
    LstmForm form;
    form.input_gate = (bits & 1) == 0;
    form.peephole = (bits & 2) != 0;
    form.norm = (bits & 4) != 0;
    form.projection = (bits & 8) != 0;
    form.outputs = form.projection ? 7 : form.cells;
    form.options.activation = Activation::kTanh;
    forms.push_back(form);
  }
  forms.push_back(forms[8]);
  forms.back().options.cell_clip = 0.3f;
  forms.back().options.projection_clip = 0.2f;
  forms.push_back(forms[0]);
  forms.back().options.activation = Activation::kRelu;
  return forms;
}

// Two runs of the operator, the second going on from the first's state.
void CheckForm(const LstmForm& form, double tolerance) {
  for (const bool time_major : {false, true}) {
    Options options = form.options;
    options.time_major = time_major;
    LstmFixture lstm(form, kBatch);
    const auto inputs = static_cast<std::size_t>(form.inputs);
    const auto outputs = static_cast<std::size_t>(form.outputs);
    for (int run = 0; run < 2; ++run) {
      const auto values =
          Waves(kTimes * kBatch * inputs, static_cast<float>(run), 1.0f);
      const Shape shape = time_major ? Shape{3, {kTimes, kBatch, form.inputs}}
                                     : Shape{3, {kBatch, kTimes, form.inputs}};
      TestTensor x = TestTensor::Floats(shape, values), y;
      KernelRunner kernel(kUnidirectionalSequenceLstmReference);
      ASSERT_EQ(kernel(lstm.Inputs(&x), {&y}, options), StatusCode::kOk)
          << kernel.reason();
      ASSERT_EQ(y.tensor.shape, (Shape{3, {shape[0], shape[1], form.outputs}}));
      for (std::size_t t = 0; t < kTimes; ++t) {
        for (std::size_t b = 0; b < kBatch; ++b) {
          const std::size_t at = time_major ? t * kBatch + b : b * kTimes + t;
          const auto expected = lstm.Step(b, Slice(values, at, inputs));
          const auto got = Slice(y.values<float>(), at, outputs);
          for (std::size_t i = 0; i < outputs; ++i) {
            ASSERT_NEAR(got[i], expected[i], tolerance)
                << "run " << run << " time " << t << " cell " << i;
          }
        }
      }
    }
  }
}

TEST(LstmTest, EveryFormAgreesWithADoubleEvaluationAndKeepsItsState) {
  for (const LstmForm& form : Forms()) CheckForm(form, 1e-5);
}

TEST(LstmTest, HybridFormsAreAsNearAsTheirQuantisedInputsAllow) {
  for (LstmForm form : Forms()) {
    form.hybrid = true;
    for (const bool asymmetric : {false, true}) {
      form.options.asymmetric_inputs = asymmetric;
      CheckForm(form, form.norm ? 0.08 : 0.03);
    }
  }
}

TEST(LstmTest, TheFullFormOfLstmIsOneStep) {
  LstmForm form;
  form.options.activation = Activation::kTanh;
  LstmFixture lstm(form, kBatch);
  const auto values = Waves(kBatch * 5, 0.3f, 1.0f);
  TestTensor x = TestTensor::Floats({2, {kBatch, 5}}, values), y;
  KernelRunner kernel(kLstmReference);
  ASSERT_EQ(kernel(lstm.Inputs(&x), {&y}, form.options), StatusCode::kOk)
      << kernel.reason();
  EXPECT_EQ(y.tensor.shape, (Shape{2, {kBatch, 19}}));
  for (std::size_t b = 0; b < kBatch; ++b) {
    const auto expected = lstm.Step(b, Slice(values, b, 5));
    for (std::size_t i = 0; i < 19; ++i) {
      EXPECT_NEAR(y.values<float>()[b * 19 + i], expected[i], 1e-5);
    }
  }
}

TEST(LstmTest, MissingOrMisshapenOperandsAreRefused) {
  LstmForm form;
  form.peephole = form.norm = form.projection = true;
  form.outputs = 7;
  form.options.activation = Activation::kTanh;
  LstmFixture lstm(form, kBatch);
  TestTensor x = TestTensor::Floats({3, {2, 4, 5}}, Waves(40, 0, 1)), y;
  KernelRunner kernel(kUnidirectionalSequenceLstmReference);
  const std::vector<TestTensor*> good = lstm.Inputs(&x);
  ASSERT_EQ(kernel(good, {&y}, form.options), StatusCode::kOk);
  for (std::size_t i = 0; i < good.size(); ++i) {
    if (i == 17) continue;  // the projection's bias may be absent
    std::vector<TestTensor*> inputs = good;
    inputs[i] = nullptr;
    EXPECT_EQ(kernel(inputs, {&y}, form.options), StatusCode::kInvalidArgument)
        << i;
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    const Shape kept = good[i]->tensor.shape;
    good[i]->tensor.shape.dims[kept.rank - 1] += 1;
    EXPECT_EQ(kernel(good, {&y}, form.options), StatusCode::kInvalidArgument)
        << i;
    good[i]->tensor.shape = kept;
  }
  lstm.cell.tensor.is_variable = false;
  EXPECT_EQ(kernel(good, {&y}, form.options), StatusCode::kInvalidArgument);
}

// Both directions against the fixture's steps; with auxiliary input as well.
TEST(BidirectionalLstmTest, TheBackwardCellRunsFromTheEnd) {
  for (const bool merge : {false, true}) {
    for (const int auxiliary_mode : {0, 1, 2}) {  // none, weighed, linked
      LstmForm form;
      form.cells = form.outputs = 6;
      form.options.activation = Activation::kTanh;
      form.options.merge_outputs = merge;
      form.auxiliaries = auxiliary_mode == 1 ? 3 : 0;
      LstmForm back = form;
      back.cells = back.outputs = 4;
      if (auxiliary_mode == 2) back.inputs = 3;
      LstmFixture forward(form, kBatch), backward(back, kBatch, 0.9f);
      const auto values = Waves(kTimes * kBatch * 5, 0.2f, 1.0f);
      const auto extras = Waves(kTimes * kBatch * 3, 0.8f, 1.0f);
      TestTensor x = TestTensor::Floats({3, {kBatch, kTimes, 5}}, values);
      TestTensor extra = TestTensor::Floats({3, {kBatch, kTimes, 3}}, extras);
      TestTensor y, z;
      std::vector<TestTensor*> inputs = {&x};
      for (LstmFixture* cell : {&forward, &backward}) {
        for (std::size_t i = 1; i < 18; ++i) inputs.push_back(cell->operand(i));
      }
      inputs.insert(inputs.end(), {&forward.hidden, &forward.cell,
                                   &backward.hidden, &backward.cell});
      inputs.push_back(auxiliary_mode == 0 ? nullptr : &extra);
      for (LstmFixture* cell : {&forward, &backward}) {
        for (std::size_t i = 24; i < 28; ++i) {
          inputs.push_back(cell->operand(i));
        }
      }
      std::vector<TestTensor*> outputs = {&y};
      if (!merge) outputs.push_back(&z);
      KernelRunner kernel(kBidirectionalSequenceLstmReference);
      ASSERT_EQ(kernel(inputs, outputs, form.options), StatusCode::kOk)
          << kernel.reason();
      ASSERT_EQ(y.tensor.shape[2], merge ? 10 : 6);
      for (std::size_t b = 0; b < kBatch; ++b) {
        for (std::size_t i = 0; i < kTimes; ++i) {
          const std::size_t at = b * kTimes + i;
          const std::size_t from_end = b * kTimes + kTimes - 1 - i;
          const bool weighed = auxiliary_mode == 1;
          const auto h = forward.Step(
              b, Slice(values, at, 5),
              weighed ? Slice(extras, at, 3) : std::vector<double>());
          const auto g = backward.Step(
              b,
              auxiliary_mode == 2 ? Slice(extras, from_end, 3)
                                  : Slice(values, from_end, 5),
              weighed ? Slice(extras, from_end, 3) : std::vector<double>());
          for (std::size_t o = 0; o < 6; ++o) {
            const std::size_t place = at * (merge ? 10 : 6) + o;
            ASSERT_NEAR(y.values<float>()[place], h[o], 1e-5);
          }
          for (std::size_t o = 0; o < 4; ++o) {
            const float got = merge ? y.values<float>()[from_end * 10 + 6 + o]
                                    : z.values<float>()[from_end * 4 + o];
            ASSERT_NEAR(got, g[o], 1e-5);
          }
        }
      }
    }
  }
}

TEST(BasicLstmTest, TheOldFormGivesHiddenStateAndCell) {
  constexpr std::size_t n = 3, m = 4;
  const auto weights = Waves(4 * m * (n + m), 0.1f, 0.5f);
  const auto biases = Waves(4 * m, 0.2f, 0.3f);
  auto h = Waves(kBatch * m, 0.3f, 0.4f), c = Waves(kBatch * m, 0.4f, 0.6f);
  TestTensor w = TestTensor::Floats({2, {4 * m, n + m}}, weights, true);
  TestTensor b = TestTensor::Floats({1, {4 * m}}, biases, true);
  TestTensor hidden = TestTensor::Floats({2, {kBatch, m}}, h);
  TestTensor cell = TestTensor::Floats({2, {kBatch, m}}, c);
  hidden.tensor.is_variable = cell.tensor.is_variable = true;
  Options options;
  options.basic_cell = true;
  options.activation = Activation::kTanh;
  const auto logistic = [](double z) { return 1.0 / (1.0 + std::exp(-z)); };
  for (int run = 0; run < 2; ++run) {
    const auto values = Waves(kBatch * n, static_cast<float>(run), 1.0f);
    TestTensor x = TestTensor::Floats({2, {kBatch, n}}, values);
    TestTensor new_h, new_c, both, gates;
    KernelRunner kernel(kBasicLstmReference);
    ASSERT_EQ(kernel({&x, &hidden, &w, &b, &cell},
                     {&new_h, &new_c, &both, &gates}, options),
              StatusCode::kOk)
        << kernel.reason();
    const auto old_h = h;
    for (std::size_t row = 0; row < kBatch; ++row) {
      for (std::size_t i = 0; i < m; ++i) {
        double z[4];
        for (std::size_t g = 0; g < 4; ++g) {
          const float* at = weights.data() + (g * m + i) * (n + m);
          z[g] = biases[g * m + i];
          for (std::size_t j = 0; j < n; ++j)
            z[g] += at[j] * values[row * n + j];
          for (std::size_t j = 0; j < m; ++j) {
            z[g] += at[n + j] * old_h[row * m + j];
          }
        }
        const std::size_t at = row * m + i;
        c[at] = static_cast<float>(logistic(z[0]) * std::tanh(z[1]) +
                                   logistic(z[2]) * c[at]);
        h[at] = static_cast<float>(logistic(z[3]) * std::tanh(c[at]));
        EXPECT_NEAR(new_c.values<float>()[at], c[at], 1e-5);
        EXPECT_NEAR(new_h.values<float>()[at], h[at], 1e-5);
      }
    }
    EXPECT_EQ(hidden.values<float>(), new_h.values<float>());
    EXPECT_EQ(cell.values<float>(), new_c.values<float>());
  }
}

}  // namespace
}  // namespace sotto::runtime
