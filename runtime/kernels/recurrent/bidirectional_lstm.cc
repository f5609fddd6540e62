// BIDIRECTIONAL_SEQUENCE_LSTM: one cell (lstm_cell.h) runs forwards through
// time, another backwards.
//
//   in 0      x   f32 [time, batch, n] if time_major, else [batch, time, n]
//   in 1-17   forward weights; in 18-34 backward weights, the same order
//   in 35-38  forward hidden and cell state, backward hidden and cell state;
//             variables, written in place
//   in 39     x'  auxiliary input of x's leading dimensions, or absent.
//             Without auxiliary weights it is the backward cell's input in
//             place of x.
//   in 40-47  forward and backward auxiliary weights, all or none
//   out 0     y   f32, x's shape with the forward cell's outputs last, followed
//             by the backward cell's if merge_outputs
//   out 1     the backward cell's outputs, unless merge_outputs
//
// Reads time_major, merge_outputs, activation, the clips, asymmetric_inputs.

#include <algorithm>
#include <cstdint>

#include "runtime/kernels/recurrent/lstm_cell.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kAuxiliary = 39;

LstmCell ReadCell(const Op& op, bool backward) {
  const std::size_t first = backward ? 18 : 1;
  const std::size_t peepholes[] = {8, 9, 0, 10};
  LstmCell cell;
  for (std::size_t g = 0; g < 4; ++g) {
    LstmGate& gate = cell.gates[g];
    gate.input = op.input(first + g);
    gate.recurrent = op.input(first + 4 + g);
    if (peepholes[g] != 0) gate.peephole = op.input(first + peepholes[g]);
    gate.bias = op.input(first + 11 + g);
    gate.auxiliary = op.input((backward ? 44 : 40) + g);
  }
  cell.projection = op.input(first + 15);
  cell.projection_bias = op.input(first + 16);
  cell.hidden = op.inputs[backward ? 37 : 35];
  cell.cell = op.inputs[backward ? 38 : 36];
  return cell;
}

bool IsLinked(const Op& op) {
  return op.input(kAuxiliary) != nullptr && op.input(41) == nullptr;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  const std::size_t results = op.options.merge_outputs ? 1 : 2;
  if (op.inputs.size() < 39 || op.inputs.size() > 48 ||
      op.outputs.size() < results || op.inputs[0] == nullptr ||
      op.outputs[0] == nullptr || op.outputs[results - 1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, weights, states -> y, y'");
  }
  const Tensor& x = *op.inputs[0];
  if (x.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "x is not f32");
  }
  if (x.shape.rank != 3) {
    return context.Fail(StatusCode::kInvalidArgument, "x is not of rank 3");
  }
  const Tensor* auxiliary = op.input(kAuxiliary);
  if (auxiliary != nullptr &&
      (auxiliary->type != ElementType::kFloat32 || auxiliary->shape.rank != 3 ||
       auxiliary->shape[0] != x.shape[0] ||
       auxiliary->shape[1] != x.shape[1])) {
    return context.Fail(StatusCode::kInvalidArgument, "auxiliary input");
  }
  const std::int64_t batch = x.shape[op.options.time_major ? 1 : 0];
  const bool linked = IsLinked(op);
  std::size_t scratch = 0;
  for (const bool backward : {false, true}) {
    const LstmCell cell = ReadCell(op, backward);
    const bool has_weights = cell.gates[LstmCell::kForget].auxiliary != nullptr;
    if (has_weights != (auxiliary != nullptr && !linked)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "auxiliary weights and input");
    }
    const StatusCode code =
        CheckLstmCell(context, cell, op.options, batch,
                      linked && backward ? auxiliary->shape[2] : x.shape[2],
                      auxiliary != nullptr ? auxiliary->shape[2] : 0);
    if (code != StatusCode::kOk) return code;
    scratch = std::max(scratch, LstmScratchBytes(cell));
  }
  const std::int64_t forward =
      static_cast<std::int64_t>(ReadCell(op, false).outputs());
  const std::int64_t back =
      static_cast<std::int64_t>(ReadCell(op, true).outputs());
  if (forward + back > INT32_MAX) {
    return context.Fail(StatusCode::kInvalidArgument, "too many outputs");
  }
  for (std::size_t i = 0; i < results; ++i) {
    Tensor& y = *op.outputs[i];
    if (y.type != ElementType::kFloat32) {
      return context.Fail(StatusCode::kInvalidArgument, "y is not f32");
    }
    y.shape = x.shape;
    y.shape.dims[2] =
        static_cast<std::int32_t>(op.options.merge_outputs ? forward + back
                                  : i == 0                 ? forward
                                                           : back);
    y.is_dynamic = false;
  }
  context.RequestScratch(scratch);
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor& x = *op.inputs[0];
  const Tensor* auxiliary = op.input(kAuxiliary);
  const bool linked = IsLinked(op), time_major = op.options.time_major;
  const auto times = static_cast<std::size_t>(x.shape[time_major ? 0 : 1]);
  const auto batch = static_cast<std::size_t>(x.shape[time_major ? 1 : 0]);
  for (const bool backward : {false, true}) {
    const LstmCell cell = ReadCell(op, backward);
    const float* input = linked && backward ? auxiliary->floats() : x.floats();
    const float* extra =
        auxiliary != nullptr && !linked ? auxiliary->floats() : nullptr;
    const Tensor& y =
        *op.outputs[backward && !op.options.merge_outputs ? 1 : 0];
    const auto step = static_cast<std::size_t>(y.shape[2]);
    const std::size_t offset =
        backward && op.options.merge_outputs ? step - cell.outputs() : 0;
    for (std::size_t b = 0; b < batch; ++b) {
      for (std::size_t i = 0; i < times; ++i) {
        const std::size_t t = backward ? times - 1 - i : i;
        const std::size_t at = time_major ? t * batch + b : b * times + t;
        LstmStep(cell, op.options, b, input + at * cell.inputs(),
                 extra ? extra + at * cell.auxiliaries() : nullptr,
                 y.floats() + at * step + offset, op.scratch);
      }
    }
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kBidirectionalSequenceLstmReference = {Prepare, Eval};

}  // namespace sotto::runtime
