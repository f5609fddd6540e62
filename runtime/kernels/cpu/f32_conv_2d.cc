// Conv2D on packed weights: y[n][oy][ox][o] = act(bias[o] + sum_{ky,kx,c}
// x[n][iy][ix][c] * w[o][ky][kx][c]), iy = oy * stride - pad + ky * dilation,
// zero outside. Conv2DAdd: y = second_act(that + addend).
//
//   in 0   x       f32 [batch, in_h, in_w, channels]
//   in 1   w       f32 [out, filter_h, filter_w, channels], constant
//   in 2   bias    f32 [out], constant, may be absent
//   in 3   addend  f32 as y; Conv2DAdd only
//   out 0  y       f32 [batch, out_h, out_w, out]
//
// Reads padding, stride, dilation, activation, second_activation.
//
// Four ways: one output pixel of a 1x1 filter is a matrix-vector product that
// reads w in place; other 1x1 filters multiply x as it lies; images of few
// channels have a kernel of their own; the rest goes through pointers to the
// patches, a block of pixels at a time.

#include <algorithm>
#include <cstring>

#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"
#include "runtime/kernels/cpu/f32_conv.h"
#include "runtime/kernels/cpu/f32_gemm.h"
#include "runtime/kernels/cpu/f32_gemv.h"
#include "runtime/kernels/cpu/f32_image_conv.h"

namespace sotto::runtime {
namespace {

// What a block's x may take of the second-level cache (half of 512 kB).
constexpr std::size_t kBlockBytes = 256 * 1024;
// Below so many rows the panels of w would be fetched too often for their work.
constexpr std::size_t kMinBlock = 112;
constexpr std::size_t kMacsPerNs = 50;

struct Plan {
  F32Patches patches;
  std::size_t pixels = 0;  // of the whole batch
  std::size_t out = 0;
  std::size_t block = 0;  // pixels at once
  std::size_t worker_bytes = 0;
  bool vector = false;  // one pixel, w in place
  bool direct = false;  // x is the matrix
  bool image = false;   // of few channels
  bool spread = false;  // x is, but in rows that collide in the cache
};

std::size_t RoundUp(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}

// Rows 4 kB apart share one set of the first-level cache: with 12 rows a tile
// 49 x 1024 x 1024 ran at 52 GMAC/s, with 64 bytes between rows at 58.
std::size_t SpreadStep(std::size_t k) { return k + 16; }

StatusCode PrepareWith(PrepareContext& context, Op& op, const Tensor* addend) {
  const Tensor *x = op.input(0), *w = op.input(1), *bias = op.input(2);
  Window window = {};
  const StatusCode code =
      CheckF32Conv(context, op.options, x, w, bias, false, &window);
  if (code != StatusCode::kOk) return code;
  if (op.outputs.size() != 1 || op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants one output");
  }
  Tensor& y = *op.outputs[0];
  if (y.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  y.shape = {4, {x->shape[0], window.out_h, window.out_w, w->shape[0]}};
  y.is_dynamic = false;
  if (addend != nullptr && !(addend->shape == y.shape)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "the addend is not of the convolution's shape");
  }
  auto* const plan = context.AllocateState<Plan>();
  if (plan == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "no memory");
  }
  op.state = plan;
  *plan = {};
  const Window& v = window;
  plan->patches = F32Patches::Of(v);
  plan->out = static_cast<std::size_t>(w->shape[0]);
  plan->pixels = static_cast<std::size_t>(x->shape[0]) * v.Pixels();
  plan->direct =
      v.filter_h == 1 && v.filter_w == 1 && v.stride_h == 1 && v.stride_w == 1;
  plan->vector = plan->direct && plan->pixels == 1 && addend == nullptr;
  if (plan->vector) return StatusCode::kOk;
  plan->image = addend == nullptr && F32ImageConv::Suits(v);
  const std::size_t k = plan->patches.depth(), tile = F32TileRows();
  plan->spread = plan->direct && k % 1024 == 0;
  plan->block = std::max(kMinBlock, kBlockBytes / sizeof(float) / k);
  if (const auto threads = static_cast<std::size_t>(context.threads());
      threads > 1) {
    plan->block = std::min(plan->block, plan->pixels / threads + 1);
  }
  plan->block = RoundUp(std::min(plan->block, plan->pixels), tile);
  if (plan->spread) {
    plan->worker_bytes = plan->block * SpreadStep(k) * sizeof(float);
  } else if (plan->image) {
    plan->worker_bytes = F32ImageConv::ScratchBytes(v);
  } else if (!plan->direct) {
    plan->worker_bytes = plan->patches.ScratchBytes(plan->block);
  }
  plan->worker_bytes = RoundUp(plan->worker_bytes, 64);
  std::size_t packed = 0;
  const auto workers = static_cast<std::size_t>(context.threads());
  if (!F32PackedBytes(k, plan->out, &packed) ||
      plan->worker_bytes > (std::size_t{1} << 40) / workers) {
    return context.Fail(StatusCode::kResourceExhausted, "too large");
  }
  context.RequestScratch(plan->worker_bytes * workers);
  context.RequestPacked(packed, F32PackedLayout());
  return StatusCode::kOk;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() < 2 || op.inputs.size() > 3) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, w[, bias] -> y");
  }
  return PrepareWith(context, op, nullptr);
}

StatusCode PrepareAdd(PrepareContext& context, Op& op) {
  const Tensor* addend = op.input(3);
  if (op.inputs.size() != 4 || addend == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, w, bias, addend -> y");
  }
  if (addend->type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  const StatusCode code = PrepareWith(context, op, addend);
  // An element of the addend is read just before its place is written.
  if (code == StatusCode::kOk) context.AllowInPlace(0, 3);
  return code;
}

void Pack(const Op& op) {
  const Plan& plan = *static_cast<const Plan*>(op.state);
  if (plan.vector) return;
  const Tensor* bias = op.input(2);
  F32Pack(op.inputs[1]->floats(), bias == nullptr ? nullptr : bias->floats(),
          plan.patches.depth(), plan.out, static_cast<float*>(op.packed));
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const Plan& plan = *static_cast<const Plan*>(op.state);
  const Tensor *bias = op.input(2), *addend = op.input(3);
  const float* x = op.inputs[0]->floats();
  float* y = op.outputs[0]->floats();
  const std::size_t k = plan.patches.depth(), n = plan.out;
  const ClampRange clamp = RangeOf(op.options.activation);
  const std::size_t cost = plan.pixels * k / kMacsPerNs * n;
  if (plan.vector) {
    const F32Gemv gemv = {.k = k,
                          .x = x,
                          .w = op.inputs[1]->floats(),
                          .bias = bias == nullptr ? nullptr : bias->floats(),
                          .y = y,
                          .clamp = clamp};
    // Memory sets the pace: 8 weights a nanosecond.
    context.ParallelFor(n, 64, k * n / 8,
                        [&](std::size_t first, std::size_t last, int) {
                          F32GemvRows(gemv, first, last);
                        });
    return StatusCode::kOk;
  }
  if (plan.image) {
    const Window& v = plan.patches.v;
    const F32ImageConv conv = {.v = v,
                               .out = n,
                               .packed = static_cast<const float*>(op.packed),
                               .clamp = clamp};
    const auto width = static_cast<std::size_t>(v.out_w);
    context.ParallelFor(
        plan.pixels / width, 4, cost,
        [&](std::size_t begin, std::size_t end, int worker) {
          auto* const scratch =
              static_cast<std::uint8_t*>(op.scratch) +
              static_cast<std::size_t>(worker) * plan.worker_bytes;
          conv.Rows(x, begin, end, scratch, y + begin * width * n);
        });
    return StatusCode::kOk;
  }
  F32Gemm gemm = {.n = n,
                  .segments = plan.direct ? 1 : plan.patches.segments,
                  .segment_size = plan.direct ? k : plan.patches.segment_size,
                  .x = x,
                  .x_step = k,
                  .packed = static_cast<const float*>(op.packed),
                  .y = y,
                  .y_step = n,
                  .addend = addend == nullptr ? nullptr : addend->floats(),
                  .clamp = clamp,
                  .addend_clamp = RangeOf(op.options.second_activation)};
  // Brings the patches of pixels [begin, end) into a worker's scratch.
  const auto gather = [&](std::size_t begin, std::size_t end, int worker) {
    F32Gemm part = gemm;
    part.y += begin * n;
    if (part.addend != nullptr) part.addend += begin * n;
    auto* const scratch = static_cast<std::uint8_t*>(op.scratch) +
                          static_cast<std::size_t>(worker) * plan.worker_bytes;
    if (plan.spread) {
      auto* const rows = reinterpret_cast<float*>(scratch);
      for (std::size_t i = begin; i < end; ++i) {
        std::memcpy(rows + (i - begin) * SpreadStep(k), x + i * k,
                    k * sizeof(float));
      }
      part.x = rows;
      part.x_step = SpreadStep(k);
    } else if (plan.direct) {
      part.x += begin * k;
    } else {
      part.rows = plan.patches.Gather(x, begin, end, scratch);
    }
    return part;
  };
  if (plan.pixels <= plan.block) {
    const F32Gemm whole = gather(0, plan.pixels, 0);
    context.ParallelFor(F32Panels(n), 1, cost,
                        [&](std::size_t first, std::size_t last, int) {
                          F32GemmPanels(whole, plan.pixels, first, last);
                        });
    return StatusCode::kOk;
  }
  context.ParallelFor(
      plan.pixels, plan.block, cost,
      [&](std::size_t begin, std::size_t end, int worker) {
        for (std::size_t i = begin; i < end; i += plan.block) {
          const std::size_t stop = std::min(end, i + plan.block);
          F32GemmPanels(gather(i, stop, worker), stop - i, 0, F32Panels(n));
        }
      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kPackedConv2DF32 = {Prepare, Eval, Pack};
extern const Kernel kConv2DAddF32 = {PrepareAdd, Eval, Pack};

}  // namespace sotto::runtime
