// DepthwiseConv2D of depth multiplier 1 and, fused, the 1x1 convolution after
// it:
//
//   d[n][oy][ox][c] = act(bias[c] + sum_{ky,kx} x[n][iy][ix][c] * w[ky][kx][c])
//   y[n][oy][ox][o] = second_act(bias2[o] + sum_c d[n][oy][ox][c] * w2[o][c])
//
//   in 0   x      f32 [batch, in_h, in_w, channels]
//   in 1   w      f32 [1, filter_h, filter_w, channels], constant, in place
//   in 2   bias   f32 [channels], constant, may be absent
//   in 3   w2     f32 [out, 1, 1, channels], constant, packed    fused only
//   in 4   bias2  f32 [out], constant, may be absent             fused only
//   out 0  y      f32 [batch, out_h, out_w, channels or out]
//
// Reads padding, stride, dilation, activation, second_activation. Fused, only a
// few rows of d exist at a time, in a worker's scratch, which stays in the
// second-level cache.

#include <algorithm>

#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"
#include "runtime/kernels/cpu/f32_conv.h"
#include "runtime/kernels/cpu/f32_depthwise.h"
#include "runtime/kernels/cpu/f32_gemm.h"

namespace sotto::runtime {
namespace {

// d's share of the second-level cache.
constexpr std::size_t kBlockBytes = 128 * 1024;
// Below so many pixels the panels of w2 are fetched too often for their work.
constexpr std::size_t kMinBlock = 112;
// Fewer are no fair shares: rows are shared out instead.
constexpr std::size_t kPanelsPerWorker = 4;
constexpr std::size_t kMacsPerNs = 50;
// One output takes a load a tap beside the multiply-add.
constexpr std::size_t kTapsPerNs = 25;

struct Plan {
  Window v = {};
  std::size_t rows = 0;         // of the whole batch
  std::size_t block = 0;        // rows at once
  std::size_t out = 0;          // fused: channels of y
  std::size_t step = 0;         // fused: floats between pixels of d
  std::size_t zero_bytes = 0;   // scratch: zeros, then the workers' parts
  std::size_t table_bytes = 0;  // of a worker's part: a table, then d
  std::size_t worker_bytes = 0;
};

std::size_t RoundUp(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}

StatusCode PrepareWith(PrepareContext& context, Op& op, bool fused) {
  Window v = {};
  const StatusCode code = CheckF32Conv(context, op.options, op.input(0),
                                       op.input(1), op.input(2), true, &v);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &w = *op.inputs[1];
  if (w.shape[3] != v.channels) {
    return context.Fail(StatusCode::kUnimplemented, "a depth multiplier");
  }
  if (op.outputs.size() != 1 || op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants one output");
  }
  Tensor& y = *op.outputs[0];
  if (y.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  y.shape = {4, {x.shape[0], v.out_h, v.out_w, v.channels}};
  y.is_dynamic = false;
  auto* const plan = context.AllocateState<Plan>();
  if (plan == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "no memory");
  }
  op.state = plan;
  *plan = {};
  plan->v = v;
  plan->rows =
      static_cast<std::size_t>(x.shape[0]) * static_cast<std::size_t>(v.out_h);
  const auto channels = static_cast<std::size_t>(v.channels);
  const auto width = static_cast<std::size_t>(v.out_w);
  const auto workers = static_cast<std::size_t>(context.threads());
  plan->zero_bytes = RoundUp(channels * sizeof(float), 64);
  plan->table_bytes = RoundUp(F32Depthwise::TableBytes(v), 64);
  plan->worker_bytes = plan->table_bytes;
  if (fused) {
    const Tensor& w2 = *op.inputs[3];
    plan->out = static_cast<std::size_t>(w2.shape[0]);
    y.shape.dims[3] = w2.shape[0];
    // Pixels 1 kB apart share few sets of the first-level cache: d of 14 x 14 x
    // 512 took 27 us, so 23; see also SpreadStep in f32_conv_2d.cc.
    plan->step = channels % 256 == 0 ? channels + 16 : channels;
    const std::size_t pixels =
        std::max(kMinBlock, kBlockBytes / sizeof(float) / channels);
    plan->block = std::max<std::size_t>(pixels / width, 1);
    plan->block = std::min(plan->block, plan->rows);
    const std::size_t panels = F32Panels(plan->out);
    if (workers > 1 && plan->rows > 0 &&
        (plan->block < plan->rows || panels < kPanelsPerWorker * workers)) {
      // As many blocks for every worker; one block would share out its panels.
      const std::size_t blocks =
          RoundUp((plan->rows + plan->block - 1) / plan->block, workers);
      plan->block = (plan->rows + blocks - 1) / blocks;
    }
    std::size_t packed = 0;
    if (!F32PackedBytes(channels, plan->out, &packed)) {
      return context.Fail(StatusCode::kResourceExhausted, "too large");
    }
    context.RequestPacked(packed, F32PackedLayout());
    plan->worker_bytes +=
        RoundUp(plan->block * width * plan->step * sizeof(float), 64);
  }
  if (plan->worker_bytes > (std::size_t{1} << 40) / workers) {
    return context.Fail(StatusCode::kResourceExhausted, "too large");
  }
  context.RequestScratch(plan->zero_bytes + plan->worker_bytes * workers);
  return StatusCode::kOk;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() < 2 || op.inputs.size() > 3) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, w[, bias] -> y");
  }
  return PrepareWith(context, op, false);
}

StatusCode PrepareFused(PrepareContext& context, Op& op) {
  const Tensor *w2 = op.input(3), *bias2 = op.input(4);
  if (op.inputs.size() < 4 || op.inputs.size() > 5 || w2 == nullptr ||
      op.inputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, w, bias, w2[, bias2] -> y");
  }
  if (w2->type != ElementType::kFloat32 || !w2->is_constant ||
      (bias2 != nullptr &&
       (bias2->type != ElementType::kFloat32 || !bias2->is_constant))) {
    return context.Fail(StatusCode::kUnimplemented,
                        "w2 or bias2 is no f32 constant");
  }
  const Tensor& x = *op.inputs[0];
  if (w2->shape.rank != 4 || w2->shape[1] != 1 || w2->shape[2] != 1 ||
      x.shape.rank != 4 || w2->shape[3] != x.shape[3] || w2->shape[0] < 1 ||
      (bias2 != nullptr &&
       bias2->shape.Elements() != static_cast<std::size_t>(w2->shape[0]))) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "w2 is not [out, 1, 1, channels], or bias2 not [out]");
  }
  return PrepareWith(context, op, true);
}

// Depthwise convolution and memory of one Eval.
struct Job {
  const Plan& plan;
  const float* x;
  F32Depthwise depthwise;
  std::uint8_t* workers;

  explicit Job(const Op& op)
      : plan(*static_cast<const Plan*>(op.state)), x(op.inputs[0]->floats()) {
    auto* const zeros = static_cast<float*>(op.scratch);
    const auto channels = static_cast<std::size_t>(plan.v.channels);
    std::fill(zeros, zeros + channels, 0.0f);
    const Tensor* bias = op.input(2);
    depthwise = {.v = plan.v,
                 .w = op.inputs[1]->floats(),
                 .bias = bias == nullptr ? zeros : bias->floats(),
                 .zeros = zeros,
                 .clamp = RangeOf(op.options.activation)};
    workers = static_cast<std::uint8_t*>(op.scratch) + plan.zero_bytes;
  }
  std::uint8_t* WorkerScratch(int worker) const {
    return workers + static_cast<std::size_t>(worker) * plan.worker_bytes;
  }
  // Rows [begin, end) of the batch into d, pixels `step` floats apart.
  void Rows(std::size_t begin, std::size_t end, int worker, float* d,
            std::size_t step) const {
    auto** const table = reinterpret_cast<const float**>(WorkerScratch(worker));
    const auto height = static_cast<std::size_t>(plan.v.out_h);
    for (std::size_t row = begin; row < end;) {
      const std::size_t oy = row % height;
      const std::size_t rows = std::min(end - row, height - oy);
      depthwise.Rows(x + row / height * plan.v.ImageSize(), oy, oy + rows,
                     table, d, step);
      d += rows * static_cast<std::size_t>(plan.v.out_w) * step;
      row += rows;
    }
  }
  std::size_t RowCost() const {
    return static_cast<std::size_t>(plan.v.out_w) * plan.v.PatchSize() /
           kTapsPerNs;
  }
};

StatusCode Eval(EvalContext& context, const Op& op) {
  const Job job(op);
  const Plan& plan = job.plan;
  const auto channels = static_cast<std::size_t>(plan.v.channels);
  const std::size_t row_size =
      static_cast<std::size_t>(plan.v.out_w) * channels;
  float* y = op.outputs[0]->floats();
  context.ParallelFor(plan.rows, 1, job.RowCost() * plan.rows,
                      [&](std::size_t begin, std::size_t end, int worker) {
                        job.Rows(begin, end, worker, y + begin * row_size,
                                 channels);
                      });
  return StatusCode::kOk;
}

void PackFused(const Op& op) {
  const Plan& plan = *static_cast<const Plan*>(op.state);
  const Tensor* bias2 = op.input(4);
  F32Pack(op.inputs[3]->floats(), bias2 == nullptr ? nullptr : bias2->floats(),
          static_cast<std::size_t>(plan.v.channels), plan.out,
          static_cast<float*>(op.packed));
}

StatusCode EvalFused(EvalContext& context, const Op& op) {
  const Job job(op);
  const Plan& plan = job.plan;
  const auto channels = static_cast<std::size_t>(plan.v.channels);
  const auto width = static_cast<std::size_t>(plan.v.out_w);
  float* y = op.outputs[0]->floats();
  const F32Gemm gemm = {.n = plan.out,
                        .segment_size = channels,
                        .x_step = plan.step,
                        .packed = static_cast<const float*>(op.packed),
                        .y_step = plan.out,
                        .clamp = RangeOf(op.options.second_activation)};
  const auto d_of = [&](int worker) {
    return reinterpret_cast<float*>(job.WorkerScratch(worker) +
                                    plan.table_bytes);
  };
  const std::size_t panels = F32Panels(plan.out);
  const std::size_t gemm_cost =
      plan.rows * width * channels / kMacsPerNs * plan.out;
  if (plan.rows <= plan.block) {
    // One block: first its rows, then its panels are shared out.
    float* d = d_of(0);
    context.ParallelFor(plan.rows, 1, job.RowCost() * plan.rows,
                        [&](std::size_t begin, std::size_t end, int worker) {
                          job.Rows(begin, end, worker,
                                   d + begin * width * plan.step, plan.step);
                        });
    F32Gemm whole = gemm;
    whole.x = d;
    whole.y = y;
    context.ParallelFor(panels, 1, gemm_cost,
                        [&](std::size_t first, std::size_t last, int) {
                          F32GemmPanels(whole, plan.rows * width, first, last);
                        });
    return StatusCode::kOk;
  }
  context.ParallelFor(
      plan.rows, plan.block, job.RowCost() * plan.rows + gemm_cost,
      [&](std::size_t begin, std::size_t end, int worker) {
        F32Gemm part = gemm;
        part.x = d_of(worker);
        for (std::size_t row = begin; row < end; row += plan.block) {
          const std::size_t stop = std::min(end, row + plan.block);
          job.Rows(row, stop, worker, d_of(worker), plan.step);
          part.y = y + row * width * plan.out;
          F32GemmPanels(part, (stop - row) * width, 0, panels);
        }
      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kPackedDepthwiseConv2DF32 = {Prepare, Eval};
extern const Kernel kDepthwisePointwiseF32 = {PrepareFused, EvalFused,
                                              PackFused};

}  // namespace sotto::runtime
