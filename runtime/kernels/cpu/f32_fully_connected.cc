// FullyConnected: y[n][o] = act(bias[o] + sum_i x[n][i] * w[o][i]).
//
//   in 0   x     f32, any shape whose element count is a multiple of depth
//   in 1   w     f32 [out, depth]; constant unless x is one row
//   in 2   bias  f32 [out], the same, may be absent
//   out 0  y     f32 [rows, out], or x's shape with out as last dimension
//
// Reads activation, keep_dims. One row reads w in place, unless a packed copy
// is small: every weight is used once. More rows run on packed weights.

#include <algorithm>

#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"
#include "runtime/kernels/cpu/f32_gemm.h"
#include "runtime/kernels/cpu/f32_gemv.h"
#include "runtime/kernels/nn/fully_connected.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kMacsPerNs = 50;
// Memory sets the pace of a matrix-vector product.
constexpr std::size_t kWeightsPerNs = 8;
constexpr std::size_t kGrain = 64;  // outputs; a multiple of a register tile
// What may be packed for one row: weights that stay in a second-level cache
// are read 5 to 30 % faster from panels (the latter 257 x 512, whose rows do
// not start at cache lines); larger ones would cost memory and the time to
// pack.
constexpr std::size_t kSmallBytes = 1024 * 1024;

bool HasConstantWeights(const Op& op) {
  const Tensor* bias = op.input(2);
  return op.inputs[1]->is_constant && (bias == nullptr || bias->is_constant);
}

bool RunsPacked(const Op& op, const FullyConnected& sizes) {
  if (sizes.batch != 1) return sizes.batch > 1;
  std::size_t packed = 0;
  // Where a panel is mostly zeros, the rows in place are less to read.
  return HasConstantWeights(op) && sizes.out >= F32PanelColumns() / 2 &&
         F32PackedBytes(sizes.depth, sizes.out, &packed) &&
         packed <= kSmallBytes;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareFullyConnected(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &w = *op.inputs[1], *bias = op.input(2);
  if (x.type != ElementType::kFloat32 || w.type != ElementType::kFloat32 ||
      op.outputs[0]->type != ElementType::kFloat32 ||
      (bias != nullptr && bias->type != ElementType::kFloat32)) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  if (!IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented, "activation is no clamp");
  }
  const FullyConnected sizes = MakeFullyConnected(op);
  if (bias != nullptr && bias->shape.Elements() != sizes.out) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "bias is not one value per output");
  }
  if (!RunsPacked(op, sizes)) return StatusCode::kOk;
  if (!HasConstantWeights(op)) {
    return context.Fail(StatusCode::kUnimplemented, "w or bias is no constant");
  }
  std::size_t packed = 0;
  if (!F32PackedBytes(sizes.depth, sizes.out, &packed)) {
    return context.Fail(StatusCode::kResourceExhausted, "too large");
  }
  context.RequestPacked(packed, F32PackedLayout());
  return StatusCode::kOk;
}

void Pack(const Op& op) {
  const FullyConnected sizes = MakeFullyConnected(op);
  if (!RunsPacked(op, sizes)) return;
  const Tensor* bias = op.input(2);
  F32Pack(op.inputs[1]->floats(), bias == nullptr ? nullptr : bias->floats(),
          sizes.depth, sizes.out, static_cast<float*>(op.packed));
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const FullyConnected sizes = MakeFullyConnected(op);
  const Tensor* bias = op.input(2);
  const float* x = op.inputs[0]->floats();
  float* y = op.outputs[0]->floats();
  const ClampRange clamp = RangeOf(op.options.activation);
  if (sizes.batch == 0) return StatusCode::kOk;
  if (sizes.batch == 1) {
    F32Gemv gemv = {.k = sizes.depth,
                    .n = sizes.out,
                    .x = x,
                    .w = op.inputs[1]->floats(),
                    .bias = bias == nullptr ? nullptr : bias->floats(),
                    .y = y,
                    .clamp = clamp};
    const std::size_t cost = sizes.out * sizes.depth / kWeightsPerNs;
    if (RunsPacked(op, sizes)) {
      gemv.w = static_cast<const float*>(op.packed);
      context.ParallelFor(F32Panels(sizes.out), kGrain / F32PanelColumns(),
                          cost, [&](std::size_t first, std::size_t last, int) {
                            F32GemvPanels(gemv, first, last);
                          });
      return StatusCode::kOk;
    }
    context.ParallelFor(sizes.out, kGrain, cost,
                        [&](std::size_t first, std::size_t last, int) {
                          F32GemvRows(gemv, first, last);
                        });
    return StatusCode::kOk;
  }
  const F32Gemm gemm = {.n = sizes.out,
                        .segment_size = sizes.depth,
                        .x = x,
                        .x_step = sizes.depth,
                        .packed = static_cast<const float*>(op.packed),
                        .y = y,
                        .y_step = sizes.out,
                        .clamp = clamp};
  context.ParallelFor(F32Panels(sizes.out), 1,
                      sizes.batch * sizes.depth / kMacsPerNs * sizes.out,
                      [&](std::size_t first, std::size_t last, int) {
                        F32GemmPanels(gemm, sizes.batch, first, last);
                      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kPackedFullyConnectedF32 = {Prepare, Eval, Pack};

}  // namespace sotto::runtime
