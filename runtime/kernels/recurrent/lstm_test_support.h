// An LSTM's operands, made of waves, and its evaluation in double precision.

#ifndef SOTTO_RUNTIME_KERNELS_RECURRENT_LSTM_TEST_SUPPORT_H_
#define SOTTO_RUNTIME_KERNELS_RECURRENT_LSTM_TEST_SUPPORT_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

inline std::vector<float> Waves(std::size_t size, float phase, float height) {
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    values[i] = std::sin(static_cast<float>(i) * 1.37f + phase) * height;
  }
  return values;
}

struct LstmForm {
  bool input_gate = true, peephole = false, norm = false, projection = false;
  bool hybrid = false;
  std::int32_t inputs = 5, cells = 19, outputs = 19, auxiliaries = 0;
  Options options = {};
};

// One operand of the op and the real values that it stands for.
struct LstmOperand {
  TestTensor tensor;
  std::vector<double> real;
};

// w of [rows, columns], or a vector for columns 0. Bytes stand for multiples of
// a scale, and the real values are those of the bytes.
inline LstmOperand MakeLstmOperand(std::int32_t rows, std::int32_t columns,
                                   float phase, float height, bool bytes) {
  const Shape shape =
      columns > 0 ? Shape{2, {rows, columns}} : Shape{1, {rows}};
  const std::vector<float> values = Waves(shape.Elements(), phase, height);
  LstmOperand made;
  if (!bytes) {
    made.tensor = TestTensor::Floats(shape, values, true);
    made.real.assign(values.begin(), values.end());
    return made;
  }
  const float scale = height / 127.0f;
  std::vector<std::int8_t> stored;
  for (const float v : values) {
    stored.push_back(static_cast<std::int8_t>(std::lround(v / scale)));
    made.real.push_back(double{scale} * stored.back());
  }
  made.tensor = TestTensor::Of(ElementType::kInt8, shape, stored, true);
  made.tensor.Quantize({scale});
  return made;
}

class LstmFixture {
 public:
  using Vector = std::vector<double>;

  LstmFixture(const LstmForm& form, std::int32_t batch, float phase = 0.0f)
      : form_(form) {
    const auto put = [&](std::size_t at, std::int32_t rows,
                         std::int32_t columns, float height, bool bytes) {
      operands_[at] = MakeLstmOperand(
          rows, columns, static_cast<float>(at) * 0.61f + phase, height, bytes);
    };
    const std::int32_t cells = form.cells;
    for (std::size_t g = form.input_gate ? 0 : 1; g < 4; ++g) {
      put(1 + g, cells, form.inputs, 0.5f, form.hybrid);
      put(5 + g, cells, form.outputs, 0.3f, form.hybrid);
      put(12 + g, cells, 0, 0.4f, false);
      if (form.norm) put(20 + g, cells, 0, 1.2f, false);
      if (form.auxiliaries > 0) {
        put(24 + g, cells, form.auxiliaries, 0.4f, form.hybrid);
      }
    }
    if (form.peephole) {
      if (form.input_gate) put(9, cells, 0, 0.3f, form.hybrid);
      put(10, cells, 0, 0.3f, form.hybrid);
      put(11, cells, 0, 0.3f, form.hybrid);
    }
    if (form.projection) {
      put(16, form.outputs, cells, 0.4f, form.hybrid);
      put(17, form.outputs, 0, 0.2f, false);
    }
    hidden = TestTensor::Floats({2, {batch, form.outputs}},
                                Waves(Size(batch * form.outputs), 5.0f, 0.5f));
    cell = TestTensor::Floats({2, {batch, cells}},
                              Waves(Size(batch * cells), 6.0f, 0.7f));
    hidden.tensor.is_variable = cell.tensor.is_variable = true;
    h_ = ToReal(hidden);
    c_ = ToReal(cell);
  }

  // Operand `i` of LSTM (24 to 27: auxiliary weights); null where absent.
  TestTensor* operand(std::size_t i) {
    return operands_[i] ? &operands_[i]->tensor : nullptr;
  }
  std::vector<TestTensor*> Inputs(TestTensor* x) {
    std::vector<TestTensor*> inputs = {x};
    for (std::size_t i = 1; i < 18; ++i) inputs.push_back(operand(i));
    inputs.push_back(&hidden);
    inputs.push_back(&cell);
    for (std::size_t i = 20; i < 24; ++i) inputs.push_back(operand(i));
    return inputs;
  }

  // h of batch row `row` after one more step.
  Vector Step(std::size_t row, const Vector& x, const Vector& auxiliary = {}) {
    const std::size_t cells = Size(form_.cells), outputs = Size(form_.outputs);
    double* c = c_.data() + row * cells;
    double* h = h_.data() + row * outputs;
    const Vector old_h(h, h + outputs);
    const auto logistic = [](double z) { return 1.0 / (1.0 + std::exp(-z)); };
    Vector gates[4];
    const std::size_t peepholes[] = {9, 10, 0, 11};
    const auto gate = [&](std::size_t g) {
      Vector z(cells);
      for (std::size_t i = 0; i < cells; ++i) {
        z[i] = Row(1 + g, i, x) + Row(5 + g, i, old_h) +
               (auxiliary.empty() ? 0.0 : Row(24 + g, i, auxiliary));
        if (form_.peephole && peepholes[g] != 0) {
          z[i] += operands_[peepholes[g]]->real[i] * c[i];
        }
      }
      if (form_.norm) {
        double mean = 0, variance = 0;
        for (const double v : z) mean += v / static_cast<double>(cells);
        for (const double v : z) {
          variance += (v - mean) * (v - mean) / static_cast<double>(cells);
        }
        for (std::size_t i = 0; i < cells; ++i) {
          z[i] = (z[i] - mean) / std::sqrt(variance + 1e-8) *
                 operands_[20 + g]->real[i];
        }
      }
      for (std::size_t i = 0; i < cells; ++i)
        z[i] += operands_[12 + g]->real[i];
      return z;
    };
    const auto activation = [&](double v) {
      return form_.options.activation == Activation::kTanh   ? std::tanh(v)
             : form_.options.activation == Activation::kRelu ? std::max(v, 0.0)
                                                             : v;
    };
    const auto clip = [](double v, double limit) {
      return limit > 0 ? std::clamp(v, -limit, limit) : v;
    };
    for (std::size_t g = form_.input_gate ? 0 : 1; g < 3; ++g) {
      gates[g] = gate(g);
    }
    for (std::size_t i = 0; i < cells; ++i) {
      const double f = logistic(gates[1][i]);
      const double in = form_.input_gate ? logistic(gates[0][i]) : 1.0 - f;
      c[i] = clip(f * c[i] + in * activation(gates[2][i]),
                  form_.options.cell_clip);
    }
    gates[3] = gate(3);
    Vector m(cells);
    for (std::size_t i = 0; i < cells; ++i) {
      m[i] = logistic(gates[3][i]) * activation(c[i]);
    }
    if (form_.projection) {
      Vector y(outputs);
      for (std::size_t i = 0; i < outputs; ++i) {
        y[i] = clip(Row(16, i, m) + operands_[17]->real[i],
                    form_.options.projection_clip);
      }
      m = y;
    }
    std::copy(m.begin(), m.end(), h);
    return m;
  }

  TestTensor hidden, cell;

  static std::size_t Size(std::int32_t size) {
    return static_cast<std::size_t>(size);
  }

 private:
  static Vector ToReal(const TestTensor& t) {
    const auto values = t.values<float>();
    return {values.begin(), values.end()};
  }
  double Row(std::size_t operand, std::size_t row, const Vector& x) const {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum += operands_[operand]->real[row * x.size() + i] * x[i];
    }
    return sum;
  }

  LstmForm form_;
  std::array<std::optional<LstmOperand>, 28> operands_;
  Vector h_, c_;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_RECURRENT_LSTM_TEST_SUPPORT_H_
