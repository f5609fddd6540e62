// LSTM in its old form, the basic cell: all gates in one matrix, four outputs.
//
//   in 0   x   f32 [batch, n]          in 1   h  f32 [batch, m]
//   in 2   w   f32 [4 m, n + m]        in 3   b  f32 [4 m]
//   in 4   c   f32 [batch, m]
//   out 0  h'  [batch, m]              out 1  c' [batch, m]
//   out 2  [x, h]  [batch, n + m]      out 3  z = w [x, h] + b  [batch, 4 m]
//
//   i, g, f, o = z's quarters;  c' = s(i) tanh(g) + s(f) c;  h' = s(o) tanh(c')
//
// h and c that are variables then take the new values, for the next run.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/kernels/recurrent/matrix_vector.h"

namespace sotto::runtime {
namespace {

bool IsF32(const Tensor& t, std::int64_t rows, std::int64_t columns) {
  return t.type == ElementType::kFloat32 && t.shape.rank == 2 &&
         t.shape[0] == rows && t.shape[1] == columns;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!op.options.basic_cell) {
    return context.Fail(StatusCode::kUnimplemented, "the full form");
  }
  const bool complete =
      op.inputs.size() == 5 && op.outputs.size() == 4 &&
      std::all_of(op.inputs.begin(), op.inputs.end(),
                  [](const Tensor* t) { return t != nullptr; }) &&
      std::all_of(op.outputs.begin(), op.outputs.end(),
                  [](const Tensor* t) { return t != nullptr; });
  if (!complete) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, h, w, b, c -> h, c, and two more");
  }
  const Tensor &x = *op.inputs[0], &h = *op.inputs[1], &b = *op.inputs[3];
  if (x.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "x is not f32");
  }
  if (op.options.activation != Activation::kTanh ||
      op.options.cell_clip != 0.0f || op.options.projection_clip != 0.0f) {
    return context.Fail(StatusCode::kUnimplemented,
                        "an activation other than tanh, or clips");
  }
  if (x.shape.rank != 2 || h.shape.rank != 2) {
    return context.Fail(StatusCode::kInvalidArgument, "rank of x or h");
  }
  const std::int64_t batch = x.shape[0], n = x.shape[1], m = h.shape[1];
  if (!IsF32(h, batch, m) || !IsF32(*op.inputs[2], 4 * m, n + m) ||
      b.type != ElementType::kFloat32 || b.shape.rank != 1 ||
      b.shape[0] != 4 * m || !IsF32(*op.inputs[4], batch, m)) {
    return context.Fail(StatusCode::kInvalidArgument, "types or shapes");
  }
  const std::int64_t widths[] = {m, m, n + m, 4 * m};
  for (std::size_t i = 0; i < 4; ++i) {
    Tensor& y = *op.outputs[i];
    if (y.type != ElementType::kFloat32) {
      return context.Fail(StatusCode::kInvalidArgument, "y is not f32");
    }
    y.shape = {2, {x.shape[0], static_cast<std::int32_t>(widths[i])}};
    y.is_dynamic = false;
  }
  return StatusCode::kOk;
}

float Logistic(float z) { return 1.0f / (1.0f + std::exp(-z)); }

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor &x = *op.inputs[0], &h = *op.inputs[1], &c = *op.inputs[4];
  const auto batch = static_cast<std::size_t>(x.shape[0]);
  const auto n = static_cast<std::size_t>(x.shape[1]);
  const auto m = static_cast<std::size_t>(h.shape[1]);
  for (std::size_t row = 0; row < batch; ++row) {
    float* both = op.outputs[2]->floats() + row * (n + m);
    float* z = op.outputs[3]->floats() + row * 4 * m;
    std::copy_n(x.floats() + row * n, n, both);
    std::copy_n(h.floats() + row * m, m, both + n);
    std::copy_n(op.inputs[3]->floats(), 4 * m, z);
    AccumulateProduct(*op.inputs[2], {.values = both}, z);
    for (std::size_t i = 0; i < m; ++i) {
      const std::size_t at = row * m + i;
      const float next = Logistic(z[i]) * std::tanh(z[m + i]) +
                         Logistic(z[2 * m + i]) * c.floats()[at];
      op.outputs[1]->floats()[at] = next;
      op.outputs[0]->floats()[at] = Logistic(z[3 * m + i]) * std::tanh(next);
    }
  }
  if (h.is_variable)
    std::copy_n(op.outputs[0]->floats(), batch * m, h.floats());
  if (c.is_variable)
    std::copy_n(op.outputs[1]->floats(), batch * m, c.floats());
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kBasicLstmReference = {Prepare, Eval};

}  // namespace sotto::runtime
