// The integer LSTM against a double evaluation of the values that its integers
// stand for, and its fixed-point functions over every input.

#include <cmath>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/recurrent/fixed_point16.h"
#include "runtime/kernels/recurrent/lstm_test_support.h"

namespace sotto::runtime {

extern const Kernel kUnidirectionalSequenceLstmIntegerReference;

namespace {

TEST(FixedPoint16Test, LogisticAndTanhAreRightForEveryInput) {
  for (int raw = -32768; raw <= 32767; ++raw) {
    const auto value = static_cast<std::int16_t>(raw);
    EXPECT_NEAR(LogisticQ12(value), 32768 / (1 + std::exp(-raw / 4096.0)), 16)
        << raw;
    for (int bits = 0; bits <= 6; ++bits) {
      EXPECT_NEAR(TanhFixed(value, bits),
                  32768 * std::tanh(std::ldexp(raw, bits - 15)), 24)
          << raw << " bits " << bits;
    }
  }
}

TEST(FixedPoint16Test, TheInverseSquareRootIsRightToSixDigits) {
  for (std::int32_t value = 2; value > 0 && value < 2000000000;
       value += 1 + value / 3) {
    const FixedPoint root = InverseSquareRoot(value);
    const double got = std::ldexp(root.multiplier, root.shift - 31);
    EXPECT_NEAR(got * std::sqrt(value), 1.0, 2e-6) << value;
  }
}

class Preparation final : public PrepareContext {
 public:
  void* AllocateState(std::size_t bytes) override {
    state_ = std::make_unique<GuardedBytes>(bytes);
    return state_->data();
  }

 private:
  std::unique_ptr<GuardedBytes> state_;
};
class Evaluation final : public EvalContext {};

// Integer operands of a fixture's real ones.
class IntegerLstm {
 public:
  IntegerLstm(const LstmForm& form, LstmFixture& fixture)
      : form_(form), tensors_(24), intermediates_(5) {
    for (TestTensor& t : intermediates_) {
      t = TestTensor::Floats({}, {0});
      t.Quantize({0x1p-12f});
    }
    // Without a projection it quantises the output.
    intermediates_[4].Quantize({form.projection ? kHidden : kH},
                               form.projection ? 0 : kHZero);
    tensors_[0].tensor.type = ElementType::kInt8;
    tensors_[0].Quantize({kX}, kXZero);
    for (std::size_t i = 1; i < 24; ++i) {
      if (i == 18 || i == 19 || fixture.operand(i) == nullptr) continue;
      const TestTensor& from = *fixture.operand(i);
      if (i >= 12 && i <= 15) {
        const TestTensor* norm = fixture.operand(i + 8);
        const double scale =
            norm != nullptr ? NormScale() / 1024 : double{kWeight} * kX;
        tensors_[i] = Store<std::int32_t>(from, ElementType::kInt32, scale);
      } else if (i == 17) {
        tensors_[i] = Store<std::int32_t>(from, ElementType::kInt32,
                                          double{kWeight} * kHidden);
      } else if (i >= 20 || (i >= 9 && i <= 11)) {
        tensors_[i] =
            Store<std::int16_t>(from, ElementType::kInt16, NormScale());
      } else {
        tensors_[i] = Store<std::int8_t>(from, ElementType::kInt8, kWeight);
      }
      present_.push_back(i);
    }
    tensors_[18] =
        Store<std::int8_t>(fixture.hidden, ElementType::kInt8, kH, kHZero);
    tensors_[19] =
        Store<std::int16_t>(fixture.cell, ElementType::kInt16, 0x1p-12);
    tensors_[18].tensor.is_variable = tensors_[19].tensor.is_variable = true;
    present_.insert(present_.end(), {0, 18, 19});
    y.tensor.type = ElementType::kInt8;
    y.Quantize({kH}, kHZero);
  }

  StatusCode Run(const Shape& shape, const std::vector<float>& values) {
    TestTensor real = TestTensor::Floats(shape, values);
    tensors_[0] = Store<std::int8_t>(real, ElementType::kInt8, kX, kXZero);
    std::vector<Tensor*> inputs(24), outputs = {&y.tensor}, between;
    for (const std::size_t i : present_) inputs[i] = &tensors_[i].tensor;
    for (TestTensor& t : intermediates_) between.push_back(&t.tensor);
    Op op = {.inputs = inputs,
             .outputs = outputs,
             .options = form_.options,
             .intermediates = between};
    Preparation preparation;
    const StatusCode code =
        kUnidirectionalSequenceLstmIntegerReference.Prepare(preparation, op);
    reason = preparation.reason();
    if (code != StatusCode::kOk) return code;
    y.Allocate(y.tensor.bytes());
    GuardedBytes scratch(preparation.scratch_bytes());
    op.scratch = scratch.data();
    Evaluation evaluation;
    EXPECT_EQ(kUnidirectionalSequenceLstmIntegerReference.Eval(evaluation, op),
              StatusCode::kOk);
    EXPECT_TRUE(scratch.Intact());
    return StatusCode::kOk;
  }
  double Output(std::size_t i) const {
    return double{kH} * (y.values<std::int8_t>()[i] - kHZero);
  }
  TestTensor& tensor(std::size_t i) { return tensors_[i]; }
  TestTensor& intermediate(std::size_t i) { return intermediates_[i]; }

  TestTensor y;
  const char* reason = "";

 private:
  static constexpr float kX = 1.0f / 120, kWeight = 0.5f / 127;
  static constexpr float kHidden = 1.0f / 128, kH = 1.0f / 120;
  static constexpr std::int32_t kXZero = 5, kHZero = -3;
  static double NormScale() { return 1.2 / 32767; }

  template <typename T>
  static TestTensor Store(const TestTensor& real, ElementType type,
                          double scale, std::int32_t zero = 0) {
    std::vector<T> stored;
    for (const float v : real.values<float>()) {
      const double q = std::round(v / scale) + zero;
      stored.push_back(
          static_cast<T>(std::clamp(q, double{std::numeric_limits<T>::min()},
                                    double{std::numeric_limits<T>::max()})));
    }
    TestTensor made = TestTensor::Of<T>(type, real.tensor.shape, stored, true);
    made.tensor.is_constant = false;
    made.Quantize({static_cast<float>(scale)}, zero);
    return made;
  }

  LstmForm form_;
  std::vector<TestTensor> tensors_, intermediates_;
  std::vector<std::size_t> present_;
};

TEST(LstmIntegerTest, EveryFormFollowsTheRealValues) {
  for (int bits = 0; bits < 16; ++bits) {
    LstmForm form;
    form.input_gate = (bits & 1) == 0;
    form.peephole = (bits & 2) != 0;
    form.norm = (bits & 4) != 0;
    form.projection = (bits & 8) != 0;
    form.cells = 16;
    form.outputs = form.projection ? 7 : form.cells;
    form.options.activation = Activation::kTanh;
    LstmFixture fixture(form, 2);
    IntegerLstm lstm(form, fixture);
    const auto outputs = static_cast<std::size_t>(form.outputs);
    const auto values = Waves(2 * 3 * 5, 0.3f, 1.0f);
    ASSERT_EQ(lstm.Run({3, {2, 3, 5}}, values), StatusCode::kOk) << lstm.reason;
    ASSERT_EQ(lstm.y.tensor.shape, (Shape{3, {2, 3, form.outputs}}));
    for (std::size_t b = 0; b < 2; ++b) {
      for (std::size_t t = 0; t < 3; ++t) {
        const std::size_t at = b * 3 + t;
        const auto expected = fixture.Step(
            b, {values.begin() + static_cast<std::ptrdiff_t>(at * 5),
                values.begin() + static_cast<std::ptrdiff_t>(at * 5 + 5)});
        for (std::size_t i = 0; i < outputs; ++i) {
          ASSERT_NEAR(lstm.Output(at * outputs + i), expected[i],
                      form.norm ? 0.08 : 0.03)
              << "form " << bits << " row " << b << " time " << t;
        }
      }
    }
  }
}

TEST(LstmIntegerTest, QuantisationThatIsMissingOrWrongIsRefused) {
  LstmForm form;
  form.cells = form.outputs = 16;
  form.options.activation = Activation::kTanh;
  LstmFixture fixture(form, 2);
  const auto values = Waves(10, 0.3f, 1.0f);
  const auto run = [&](auto spoil) {
    IntegerLstm lstm(form, fixture);
    spoil(lstm);
    return lstm.Run({3, {2, 1, 5}}, values);
  };
  EXPECT_EQ(run([](IntegerLstm&) {}), StatusCode::kOk);
  EXPECT_EQ(run([](IntegerLstm& l) { l.tensor(2).Quantize({0.1f}, 1); }),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(run([](IntegerLstm& l) { l.tensor(7).Quantize({-0.1f}); }),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(run([](IntegerLstm& l) { l.tensor(19).Quantize({0.001f}); }),
            StatusCode::kUnimplemented);
  EXPECT_EQ(run([](IntegerLstm& l) { l.intermediate(4).Quantize({0.0f}); }),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(run([](IntegerLstm& l) { l.intermediate(4).Quantize({1.f}, 200); }),
            StatusCode::kInvalidArgument);
  form.options.activation = Activation::kRelu;
  EXPECT_EQ(run([](IntegerLstm&) {}), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace sotto::runtime
