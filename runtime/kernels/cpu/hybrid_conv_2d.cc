// CONV_2D of f32 with int8 weights (nn/conv_2d_hybrid.cc has the formula,
// hybrid_gemm.h the arithmetic); shapes as in nn/conv_2d.h without groups:
//
//   in 0   x     f32 [batch, in_h, in_w, channels]
//   in 1   w     int8 [out, filter_h, filter_w, channels], constant
//   in 2   bias  f32 [out], constant, may be absent
//   out 0  y     f32 [batch, out_h, out_w, out]
//
// An image is brought to u8 once, as a whole, with its padding around it; rows
// of the product are then stretches of it (int8_conv.h). With as many images as
// threads, a thread takes images; otherwise each step of an image is shared.
// Reads padding, stride, dilation, activation, asymmetric_inputs.

#include <algorithm>
#include <cstring>
#include <limits>

#include "runtime/kernels/cpu/hybrid_image.h"
#include "runtime/kernels/cpu/hybrid_weights.h"
#include "runtime/kernels/cpu/int8_image.h"
#include "runtime/kernels/nn/conv_2d.h"

namespace sotto::runtime {
namespace {

constexpr std::uint32_t kLayout = 0x48590002;
// Of the rows of one piece: half of a small second-level cache.
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
// Two register tiles.
constexpr std::size_t kUnit = 28;
constexpr std::size_t kMacsPerNs = 100;
// Kernels read whole quads.
constexpr std::size_t kSlack = 64;

struct Plan {
  Window window;
  std::size_t batch, segment_size;
  HybridShape shape;
  bool pointwise;   // rows are pixels of x
  bool asymmetric;  // as LiteRT chooses
  bool by_image;    // threads take images
  // Of a quantised image, padding included; pointwise: one line.
  std::size_t lines, line_bytes;
  std::size_t rows, piece;  // pixels, or lines of output
  // Of an image's scratch: the ranges of its parts, then the image.
  std::size_t range_bytes, image_bytes;

  std::uint32_t* offsets() {
    return reinterpret_cast<std::uint32_t*>(this + 1);
  }
  const std::uint32_t* offsets() const {
    return reinterpret_cast<const std::uint32_t*>(this + 1);
  }
};

// For what one thread does alone.
struct OneThread final : EvalContext {};

std::size_t Size(std::int32_t n) { return static_cast<std::size_t>(n); }

std::size_t RoundUp(std::size_t n, std::size_t unit) {
  return (n + unit - 1) / unit * unit;
}

// Where the segments of a row start.
void SetOffsets(Plan* plan, bool taps) {
  const Window& w = plan->window;
  for (std::size_t s = 0; s < plan->shape.segments; ++s) {
    const std::size_t ky = taps ? s / Size(w.filter_w) : s;
    const std::size_t kx = taps ? s % Size(w.filter_w) : 0;
    plan->offsets()[s] =
        static_cast<std::uint32_t>(ky * Size(w.dilation_h) * plan->line_bytes +
                                   kx * Size(w.dilation_w) * Size(w.channels));
  }
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = PrepareConv2D(context, op);
  if (code != StatusCode::kOk) return code;
  code = CheckHybridWeights(context, op, Conv2DOperands(op), kHybridMaxTerms);
  if (code != StatusCode::kOk) return code;
  const Conv2D conv = MakeConv2D(op);
  if (conv.groups != 1) {
    return context.Fail(StatusCode::kUnimplemented, "grouped convolution");
  }
  const Window& w = conv.window;
  const bool taps = w.dilation_w > 1 && w.filter_w > 1;
  const std::size_t segments = Size(w.filter_h) * (taps ? Size(w.filter_w) : 1);
  auto* const plan = static_cast<Plan*>(
      context.AllocateState(sizeof(Plan) + segments * sizeof(std::uint32_t)));
  if (plan == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "no room for a plan");
  }
  op.state = plan;
  *plan = {};
  plan->window = w;
  plan->batch = conv.batch;
  plan->segment_size = Size(w.channels) * (taps ? 1 : Size(w.filter_w));
  plan->shape = {.segments = segments,
                 .segment_quads = (plan->segment_size + 3) / 4,
                 .channels = conv.out};
  plan->pointwise =
      w.filter_h == 1 && w.filter_w == 1 && w.stride_h == 1 && w.stride_w == 1;
  plan->asymmetric =
      op.options.asymmetric_inputs || op.inputs[1]->quantization.count > 1;
  const Int8Image image(w);
  const std::size_t size = w.ImageSize();
  plan->lines = plan->pointwise ? 1 : image.InputLines(Size(w.out_h));
  plan->line_bytes = plan->pointwise ? size : image.line_bytes;
  constexpr std::size_t kMax = std::numeric_limits<std::int32_t>::max() / 2;
  if (plan->line_bytes > kMax / plan->lines ||
      plan->shape.panels() > kMax / plan->shape.panel_bytes()) {
    return context.Fail(StatusCode::kUnimplemented, "too large to copy");
  }
  SetOffsets(plan, taps);

  const std::size_t channels = Size(w.channels);
  if (plan->pointwise) {
    plan->rows = w.Pixels();
    plan->piece = std::clamp(kPieceBytes / channels, kUnit, 16 * kUnit);
  } else {
    plan->rows = Size(w.out_h);
    plan->piece = std::max<std::size_t>(
        1, kPieceBytes / (plan->line_bytes * Size(w.stride_h)));
  }
  const auto threads = static_cast<std::size_t>(std::max(context.threads(), 1));
  plan->by_image = threads > 1 && plan->batch >= threads;
  plan->range_bytes = RoundUp(HybridParts(size) * sizeof(FloatRange), 64);
  plan->image_bytes =
      plan->range_bytes + RoundUp(plan->lines * plan->line_bytes + kSlack, 64);
  context.RequestScratch(plan->batch == 0 ? 0
                                          : plan->image_bytes *
                                                (plan->by_image ? threads : 1));
  context.RequestPacked(plan->shape.packed_bytes(), kLayout);
  return StatusCode::kOk;
}

void Pack(const Op& op) {
  const auto& plan = *static_cast<const Plan*>(op.state);
  PackHybrid(plan.shape, plan.segment_size, Conv2DOperands(op),
             static_cast<std::uint8_t*>(op.packed));
}

// Lines [begin, end) of the padded image.
void QuantizeLines(const Plan& plan, const float* x, const RowQuantization& row,
                   std::size_t begin, std::size_t end, std::uint8_t* image) {
  const Window& w = plan.window;
  const std::size_t channels = Size(w.channels);
  const std::size_t in_line = Size(w.in_w) * channels;
  const std::size_t left =
      std::min(plan.line_bytes, channels * Size(w.pad_left));
  const std::size_t middle = std::min(in_line, plan.line_bytes - left);
  const std::size_t right = plan.line_bytes - left - middle;
  const int padding = row.zero + 128;
  image += begin * plan.line_bytes;
  for (std::size_t i = begin; i < end; ++i, image += plan.line_bytes) {
    const std::int64_t line = static_cast<std::int64_t>(i) - w.pad_top;
    if (line < 0 || line >= w.in_h) {
      std::memset(image, padding, plan.line_bytes);
      continue;
    }
    std::memset(image, padding, left);
    QuantizeFloats(x + static_cast<std::size_t>(line) * in_line, middle, row,
                   plan.asymmetric, image + left);
    std::memset(image + left + middle, padding, right);
  }
}

// Rows [begin, end) of the result y of a quantised image.
void Multiply(const Plan& plan, const std::uint8_t* image, HybridGemm gemm,
              std::size_t begin, std::size_t end, float* y) {
  const Window& w = plan.window;
  for (std::size_t row = begin; row < end; row += plan.piece) {
    const std::size_t count = std::min(plan.piece, end - row);
    if (plan.pointwise) {
      gemm.in = image + row * gemm.in_step;
      gemm.pixels = count;
      gemm.out = y + row * gemm.out_step;
    } else {
      gemm.in = image + row * gemm.in_line_step;
      gemm.lines = count;
      gemm.pixels = Size(w.out_w);
      gemm.out = y + row * gemm.out_line_step;
    }
    RunHybridGemm(gemm, 0, plan.shape.panels());
  }
}

void RunImage(EvalContext& context, const Op& op, std::size_t n,
              std::uint8_t* scratch) {
  const auto& plan = *static_cast<const Plan*>(op.state);
  const Window& w = plan.window;
  const std::size_t size = w.ImageSize(), out = plan.shape.channels;
  const float* x = op.inputs[0]->floats() + n * size;
  float* y = op.outputs[0]->floats() + n * w.Pixels() * out;
  std::uint8_t* const image = scratch + plan.range_bytes;
  const RowQuantization row =
      QuantizationOfImage(context, x, size, plan.asymmetric,
                          reinterpret_cast<FloatRange*>(scratch));
  const std::size_t cost = size / kHybridFloatsPerNs;
  if (plan.pointwise) {
    context.ParallelFor(size, kHybridPart, cost,
                        [&](std::size_t begin, std::size_t end, int) {
                          QuantizeFloats(x + begin, end - begin, row,
                                         plan.asymmetric, image + begin);
                        });
  } else {
    context.ParallelFor(plan.lines, 1, cost,
                        [&](std::size_t begin, std::size_t end, int) {
                          QuantizeLines(plan, x, row, begin, end, image);
                        });
  }
  const HybridGemm gemm = {
      .shape = plan.shape,
      .panels = static_cast<const std::uint8_t*>(op.packed),
      .segment_offsets = plan.pointwise ? nullptr : plan.offsets(),
      .in = nullptr,
      .lines = 1,
      .in_line_step = plan.line_bytes * Size(w.stride_h),
      .pixels = 0,
      .in_step = Size(w.channels) * Size(w.stride_w),
      .rows = &row,
      .row_step = 0,
      .out = nullptr,
      .out_line_step = Size(w.out_w) * out,
      .out_step = out,
      .clamp = RangeOf(op.options.activation)};
  const std::size_t terms = plan.shape.segments * plan.segment_size;
  context.ParallelFor(plan.rows, plan.pointwise ? kUnit : 1,
                      w.Pixels() * (terms * out / kMacsPerNs + 1),
                      [&](std::size_t begin, std::size_t end, int) {
                        Multiply(plan, image, gemm, begin, end, y);
                      });
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const auto& plan = *static_cast<const Plan*>(op.state);
  auto* const scratch = static_cast<std::uint8_t*>(op.scratch);
  if (!plan.by_image) {
    for (std::size_t n = 0; n < plan.batch; ++n) {
      RunImage(context, op, n, scratch);
    }
    return StatusCode::kOk;
  }
  const Window& w = plan.window;
  const std::size_t cost =
      w.ImageSize() / kHybridFloatsPerNs +
      w.Pixels() * (w.PatchSize() * plan.shape.channels / kMacsPerNs + 1);
  context.ParallelFor(plan.batch, 1, plan.batch * cost,
                      [&](std::size_t begin, std::size_t end, int worker) {
                        OneThread alone;
                        for (std::size_t n = begin; n < end; ++n) {
                          RunImage(alone, op, n,
                                   scratch + static_cast<std::size_t>(worker) *
                                                 plan.image_bytes);
                        }
                      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kConv2DHybrid = {Prepare, Eval, Pack};

}  // namespace sotto::runtime
