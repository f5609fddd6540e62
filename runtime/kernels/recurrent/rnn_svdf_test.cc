// RNN and SVDF against a double evaluation, over several runs.

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/recurrent/lstm_test_support.h"
#include "runtime/kernels/recurrent/matrix_vector.h"

namespace sotto::runtime {

extern const Kernel kRnnReference, kSvdfIntegerReference, kSvdfReference,
    kUnidirectionalSequenceRnnReference;

namespace {

TEST(MakeOperandTest, QuantisedValuesAreWithinHalfAStep) {
  const auto values = Waves(50, 0.4f, 3.0f);
  for (const float offset : {0.0f, 2.0f, 10.0f, -10.0f}) {
    for (const bool asymmetric : {false, true}) {
      std::vector<float> shifted = values;
      for (float& v : shifted) v += offset;
      std::vector<std::int8_t> bytes(values.size());
      const Operand x = MakeOperand(shifted.data(), shifted.size(),
                                    {true, asymmetric}, bytes.data());
      for (std::size_t i = 0; i < shifted.size(); ++i) {
        EXPECT_NEAR(x.scale * static_cast<float>(bytes[i] - x.zero_point),
                    shifted[i], x.scale * (asymmetric ? 1.01f : 0.51f));
      }
    }
  }
}

TEST(MakeOperandTest, ZerosTinyValuesAndNanAreHarmless) {
  const float cases[][2] = {{0.0f, 0.0f},
                            {1e-45f, -1e-45f},
                            {NAN, 1.0f},
                            {3e38f, -3e38f},
                            {INFINITY, 1.0f}};
  for (const auto& values : cases) {
    for (const bool asymmetric : {false, true}) {
      std::int8_t bytes[2];
      const Operand x = MakeOperand(values, 2, {true, asymmetric}, bytes);
      EXPECT_TRUE(std::isfinite(x.scale));
      EXPECT_GT(x.scale, 0.0f);
    }
  }
}

TEST(RnnTest, StepsAgreeWithADoubleEvaluation) {
  constexpr std::size_t n = 5, units = 7, times = 3, batch = 2;
  for (const bool hybrid : {false, true}) {
    for (const int layout : {0, 1, 2}) {  // RNN, batch first, time first
      LstmOperand w = MakeLstmOperand(units, n, 0.1f, 0.5f, hybrid);
      LstmOperand r = MakeLstmOperand(units, units, 0.2f, 0.4f, hybrid);
      LstmOperand b = MakeLstmOperand(units, 0, 0.3f, 0.2f, false);
      TestTensor h = TestTensor::Floats({2, {batch, units}},
                                        std::vector<float>(batch * units));
      h.tensor.is_variable = true;
      std::vector<double> state(batch * units);
      Options options;
      options.activation = Activation::kTanh;
      options.time_major = layout == 2;
      const std::size_t steps = layout == 0 ? 1 : times;
      for (int run = 0; run < 3; ++run) {
        const auto values =
            Waves(batch * steps * n, static_cast<float>(run), 1.0f);
        const Shape shape = layout == 0   ? Shape{2, {batch, n}}
                            : layout == 1 ? Shape{3, {batch, times, n}}
                                          : Shape{3, {times, batch, n}};
        TestTensor x = TestTensor::Floats(shape, values), y;
        KernelRunner kernel(layout == 0 ? kRnnReference
                                        : kUnidirectionalSequenceRnnReference);
        ASSERT_EQ(
            kernel({&x, &w.tensor, &r.tensor, &b.tensor, &h}, {&y}, options),
            StatusCode::kOk)
            << kernel.reason();
        for (std::size_t t = 0; t < steps; ++t) {
          for (std::size_t row = 0; row < batch; ++row) {
            const std::size_t at =
                layout == 2 ? t * batch + row : row * steps + t;
            double* s = state.data() + row * units;
            const std::vector<double> old(s, s + units);
            for (std::size_t u = 0; u < units; ++u) {
              double z = b.real[u];
              for (std::size_t i = 0; i < n; ++i) {
                z += w.real[u * n + i] * values[at * n + i];
              }
              for (std::size_t i = 0; i < units; ++i) {
                z += r.real[u * units + i] * old[i];
              }
              s[u] = std::tanh(z);
              ASSERT_NEAR(y.values<float>()[at * units + u], s[u],
                          hybrid ? 0.02 : 1e-5);
            }
          }
        }
      }
    }
  }
}

constexpr std::size_t kInputs = 6, kRank = 2, kUnits = 5, kMemory = 4;
constexpr std::size_t kFilters = kRank * kUnits, kBatch = 2;

// y of one more step, in double precision.
class SvdfModel {
 public:
  std::vector<double> Step(const std::vector<double>& x,
                           const std::vector<double>& feature,
                           const std::vector<double>& time,
                           const std::vector<double>& bias) {
    std::vector<double> y(kBatch * kUnits);
    for (std::size_t b = 0; b < kBatch; ++b) {
      for (std::size_t f = 0; f < kFilters; ++f) {
        std::vector<double>& past = past_[b * kFilters + f];
        double newest = 0;
        for (std::size_t i = 0; i < kInputs; ++i) {
          newest += feature[f * kInputs + i] * x[b * kInputs + i];
        }
        past.erase(past.begin());
        past.push_back(newest);
        for (std::size_t m = 0; m < kMemory; ++m) {
          y[b * kUnits + f / kRank] += time[f * kMemory + m] * past[m];
        }
      }
      for (std::size_t u = 0; u < kUnits; ++u) y[b * kUnits + u] += bias[u];
    }
    return y;
  }

 private:
  std::vector<std::vector<double>> past_ = std::vector<std::vector<double>>(
      kBatch * kFilters, std::vector<double>(kMemory));
};

TEST(SvdfTest, FloatAndHybridRememberTheirFilters) {
  for (const bool hybrid : {false, true}) {
    LstmOperand feature = MakeLstmOperand(kFilters, kInputs, 0, 0.5f, hybrid);
    LstmOperand time = MakeLstmOperand(kFilters, kMemory, 1, 0.5f, false);
    LstmOperand bias = MakeLstmOperand(kUnits, 0, 2, 0.5f, false);
    TestTensor state =
        TestTensor::Floats({2, {kBatch, kFilters * kMemory}},
                           std::vector<float>(kBatch * kFilters * kMemory));
    state.tensor.is_variable = true;
    SvdfModel model;
    Options options;
    options.rank = kRank;
    options.activation = Activation::kRelu;
    for (int run = 0; run < 6; ++run) {
      const auto values =
          Waves(kBatch * kInputs, static_cast<float>(run) * 0.7f, 1.0f);
      TestTensor x = TestTensor::Floats({2, {kBatch, kInputs}}, values), y;
      KernelRunner kernel(kSvdfReference);
      ASSERT_EQ(
          kernel({&x, &feature.tensor, &time.tensor, &bias.tensor, &state},
                 {&y}, options),
          StatusCode::kOk)
          << kernel.reason();
      const auto expected = model.Step({values.begin(), values.end()},
                                       feature.real, time.real, bias.real);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(y.values<float>()[i], std::max(expected[i], 0.0),
                    hybrid ? 0.03 : 1e-5);
      }
    }
  }
}

template <typename T>
void CheckInteger(ElementType type, float state_scale, float time_scale) {
  constexpr float kXScale = 0.01f, kFeatureScale = 0.02f, kYScale = 0.04f;
  const auto bytes = [](std::size_t size, std::size_t seed, int limit) {
    std::vector<T> made(size);
    for (std::size_t i = 0; i < size; ++i) {
      made[i] = static_cast<T>(static_cast<int>((i + seed) * 7919 % 251) - 125);
      made[i] = static_cast<T>(made[i] * limit / 125);
    }
    return made;
  };
  const auto narrow = [](const std::vector<T>& v) {
    return std::vector<std::int8_t>(v.begin(), v.end());
  };
  const auto feature_bytes = narrow(bytes(kFilters * kInputs, 3, 100));
  const auto time_values =
      bytes(kFilters * kMemory, 5, type == ElementType::kInt16 ? 8000 : 100);
  TestTensor feature = TestTensor::Of<std::int8_t>(
      ElementType::kInt8, {2, {kFilters, kInputs}}, feature_bytes, true);
  feature.Quantize({kFeatureScale});
  TestTensor time =
      TestTensor::Of<T>(type, {2, {kFilters, kMemory}}, time_values, true);
  time.Quantize({time_scale});
  const std::vector<std::int32_t> biases = {100, -200, 300, 0, 50};
  TestTensor bias = TestTensor::Ints({1, {kUnits}}, biases);
  TestTensor state =
      TestTensor::Of<T>(type, {2, {kBatch, kFilters * kMemory}},
                        std::vector<T>(kBatch * kFilters * kMemory));
  state.Quantize({state_scale});
  state.tensor.is_variable = true;
  const auto real = [](const auto& stored, double scale, int zero) {
    std::vector<double> made;
    for (const auto v : stored) made.push_back(scale * (v - zero));
    return made;
  };
  SvdfModel model;
  Options options;
  options.rank = kRank;
  options.activation = Activation::kRelu;
  for (std::size_t run = 0; run < 6; ++run) {
    const auto values = narrow(bytes(kBatch * kInputs, run, 120));
    TestTensor x = TestTensor::Of<std::int8_t>(ElementType::kInt8,
                                               {2, {kBatch, kInputs}}, values);
    x.Quantize({kXScale}, 7);
    TestTensor y;
    y.tensor.type = ElementType::kInt8;
    y.Quantize({kYScale}, -128);
    KernelRunner kernel(kSvdfIntegerReference);
    ASSERT_EQ(kernel({&x, &feature, &time, &bias, &state}, {&y}, options),
              StatusCode::kOk)
        << kernel.reason();
    const auto expected = model.Step(
        real(values, kXScale, 7), real(feature_bytes, kFeatureScale, 0),
        real(time_values, time_scale, 0),
        real(biases, double{state_scale} * time_scale, 0));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double stored =
          std::clamp(expected[i] / kYScale - 128, -128.0, 127.0);
      EXPECT_NEAR(y.values<std::int8_t>()[i], stored,
                  type == ElementType::kInt16 ? 1.0 : 6.0);
    }
  }
}

TEST(SvdfTest, IntegersStandForTheRealValues) {
  CheckInteger<std::int16_t>(ElementType::kInt16, 16.0f / 32768, 0.5f / 8000);
  CheckInteger<std::int8_t>(ElementType::kInt8, 16.0f / 128, 0.5f / 100);
}

TEST(SvdfTest, ARankThatDoesNotDivideTheFiltersIsRefused) {
  LstmOperand feature = MakeLstmOperand(kFilters, kInputs, 0, 0.5f, false);
  LstmOperand time = MakeLstmOperand(kFilters, kMemory, 1, 0.5f, false);
  TestTensor state =
      TestTensor::Floats({2, {kBatch, kFilters * kMemory}},
                         std::vector<float>(kBatch * kFilters * kMemory));
  state.tensor.is_variable = true;
  TestTensor x =
      TestTensor::Floats({2, {kBatch, kInputs}}, Waves(kBatch * kInputs, 0, 1));
  TestTensor y;
  for (const std::int32_t rank : {2, 0, 3, -1}) {
    Options options;
    options.rank = rank;
    KernelRunner kernel(kSvdfReference);
    EXPECT_EQ(kernel({&x, &feature.tensor, &time.tensor, nullptr, &state}, {&y},
                     options),
              rank == 2 ? StatusCode::kOk : StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace sotto::runtime
