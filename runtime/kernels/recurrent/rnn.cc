// RNN and UNIDIRECTIONAL_SEQUENCE_RNN: h = activation(W x + R h + b), h being
// both the output and the state that is kept from one run to the next.
//
//   in 0   x  f32 [batch, n]; sequence: [time, batch, n] if time_major, else
//             [batch, time, n]
//   in 1   W  f32 or int8 (hybrid)  [units, n]
//   in 2   R  type of W             [units, units]
//   in 3   b  f32 [units]
//   in 4   h  f32 [batch, units], a variable, written in place
//   out 0  y  f32, x's shape with `units` in place of n
//
// Reads time_major, activation, asymmetric_inputs.

#include <algorithm>
#include <cstdint>

#include "runtime/kernels/recurrent/lstm_cell.h"
#include "runtime/kernels/recurrent/matrix_vector.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op, bool sequence) {
  if (op.inputs.size() != 5 || op.outputs.size() != 1 ||
      op.outputs[0] == nullptr ||
      std::any_of(op.inputs.begin(), op.inputs.end(),
                  [](const Tensor* t) { return t == nullptr; })) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, W, R, b, h -> y");
  }
  const Tensor &x = *op.inputs[0], &w = *op.inputs[1], &b = *op.inputs[3];
  Tensor& y = *op.outputs[0];
  const std::size_t rank = sequence ? 3 : 2;
  if (x.type != ElementType::kFloat32 ||
      (w.type != ElementType::kFloat32 && w.type != ElementType::kInt8)) {
    return context.Fail(StatusCode::kUnimplemented, "type of x or W");
  }
  if (x.shape.rank != rank || w.shape.rank != 2) {
    return context.Fail(StatusCode::kInvalidArgument, "rank of x or W");
  }
  const std::int64_t units = w.shape[0], n = x.shape[rank - 1];
  const std::int64_t batch = x.shape[sequence && op.options.time_major ? 1 : 0];
  if (!IsMatrix(w, w.type, units, n) ||
      !IsMatrix(*op.inputs[2], w.type, units, units) ||
      b.type != ElementType::kFloat32 || b.shape.rank != 1 ||
      b.shape[0] != units || y.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "types, shapes or scales");
  }
  if (!IsState(op.inputs[4], ElementType::kFloat32, batch, units)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "the state is no variable of [batch, units] f32");
  }
  if (op.options.activation > Activation::kTanh) {
    return context.Fail(StatusCode::kUnimplemented, "activation");
  }
  y.shape = x.shape;
  y.shape.dims[rank - 1] = w.shape[0];
  y.is_dynamic = false;
  context.RequestScratch(static_cast<std::size_t>(units) +
                         static_cast<std::size_t>(n));
  return StatusCode::kOk;
}

StatusCode Eval(const Op& op, bool sequence) {
  const Tensor &x = *op.inputs[0], &w = *op.inputs[1];
  const bool time_major = sequence && op.options.time_major;
  const auto dim = [&x](std::size_t i) {
    return static_cast<std::size_t>(x.shape[i]);
  };
  const std::size_t times = sequence ? dim(time_major ? 0 : 1) : 1;
  const std::size_t batch = dim(time_major ? 1 : 0);
  const auto units = static_cast<std::size_t>(w.shape[0]);
  const auto n = static_cast<std::size_t>(w.shape[1]);
  const QuantizeInputs quantize = {w.type == ElementType::kInt8,
                                   op.options.asymmetric_inputs};
  auto* bytes = static_cast<std::int8_t*>(op.scratch);
  for (std::size_t b = 0; b < batch; ++b) {
    float* h = op.inputs[4]->floats() + b * units;
    for (std::size_t t = 0; t < times; ++t) {
      const std::size_t at = time_major ? t * batch + b : b * times + t;
      float* y = op.outputs[0]->floats() + at * units;
      std::copy_n(op.inputs[3]->floats(), units, y);
      AccumulateProduct(w, MakeOperand(x.floats() + at * n, n, quantize, bytes),
                        y);
      AccumulateProduct(*op.inputs[2],
                        MakeOperand(h, units, quantize, bytes + n), y);
      ActivateRecurrent(op.options.activation, y, units);
      std::copy_n(y, units, h);
    }
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kRnnReference = {
    [](PrepareContext& context, Op& op) { return Prepare(context, op, false); },
    [](EvalContext&, const Op& op) { return Eval(op, false); }};
extern const Kernel kUnidirectionalSequenceRnnReference = {
    [](PrepareContext& context, Op& op) { return Prepare(context, op, true); },
    [](EvalContext&, const Op& op) { return Eval(op, true); }};

}  // namespace sotto::runtime
