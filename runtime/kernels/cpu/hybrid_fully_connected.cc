// FULLY_CONNECTED of f32 with int8 weights (nn/fully_connected_hybrid.cc has
// the formula, hybrid_gemm.h the arithmetic):
//
//   in 0   x     f32, any shape of batch * depth elements
//   in 1   w     int8 [out, depth], constant, one scale or one an output
//   in 2   bias  f32 [out], constant, may be absent
//   out 0  y     f32
//
// Each row of x is brought to 8 bits by itself. Few rows: threads share the
// outputs; many: the rows. Reads activation, keep_dims, asymmetric_inputs.

#include <algorithm>

#include "runtime/kernels/cpu/hybrid_rows.h"
#include "runtime/kernels/cpu/hybrid_weights.h"
#include "runtime/kernels/nn/fully_connected.h"

namespace sotto::runtime {
namespace {

constexpr std::uint32_t kLayout = 0x48590001;
// Two register tiles: with more rows each thread has enough of them.
constexpr std::size_t kFewRows = 28;
// Of one piece of quantised rows: half of a small second-level cache.
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
constexpr std::size_t kMacsPerNs = 100;

struct Plan {
  FullyConnected sizes;
  HybridShape shape;
  std::size_t step;   // bytes of a quantised row
  std::size_t piece;  // rows at once
  // Of a worker: a RowQuantization a row, then the rows.
  std::size_t rows_bytes, worker_bytes;
};

std::size_t RoundUp(std::size_t n, std::size_t unit) {
  return (n + unit - 1) / unit * unit;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = PrepareFullyConnected(context, op);
  if (code != StatusCode::kOk) return code;
  code = CheckHybridWeights(context, op, FullyConnectedOperands(op),
                            kHybridMaxTerms);
  if (code != StatusCode::kOk) return code;
  auto* const plan = context.AllocateState<Plan>();
  if (plan == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "no room for a plan");
  }
  op.state = plan;
  *plan = {};
  plan->sizes = MakeFullyConnected(op);
  const auto& [batch, depth, out] = plan->sizes;
  plan->shape = {
      .segments = 1, .segment_quads = (depth + 3) / 4, .channels = out};
  plan->step = 4 * plan->shape.segment_quads;
  const auto threads = static_cast<std::size_t>(std::max(context.threads(), 1));
  plan->piece = std::clamp(kPieceBytes / plan->step, kFewRows, 16 * kFewRows);
  plan->piece = std::min(plan->piece, RoundUp(batch / threads + 1, kFewRows));
  plan->piece = std::min(plan->piece, std::max<std::size_t>(batch, 1));
  plan->rows_bytes = RoundUp(plan->piece * sizeof(RowQuantization), 64);
  plan->worker_bytes = plan->rows_bytes + RoundUp(plan->piece * plan->step, 64);
  context.RequestScratch(plan->worker_bytes * threads);
  context.RequestPacked(plan->shape.packed_bytes(), kLayout);
  return StatusCode::kOk;
}

void Pack(const Op& op) {
  const auto& plan = *static_cast<const Plan*>(op.state);
  PackHybrid(plan.shape, plan.sizes.depth, FullyConnectedOperands(op),
             static_cast<std::uint8_t*>(op.packed));
}

// Quantises rows [first, first + count) into a worker's scratch and says how to
// multiply them.
HybridGemm QuantizeRows(const Op& op, std::size_t first, std::size_t count,
                        std::uint8_t* scratch) {
  const auto& plan = *static_cast<const Plan*>(op.state);
  const bool asymmetric = op.options.asymmetric_inputs;
  const std::size_t depth = plan.sizes.depth;
  auto* const rows = reinterpret_cast<RowQuantization*>(scratch);
  std::uint8_t* const bytes = scratch + plan.rows_bytes;
  const float* x = op.inputs[0]->floats() + first * depth;
  for (std::size_t i = 0; i < count; ++i, x += depth) {
    rows[i] = QuantizeWholeRow(x, depth, asymmetric, bytes + i * plan.step);
  }
  return {.shape = plan.shape,
          .panels = static_cast<const std::uint8_t*>(op.packed),
          .segment_offsets = nullptr,
          .in = bytes,
          .lines = 1,
          .in_line_step = 0,
          .pixels = count,
          .in_step = plan.step,
          .rows = rows,
          .row_step = 1,
          .out = op.outputs[0]->floats() + first * plan.sizes.out,
          .out_line_step = 0,
          .out_step = plan.sizes.out,
          .clamp = RangeOf(op.options.activation)};
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const auto& plan = *static_cast<const Plan*>(op.state);
  const auto& [batch, depth, out] = plan.sizes;
  if (batch == 0) return StatusCode::kOk;
  auto* const scratch = static_cast<std::uint8_t*>(op.scratch);
  const std::size_t cost = batch * (depth * out / kMacsPerNs + 1);
  if (batch <= plan.piece && batch <= kFewRows) {
    const HybridGemm gemm = QuantizeRows(op, 0, batch, scratch);
    context.ParallelFor(plan.shape.panels(), 4, cost,
                        [&](std::size_t begin, std::size_t end, int) {
                          RunHybridGemm(gemm, begin, end);
                        });
    return StatusCode::kOk;
  }
  context.ParallelFor(
      batch, plan.piece, cost,
      [&](std::size_t begin, std::size_t end, int worker) {
        std::uint8_t* const own =
            scratch + static_cast<std::size_t>(worker) * plan.worker_bytes;
        for (std::size_t row = begin; row < end; row += plan.piece) {
          const std::size_t count = std::min(plan.piece, end - row);
          RunHybridGemm(QuantizeRows(op, row, count, own), 0,
                        plan.shape.panels());
        }
      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kFullyConnectedHybrid = {Prepare, Eval, Pack};

}  // namespace sotto::runtime
