#include "runtime/kernels/recurrent/lstm_cell.h"

#include <algorithm>
#include <cmath>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {
namespace {

bool IsVector(const Tensor* t, ElementType type, std::int64_t size) {
  return t->type == type && t->shape.rank == 1 && t->shape[0] == size;
}

float PeepholeWeight(const Tensor& t, std::size_t i) {
  if (t.type == ElementType::kFloat32) return t.floats()[i];
  return static_cast<float>(t.as<const std::int8_t>()[i]) * ScaleOf(t, 0);
}

// z += peephole * c, then layer norm and bias where the form has them.
void FinishGate(const LstmGate& gate, const float* c, std::size_t cells,
                float* z) {
  if (gate.peephole != nullptr && c != nullptr) {
    for (std::size_t i = 0; i < cells; ++i) {
      z[i] += PeepholeWeight(*gate.peephole, i) * c[i];
    }
  }
  if (gate.norm == nullptr) return;
  const auto count = static_cast<double>(cells);
  double sum = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < cells; ++i) sum += z[i];
  const double mean = sum / count;
  for (std::size_t i = 0; i < cells; ++i) {
    squares += (z[i] - mean) * (z[i] - mean);
  }
  const double inverse = 1.0 / std::sqrt(squares / count + 1e-8);
  const float *norm = gate.norm->floats(), *bias = gate.bias->floats();
  for (std::size_t i = 0; i < cells; ++i) {
    z[i] = static_cast<float>((z[i] - mean) * inverse) * norm[i] + bias[i];
  }
}

void Logistic(float* z, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    z[i] = 1.0f / (1.0f + std::exp(-z[i]));
  }
}

void Clip(float limit, float* values, std::size_t size) {
  if (!(limit > 0.0f)) return;
  for (std::size_t i = 0; i < size; ++i) {
    values[i] = std::max(std::min(values[i], limit), -limit);
  }
}

}  // namespace

bool IsState(const Tensor* t, ElementType type, std::int64_t batch,
             std::int64_t size) {
  return t != nullptr && t->is_variable && !t->is_constant && t->type == type &&
         t->shape.Elements() == static_cast<std::size_t>(batch * size);
}

LstmCell ReadLstmCell(const Op& op) {
  LstmCell cell;
  const std::size_t peepholes[] = {9, 10, 0, 11};
  for (std::size_t g = 0; g < 4; ++g) {
    LstmGate& gate = cell.gates[g];
    gate.input = op.input(1 + g);
    gate.recurrent = op.input(5 + g);
    gate.peephole = peepholes[g] == 0 ? nullptr : op.input(peepholes[g]);
    gate.bias = op.input(12 + g);
    gate.norm = op.input(20 + g);
  }
  cell.projection = op.input(16);
  cell.projection_bias = op.input(17);
  cell.hidden = op.inputs.size() > 18 ? op.inputs[18] : nullptr;
  cell.cell = op.inputs.size() > 19 ? op.inputs[19] : nullptr;
  return cell;
}

StatusCode CheckLstmShapes(PrepareContext& context, const LstmCell& cell,
                           const LstmTypes& types, std::int64_t inputs,
                           std::int64_t auxiliaries) {
  const auto fail = [&](const char* reason) {
    return context.Fail(StatusCode::kInvalidArgument, reason);
  };
  const LstmGate& forget = cell.gates[LstmCell::kForget];
  if (forget.input == nullptr || forget.recurrent == nullptr ||
      forget.input->shape.rank != 2 || forget.recurrent->shape.rank != 2) {
    return fail("the forget gate's weights are missing or no matrices");
  }
  const std::int64_t cells = forget.input->shape[0];
  const std::int64_t outputs = forget.recurrent->shape[1];
  if (cells <= 0 || outputs <= 0 || inputs <= 0) {
    return fail("no inputs, cells or outputs");
  }
  const LstmGate& out = cell.gates[LstmCell::kOutput];
  for (std::size_t g = 0; g < 4; ++g) {
    const LstmGate& gate = cell.gates[g];
    if (g == LstmCell::kInput && !cell.has_input_gate()) {
      if (gate.recurrent != nullptr || gate.peephole != nullptr ||
          gate.auxiliary != nullptr) {
        return fail("half an input gate");
      }
      continue;
    }
    if (gate.input == nullptr || gate.recurrent == nullptr ||
        gate.bias == nullptr ||
        !IsMatrix(*gate.input, types.weights, cells, inputs) ||
        !IsMatrix(*gate.recurrent, types.weights, cells, outputs) ||
        !IsVector(gate.bias, types.biases, cells)) {
      return fail("weights or bias of a gate: missing, type, shape or scale");
    }
    if ((gate.auxiliary != nullptr) != (forget.auxiliary != nullptr) ||
        (gate.auxiliary != nullptr &&
         !IsMatrix(*gate.auxiliary, types.weights, cells, auxiliaries))) {
      return fail("auxiliary weights of a gate");
    }
    const bool wants_peephole = g != LstmCell::kCell && out.peephole != nullptr;
    if ((gate.peephole != nullptr) != wants_peephole ||
        (wants_peephole && !IsVector(gate.peephole, types.diagonals, cells))) {
      return fail("peephole of a gate");
    }
    if ((gate.norm != nullptr) != (forget.norm != nullptr) ||
        (gate.norm != nullptr && !IsVector(gate.norm, types.norms, cells))) {
      return fail("layer norm of a gate");
    }
  }
  if (cell.projection == nullptr
          ? cell.projection_bias != nullptr
          : !IsMatrix(*cell.projection, types.weights, outputs, cells)) {
    return fail("projection");
  }
  if (cell.projection == nullptr && outputs != cells) {
    return fail("as many outputs as cells without a projection");
  }
  if (cell.projection_bias != nullptr &&
      !IsVector(cell.projection_bias, types.biases, outputs)) {
    return fail("projection bias");
  }
  return StatusCode::kOk;
}

StatusCode CheckLstmOperands(PrepareContext& context, const Op& op) {
  if (op.inputs.size() < 20 || op.inputs.size() > 24 ||
      op.outputs.size() != 1 || op.inputs[0] == nullptr ||
      op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, weights, states -> y");
  }
  return StatusCode::kOk;
}

StatusCode CheckLstmCell(PrepareContext& context, const LstmCell& cell,
                         const Options& options, std::int64_t batch,
                         std::int64_t inputs, std::int64_t auxiliaries) {
  const Tensor* weights = cell.gates[LstmCell::kForget].input;
  if (weights == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "no forget gate");
  }
  if (weights->type != ElementType::kFloat32 &&
      weights->type != ElementType::kInt8) {
    return context.Fail(StatusCode::kUnimplemented,
                        "weights are not f32 or int8");
  }
  const LstmTypes types = {weights->type, weights->type, ElementType::kFloat32,
                           ElementType::kFloat32};
  const StatusCode code =
      CheckLstmShapes(context, cell, types, inputs, auxiliaries);
  if (code != StatusCode::kOk) return code;
  for (const LstmGate& gate : cell.gates) {
    if (gate.peephole != nullptr && gate.peephole->type == ElementType::kInt8 &&
        (!IsQuantizedSymmetric(*gate.peephole, 0) ||
         gate.peephole->quantization.count != 1)) {
      return context.Fail(StatusCode::kInvalidArgument, "peephole's scale");
    }
  }
  if (!IsState(cell.hidden, ElementType::kFloat32, batch,
               static_cast<std::int64_t>(cell.outputs())) ||
      !IsState(cell.cell, ElementType::kFloat32, batch,
               static_cast<std::int64_t>(cell.cells()))) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "states are not variables of [batch, units] f32");
  }
  if (options.activation > Activation::kTanh) {
    return context.Fail(StatusCode::kUnimplemented, "activation");
  }
  if (!(options.cell_clip >= 0.0f) || !(options.projection_clip >= 0.0f)) {
    return context.Fail(StatusCode::kInvalidArgument, "negative clip");
  }
  return StatusCode::kOk;
}

std::size_t LstmScratchBytes(const LstmCell& cell) {
  // Four gates, then the quantised input, auxiliary input, hidden state and
  // the projection's operand.
  return 4 * cell.cells() * sizeof(float) + cell.inputs() + cell.auxiliaries() +
         cell.outputs() + cell.cells();
}

void LstmStep(const LstmCell& cell, const Options& options, std::size_t row,
              const float* x, const float* auxiliary, float* y, void* scratch) {
  const std::size_t cells = cell.cells(), outputs = cell.outputs();
  auto* z = static_cast<float*>(scratch);
  float* gates[4];
  for (std::size_t g = 0; g < 4; ++g) gates[g] = z + g * cells;
  auto* bytes = reinterpret_cast<std::int8_t*>(z + 4 * cells);
  const QuantizeInputs quantize = {
      cell.gates[LstmCell::kForget].input->type == ElementType::kInt8,
      options.asymmetric_inputs};
  float* h = cell.hidden->floats() + row * outputs;
  float* c = cell.cell->floats() + row * cells;

  const Operand from_x = MakeOperand(x, cell.inputs(), quantize, bytes);
  bytes += cell.inputs();
  Operand from_auxiliary;
  if (auxiliary != nullptr) {
    from_auxiliary =
        MakeOperand(auxiliary, cell.auxiliaries(), quantize, bytes);
    bytes += cell.auxiliaries();
  }
  const Operand from_h = MakeOperand(h, outputs, quantize, bytes);
  bytes += outputs;

  for (std::size_t g = 0; g < 4; ++g) {
    const LstmGate& gate = cell.gates[g];
    if (gate.input == nullptr) continue;
    if (gate.norm != nullptr) {
      std::fill_n(gates[g], cells, 0.0f);
    } else {
      std::copy_n(gate.bias->floats(), cells, gates[g]);
    }
    AccumulateProduct(*gate.input, from_x, gates[g]);
    if (auxiliary != nullptr) {
      AccumulateProduct(*gate.auxiliary, from_auxiliary, gates[g]);
    }
    AccumulateProduct(*gate.recurrent, from_h, gates[g]);
  }

  float *in = gates[LstmCell::kInput], *forget = gates[LstmCell::kForget];
  float *value = gates[LstmCell::kCell], *out = gates[LstmCell::kOutput];
  FinishGate(cell.gates[LstmCell::kForget], c, cells, forget);
  Logistic(forget, cells);
  if (cell.has_input_gate()) {
    FinishGate(cell.gates[LstmCell::kInput], c, cells, in);
    Logistic(in, cells);
  } else {
    for (std::size_t i = 0; i < cells; ++i) in[i] = 1.0f - forget[i];
  }
  FinishGate(cell.gates[LstmCell::kCell], nullptr, cells, value);
  ActivateRecurrent(options.activation, value, cells);
  for (std::size_t i = 0; i < cells; ++i) {
    c[i] = forget[i] * c[i] + in[i] * value[i];
  }
  Clip(options.cell_clip, c, cells);
  FinishGate(cell.gates[LstmCell::kOutput], c, cells, out);
  Logistic(out, cells);
  std::copy_n(c, cells, value);
  ActivateRecurrent(options.activation, value, cells);
  for (std::size_t i = 0; i < cells; ++i) out[i] *= value[i];

  if (cell.projection == nullptr) {
    std::copy_n(out, outputs, y);
  } else {
    if (cell.projection_bias != nullptr) {
      std::copy_n(cell.projection_bias->floats(), outputs, y);
    } else {
      std::fill_n(y, outputs, 0.0f);
    }
    AccumulateProduct(*cell.projection,
                      MakeOperand(out, cells, quantize, bytes), y);
    Clip(options.projection_clip, y, outputs);
  }
  std::copy_n(y, outputs, h);
}

}  // namespace sotto::runtime
