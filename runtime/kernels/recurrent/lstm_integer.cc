// UNIDIRECTIONAL_SEQUENCE_LSTM and the full form of LSTM in integers: int8
// input, output, weights and hidden state, int16 cell state. Operands as in
// sequence_lstm.cc; biases int32, peepholes and layer norm coefficients int16;
// weights of one scale each, zero point 0. intermediates 0-3 quantise the gates
// where there is layer norm, 4 quantises what goes into the projection.
//
//   z_k = sat16(requantize(b_k + W_k (x - x_zero)))
//   z_k = sat16(z_k + requantize(R_k (h - h_zero)))   [no b_k with layer norm]
//   z_k = sat16(z_k + requantize(p_k c))              [then layer norm]
// The gates' logistic and tanh take 12 fractional bits and give 15. With the
// cell's scale 2^n, n in [-15, -9]:
//   c = sat16(round(f c / 2^15) + round(i g / 2^(30 + n))), clipped
//   m = sat8(requantize(o tanh(c)) + m_zero), h = m or the projection of m
//
// Overflow: rows have fewer than 2^16 elements, products 16 bits: 32 suffice
// for a dot product; with the bias they saturate.
// Reads time_major, cell_clip, projection_clip; the activation must be tanh.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "runtime/kernels/nn/requantize.h"
#include "runtime/kernels/recurrent/fixed_point16.h"
#include "runtime/kernels/recurrent/lstm_cell.h"

namespace sotto::runtime {
namespace {

struct Parameters {
  struct Gate {
    FixedPoint input, recurrent, peephole, norm;
    std::int32_t least_variance;
  };
  Gate gates[4];
  FixedPoint hidden, projection;
  std::int32_t hidden_zero, cell_exponent;
  std::int32_t cell_clip, projection_clip;  // 0: none
};

float ScaleOf(const Tensor* t) { return t->quantization.scale[0]; }

bool HasOneScale(const Tensor& t) {
  return t.quantization.count == 1 && IsQuantizedSymmetric(t, 0);
}

// n with scale = 2^n, nearly.
bool ReadExponent(float scale, std::int32_t* exponent) {
  const double n = std::log2(double{scale});
  *exponent = static_cast<std::int32_t>(std::lround(n));
  return std::abs(n - *exponent) < 1e-3;
}

bool GatesAreQuantized(const Op& op, const LstmCell& cell) {
  for (const LstmGate& gate : cell.gates) {
    if (gate.input == nullptr) continue;
    if (!HasOneScale(*gate.input) || !HasOneScale(*gate.recurrent) ||
        (gate.peephole != nullptr && !HasOneScale(*gate.peephole)) ||
        (gate.norm != nullptr && !HasOneScale(*gate.norm))) {
      return false;
    }
  }
  if (cell.projection != nullptr && !HasOneScale(*cell.projection)) {
    return false;
  }
  const bool has_norm = cell.gates[LstmCell::kForget].norm != nullptr;
  for (std::size_t i = has_norm ? 0 : 4; i < 5; ++i) {
    const Tensor* t = op.intermediates[i];
    if (t == nullptr || t->quantization.count != 1 ||
        t->quantization.scale == nullptr || !IsScale(ScaleOf(t))) {
      return false;
    }
  }
  const std::int32_t zero = op.intermediates[4]->quantization.zero_point;
  return zero >= -128 && zero <= 127;
}

std::int32_t QuantizeClip(float clip, float scale, float limit) {
  return clip > 0.0f ? static_cast<std::int32_t>(std::min(clip / scale, limit))
                     : 0;
}

// Products in f32, as the files' writers calibrate against.
void FillParameters(const Op& op, const LstmCell& cell, Parameters* p) {
  const float x_scale = ScaleOf(op.inputs[0]), h_scale = ScaleOf(cell.hidden);
  const double c_scale = std::ldexp(1.0, p->cell_exponent);
  for (std::size_t g = 0; g < 4; ++g) {
    const LstmGate& gate = cell.gates[g];
    if (gate.input == nullptr) continue;
    Parameters::Gate& out = p->gates[g];
    const float scale =
        gate.norm != nullptr ? ScaleOf(op.intermediates[g]) : 0x1p-12f;
    out.input = ToFixedPoint(ScaleOf(gate.input) * x_scale / scale);
    out.recurrent = ToFixedPoint(ScaleOf(gate.recurrent) * h_scale / scale);
    if (gate.peephole != nullptr) {
      out.peephole = ToFixedPoint(
          static_cast<float>(c_scale * ScaleOf(gate.peephole) / scale));
    }
    if (gate.norm != nullptr) {
      out.norm = ToFixedPoint(ScaleOf(gate.norm));
      out.least_variance =
          std::max(1, RoundInto(std::floor(10000.0f * ScaleOf(gate.norm)),
                                RangeOf(ElementType::kInt32)));
    }
  }
  const TensorQuantization& hidden = op.intermediates[4]->quantization;
  p->hidden_zero = hidden.zero_point;
  p->hidden = ToFixedPoint(
      static_cast<float>(0x1p-15 / double{hidden.scale[0]} * 0x1p-15));
  if (cell.projection != nullptr) {
    p->projection =
        ToFixedPoint(ScaleOf(cell.projection) * hidden.scale[0] / h_scale);
  }
  p->cell_clip =
      QuantizeClip(op.options.cell_clip, ScaleOf(cell.cell), 32767.0f);
  p->projection_clip =
      QuantizeClip(op.options.projection_clip, ScaleOf(op.outputs[0]), 127.0f);
}

StatusCode Prepare(PrepareContext& context, Op& op, bool time_major) {
  StatusCode code = CheckLstmOperands(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor& x = *op.inputs[0];
  Tensor& y = *op.outputs[0];
  if (x.type != ElementType::kInt8) {
    return context.Fail(StatusCode::kUnimplemented, "x is not int8");
  }
  if (op.intermediates.size() != 5 ||
      (op.options.activation != Activation::kTanh)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "wants five intermediates and tanh");
  }
  const LstmCell cell = ReadLstmCell(op);
  const std::size_t last = x.shape.rank - 1;
  const std::int64_t batch = x.shape[last == 2 && time_major ? 1 : 0];
  const LstmTypes types = {ElementType::kInt8, ElementType::kInt16,
                           ElementType::kInt16, ElementType::kInt32};
  code = CheckLstmShapes(context, cell, types, x.shape[last], 0);
  if (code != StatusCode::kOk) return code;
  if (!IsState(cell.hidden, ElementType::kInt8, batch,
               static_cast<std::int64_t>(cell.outputs())) ||
      !IsState(cell.cell, ElementType::kInt16, batch,
               static_cast<std::int64_t>(cell.cells())) ||
      y.type != ElementType::kInt8) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "states are not variables of int8 and int16, or y");
  }
  if (!IsQuantizedPerTensor(x) || !IsQuantizedPerTensor(y) ||
      !IsQuantizedPerTensor(*cell.hidden) ||
      !IsQuantizedPerTensor(*cell.cell) ||
      cell.cell->quantization.zero_point != 0 || !GatesAreQuantized(op, cell)) {
    return context.Fail(StatusCode::kInvalidArgument, "quantisation");
  }
  if (!(op.options.cell_clip >= 0.0f) ||
      !(op.options.projection_clip >= 0.0f)) {
    return context.Fail(StatusCode::kInvalidArgument, "negative clip");
  }
  auto* parameters = context.AllocateState<Parameters>();
  if (parameters == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena too small");
  }
  *parameters = {};
  if (!ReadExponent(ScaleOf(cell.cell), &parameters->cell_exponent) ||
      parameters->cell_exponent < -15 || parameters->cell_exponent > -9) {
    return context.Fail(StatusCode::kUnimplemented,
                        "the cell's scale is not 2^-15 to 2^-9");
  }
  FillParameters(op, cell, parameters);
  op.state = parameters;
  y.shape = x.shape;
  y.shape.dims[last] = static_cast<std::int32_t>(cell.outputs());
  y.is_dynamic = false;
  context.RequestScratch(cell.cells() * (4 * sizeof(std::int16_t) + 1));
  return StatusCode::kOk;
}

// y[r] = sat(y[r] + requantize(bias[r] + w[r] . (x - zero))).
template <typename T>
void AccumulateRows(const Tensor& w, const Tensor* bias, const std::int8_t* x,
                    std::int32_t zero, FixedPoint factor, std::int32_t y_zero,
                    T* y) {
  const auto rows = static_cast<std::size_t>(w.shape[0]);
  const auto size = static_cast<std::size_t>(w.shape[1]);
  const auto* row = w.as<const std::int8_t>();
  const QuantizedRange range = {std::numeric_limits<T>::min(),
                                std::numeric_limits<T>::max()};
  for (std::size_t r = 0; r < rows; ++r, row += size) {
    const std::int64_t dot = std::int64_t{DotS8(x, zero, row, size)} +
                             (bias != nullptr ? bias->int32s()[r] : 0);
    y[r] = static_cast<T>(
        Offset(Requantize(SaturateToInt32(dot), factor), y_zero + y[r], range));
  }
}

void NormalizeLayer(const LstmGate& gate, const Parameters::Gate& p,
                    std::size_t cells, std::int16_t* z) {
  const auto count = static_cast<std::int64_t>(cells);
  std::int64_t sum = 0, squares = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    sum += z[i];
    squares += std::int64_t{z[i]} * z[i];
  }
  const std::int64_t mean = sum * 1024 / count;  // 10 more bits
  auto variance = static_cast<std::int32_t>(
      (squares * ((1 << 20) / count) - mean * mean) / (1 << 20));
  if (variance < 1) variance = p.least_variance;
  const FixedPoint inverse = InverseSquareRoot(variance);
  const auto* norm = gate.norm->as<const std::int16_t>();
  const FixedPoint factor = {p.norm.multiplier,
                             std::min(p.norm.shift + 12, 30)};
  for (std::size_t i = 0; i < cells; ++i) {
    const std::int32_t scaled = Requantize(
        static_cast<std::int32_t>(1024 * std::int64_t{z[i]} - mean), inverse);
    const std::int64_t sum_bits =
        std::int64_t{scaled} * norm[i] + gate.bias->int32s()[i];
    const std::int32_t value = SaturateToInt32(
        (sum_bits > 0 ? sum_bits + 512 : sum_bits - 512) / 1024);
    z[i] = static_cast<std::int16_t>(
        Offset(Requantize(value, factor), 0, RangeOf(ElementType::kInt16)));
  }
}

// z of gate `g`, from the input and the states.
void ComputeGate(const Op& op, const LstmCell& cell, std::size_t g,
                 const std::int8_t* x, const std::int8_t* h,
                 const std::int16_t* c, std::int16_t* z) {
  const LstmGate& gate = cell.gates[g];
  const auto& p = static_cast<const Parameters*>(op.state)->gates[g];
  const std::size_t cells = cell.cells();
  std::fill_n(z, cells, std::int16_t{0});
  AccumulateRows(*gate.input, gate.norm == nullptr ? gate.bias : nullptr, x,
                 op.inputs[0]->quantization.zero_point, p.input, 0, z);
  AccumulateRows(*gate.recurrent, nullptr, h,
                 cell.hidden->quantization.zero_point, p.recurrent, 0, z);
  if (gate.peephole != nullptr) {
    const auto* weights = gate.peephole->as<const std::int16_t>();
    for (std::size_t i = 0; i < cells; ++i) {
      z[i] = static_cast<std::int16_t>(
          Offset(Requantize(std::int32_t{weights[i]} * c[i], p.peephole), z[i],
                 RangeOf(ElementType::kInt16)));
    }
  }
  if (gate.norm != nullptr) NormalizeLayer(gate, p, cells, z);
}

void Step(const Op& op, const LstmCell& cell, std::size_t row,
          const std::int8_t* x, std::int8_t* y) {
  const auto& p = *static_cast<const Parameters*>(op.state);
  const std::size_t cells = cell.cells(), outputs = cell.outputs();
  auto* z = static_cast<std::int16_t*>(op.scratch);
  std::int16_t *in = z, *forget = z + cells, *value = z + 2 * cells;
  std::int16_t* out = z + 3 * cells;
  auto* m = reinterpret_cast<std::int8_t*>(z + 4 * cells);
  auto* h = cell.hidden->as<std::int8_t>() + row * outputs;
  auto* c = cell.cell->as<std::int16_t>() + row * cells;

  ComputeGate(op, cell, LstmCell::kForget, x, h, c, forget);
  ComputeGate(op, cell, LstmCell::kCell, x, h, c, value);
  if (cell.has_input_gate()) {
    ComputeGate(op, cell, LstmCell::kInput, x, h, c, in);
  }
  for (std::size_t i = 0; i < cells; ++i) {
    const std::int32_t f = LogisticQ12(forget[i]);
    const std::int32_t admitted =
        cell.has_input_gate() ? LogisticQ12(in[i]) : 32767 - f;
    const std::int32_t kept = RoundingDivideByPowerOfTwo(f * c[i], 15);
    const std::int32_t added = RoundingDivideByPowerOfTwo(
        admitted * TanhFixed(value[i], 3), 30 + p.cell_exponent);
    const std::int32_t limit = p.cell_clip > 0 ? p.cell_clip : 32768;
    c[i] = static_cast<std::int16_t>(
        Offset(kept, added, {-limit, std::min(limit, 32767)}));
  }
  ComputeGate(op, cell, LstmCell::kOutput, x, h, c, out);
  for (std::size_t i = 0; i < cells; ++i) {
    const std::int32_t product = std::int32_t{LogisticQ12(out[i])} *
                                 TanhFixed(c[i], 15 + p.cell_exponent);
    m[i] = static_cast<std::int8_t>(Offset(Requantize(product, p.hidden),
                                           p.hidden_zero,
                                           RangeOf(ElementType::kInt8)));
  }
  if (cell.projection == nullptr) {
    std::copy_n(m, outputs, y);
  } else {
    std::fill_n(y, outputs, std::int8_t{0});
    AccumulateRows(*cell.projection, cell.projection_bias, m, p.hidden_zero,
                   p.projection, cell.hidden->quantization.zero_point, y);
    if (p.projection_clip > 0) {
      for (std::size_t i = 0; i < outputs; ++i) {
        y[i] = static_cast<std::int8_t>(std::clamp<std::int32_t>(
            y[i], -p.projection_clip, p.projection_clip));
      }
    }
  }
  std::copy_n(y, outputs, h);
}

StatusCode Eval(const Op& op, bool time_major) {
  const LstmCell cell = ReadLstmCell(op);
  const Tensor& x = *op.inputs[0];
  const bool has_time = x.shape.rank == 3;
  const auto dim = [&x](std::size_t i) {
    return static_cast<std::size_t>(x.shape[i]);
  };
  const std::size_t times = has_time ? dim(time_major ? 0 : 1) : 1;
  const std::size_t batch = has_time ? dim(time_major ? 1 : 0) : dim(0);
  for (std::size_t b = 0; b < batch; ++b) {
    for (std::size_t t = 0; t < times; ++t) {
      const std::size_t at = time_major ? t * batch + b : b * times + t;
      Step(op, cell, b, x.as<const std::int8_t>() + at * cell.inputs(),
           op.outputs[0]->as<std::int8_t>() + at * cell.outputs());
    }
  }
  return StatusCode::kOk;
}

StatusCode PrepareUnidirectional(PrepareContext& context, Op& op) {
  if (op.input(0) == nullptr || op.inputs[0]->shape.rank != 3) {
    return context.Fail(StatusCode::kInvalidArgument, "x is not of rank 3");
  }
  return Prepare(context, op, op.options.time_major);
}

StatusCode PrepareLstm(PrepareContext& context, Op& op) {
  if (op.options.basic_cell) {
    return context.Fail(StatusCode::kUnimplemented, "the basic cell");
  }
  if (op.input(0) == nullptr || op.inputs[0]->shape.rank < 2 ||
      op.inputs[0]->shape.rank > 3) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x is not of rank 2 or 3");
  }
  return Prepare(context, op, true);
}

}  // namespace

extern const Kernel kUnidirectionalSequenceLstmIntegerReference = {
    PrepareUnidirectional,
    [](EvalContext&, const Op& op) { return Eval(op, op.options.time_major); }};
extern const Kernel kLstmIntegerReference = {
    PrepareLstm, [](EvalContext&, const Op& op) { return Eval(op, true); }};

}  // namespace sotto::runtime
