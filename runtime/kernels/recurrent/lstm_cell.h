// One LSTM cell with f32 activations; weights f32, or int8 (hybrid). For each
// step and batch row, with s the logistic function and a the activation:
//
//   z_k = W_k x + A_k x' + R_k h  [+ p_k * c]  [layer norm]  + b_k
//   i = s(z_i) (1 - f without an input gate),  f = s(z_f),  g = a(z_g)
//   c = clip(f * c + i * g),  o = s(z_o), its peephole sees the new c
//   h = clip(P (o * a(c)) + b_P), or o * a(c) without a projection
//
// Layer norm: (z - mean) / sqrt(variance + 1e-8), times the coefficients.

#ifndef SOTTO_RUNTIME_KERNELS_RECURRENT_LSTM_CELL_H_
#define SOTTO_RUNTIME_KERNELS_RECURRENT_LSTM_CELL_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/recurrent/matrix_vector.h"

namespace sotto::runtime {

struct LstmGate {
  const Tensor* input = nullptr;      // [cells, inputs]; null: no input gate
  const Tensor* auxiliary = nullptr;  // [cells, auxiliary inputs] or null
  const Tensor* recurrent = nullptr;  // [cells, outputs]
  const Tensor* peephole = nullptr;   // [cells] or null
  const Tensor* norm = nullptr;       // [cells] or null
  const Tensor* bias = nullptr;       // [cells]
};

struct LstmCell {
  enum Gate : std::size_t { kInput, kForget, kCell, kOutput };
  std::array<LstmGate, 4> gates;
  const Tensor* projection = nullptr;       // [outputs, cells] or null
  const Tensor* projection_bias = nullptr;  // [outputs] or null
  Tensor* hidden = nullptr;                 // state, [batch, outputs]
  Tensor* cell = nullptr;                   // state, [batch, cells]

  bool has_input_gate() const { return gates[kInput].input != nullptr; }
  std::size_t inputs() const { return Dim(gates[kForget].input, 1); }
  std::size_t auxiliaries() const {
    return gates[kForget].auxiliary ? Dim(gates[kForget].auxiliary, 1) : 0;
  }
  std::size_t cells() const { return Dim(gates[kForget].input, 0); }
  std::size_t outputs() const { return Dim(gates[kForget].recurrent, 1); }

 private:
  static std::size_t Dim(const Tensor* t, std::size_t i) {
    return static_cast<std::size_t>(t->shape[i]);
  }
};

// The cell in the operand order of LSTM and UNIDIRECTIONAL_SEQUENCE_LSTM:
// input 1 to 23 (20 to 23, the norms, may be missing).
LstmCell ReadLstmCell(const Op& op);
// Whether the operator has as many operands, x and y among them.
StatusCode CheckLstmOperands(PrepareContext& context, const Op& op);

// Whether everything is there that the form needs, of one type of weights, and
// of shapes that agree with `batch` rows of input.
StatusCode CheckLstmCell(PrepareContext& context, const LstmCell& cell,
                         const Options& options, std::int64_t batch,
                         std::int64_t inputs, std::int64_t auxiliaries);

// A variable tensor of batch * size elements.
bool IsState(const Tensor* t, ElementType type, std::int64_t batch,
             std::int64_t size);

// The same check for the weights alone, of any types.
struct LstmTypes {
  ElementType weights, diagonals, norms, biases;
};
StatusCode CheckLstmShapes(PrepareContext& context, const LstmCell& cell,
                           const LstmTypes& types, std::int64_t inputs,
                           std::int64_t auxiliaries);

std::size_t LstmScratchBytes(const LstmCell& cell);

// One step of batch row `row`; x of inputs(), auxiliary of auxiliaries() or
// null, y of outputs() elements.
void LstmStep(const LstmCell& cell, const Options& options, std::size_t row,
              const float* x, const float* auxiliary, float* y, void* scratch);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_RECURRENT_LSTM_CELL_H_
