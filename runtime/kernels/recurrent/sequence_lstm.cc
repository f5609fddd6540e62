// UNIDIRECTIONAL_SEQUENCE_LSTM, and LSTM in its full form: a cell (lstm_cell.h)
// that steps through time and keeps its state from one run to the next.
//
//   in 0       x       f32 [time, batch, n] if time_major, else [batch, time,
//              n]; LSTM: [batch, n] or [time, batch, n]
//   in 1-17    weights and biases, see lstm_cell.h; optional ones are absent
//   in 18, 19  hidden and cell state, variables, written in place
//   in 20-23   layer norm coefficients, optional
//   out 0      y       f32, x's shape with `outputs` in place of n
//
// Reads time_major, activation, cell_clip, projection_clip, asymmetric_inputs.

#include "runtime/kernels/recurrent/lstm_cell.h"

namespace sotto::runtime {
namespace {

StatusCode PrepareSequence(PrepareContext& context, Op& op, bool time_major) {
  StatusCode code = CheckLstmOperands(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor& x = *op.inputs[0];
  Tensor& y = *op.outputs[0];
  if (x.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "x is not f32");
  }
  if (y.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kInvalidArgument, "y is not f32");
  }
  const std::int64_t batch = x.shape[x.shape.rank == 3 && time_major ? 1 : 0];
  const LstmCell cell = ReadLstmCell(op);
  code = CheckLstmCell(context, cell, op.options, batch,
                       x.shape[x.shape.rank - 1], 0);
  if (code != StatusCode::kOk) return code;
  y.shape = x.shape;
  y.shape.dims[x.shape.rank - 1] = static_cast<std::int32_t>(cell.outputs());
  y.is_dynamic = false;
  context.RequestScratch(LstmScratchBytes(cell));
  return StatusCode::kOk;
}

StatusCode PrepareUnidirectional(PrepareContext& context, Op& op) {
  if (op.input(0) == nullptr || op.inputs[0]->shape.rank != 3) {
    return context.Fail(StatusCode::kInvalidArgument, "x is not of rank 3");
  }
  return PrepareSequence(context, op, op.options.time_major);
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
  return PrepareSequence(context, op, true);
}

StatusCode EvalSequence(const Op& op, bool time_major) {
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
      LstmStep(cell, op.options, b, x.floats() + at * cell.inputs(), nullptr,
               op.outputs[0]->floats() + at * cell.outputs(), op.scratch);
    }
  }
  return StatusCode::kOk;
}

StatusCode EvalUnidirectional(EvalContext&, const Op& op) {
  return EvalSequence(op, op.options.time_major);
}

StatusCode EvalLstm(EvalContext&, const Op& op) {
  return EvalSequence(op, true);
}

}  // namespace

extern const Kernel kUnidirectionalSequenceLstmReference = {
    PrepareUnidirectional, EvalUnidirectional};
extern const Kernel kLstmReference = {PrepareLstm, EvalLstm};

}  // namespace sotto::runtime
