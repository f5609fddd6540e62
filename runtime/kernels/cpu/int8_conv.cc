#include "runtime/kernels/cpu/int8_conv.h"

#include <algorithm>
#include <limits>

#include "runtime/kernels/cpu/int8_image.h"

namespace sotto::runtime {
namespace {

// Of the copied input of one piece: half of a small second-level cache.
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
// Kernels read whole quads and whole vectors beyond the last byte they need.
constexpr std::size_t kSlack = 64;

constexpr std::size_t RoundUp(std::size_t n, std::size_t unit) {
  return (n + unit - 1) / unit * unit;
}

std::size_t Size(std::int32_t n) { return static_cast<std::size_t>(n); }

}  // namespace

std::size_t Int8Conv::RowNanoseconds() const {
  // 100 products and 2 results a nanosecond.
  const std::size_t pixels = pointwise ? 1 : Size(window.out_w);
  return pixels * shape.channels * (shape.segments * segment_size / 100 + 1) /
             2 +
         1;
}

Int8Conv* PlanInt8Conv(PrepareContext& context, const Window& w,
                       std::size_t batch, const Int8Weights& weights,
                       Activation activation, StatusCode* code) {
  const bool taps = w.dilation_w > 1 && w.filter_w > 1;
  const std::size_t segments = Size(w.filter_h) * (taps ? Size(w.filter_w) : 1);
  auto* memory = static_cast<std::uint8_t*>(context.AllocateState(
      sizeof(Int8Conv) + segments * sizeof(std::uint32_t)));
  if (memory == nullptr) {
    *code = context.Fail(StatusCode::kResourceExhausted, "no room for a plan");
    return nullptr;
  }
  auto* conv = reinterpret_cast<Int8Conv*>(memory);
  *conv = {};
  conv->window = w;
  conv->batch = batch;
  conv->segment_size = Size(w.channels) * (taps ? 1 : Size(w.filter_w));
  conv->shape = {.segments = segments,
                 .segment_quads = (conv->segment_size + 3) / 4,
                 .channels = weights.channels};
  conv->clamp = ClampOf(*weights.y, activation);
  conv->flip = weights.flip();
  conv->padding = static_cast<std::uint8_t>(weights.x_zero());
  conv->excess = weights.excess();
  conv->pointwise =
      w.filter_h == 1 && w.filter_w == 1 && w.stride_h == 1 && w.stride_w == 1;
  conv->in_place = conv->pointwise && conv->flip == 0 && w.channels % 4 == 0;

  const Int8Image image(w);
  // Offsets within a buffer have 32 bits.
  constexpr std::size_t kMax = std::numeric_limits<std::int32_t>::max();
  if (image.line_bytes > kMax / image.InputLines(1) ||
      PackedInt8Bytes(conv->shape, weights) > kMax) {
    *code = context.Fail(StatusCode::kUnimplemented, "too large to pack");
    return nullptr;
  }
  for (std::size_t s = 0; s < segments; ++s) {
    const std::size_t ky = taps ? s / Size(w.filter_w) : s;
    const std::size_t kx = taps ? s % Size(w.filter_w) : 0;
    conv->offsets()[s] =
        static_cast<std::uint32_t>(ky * Size(w.dilation_h) * image.line_bytes +
                                   kx * Size(w.dilation_w) * Size(w.channels));
  }

  // Each thread should have a piece.
  const std::size_t rows = conv->rows();
  const auto threads = static_cast<std::size_t>(std::max(context.threads(), 1));
  std::size_t piece = 1;
  if (conv->pointwise) {
    // Tiles have up to 14 rows.
    constexpr std::size_t kUnit = 28;
    piece = std::clamp(kPieceBytes / Size(w.channels), kUnit, 16 * kUnit);
    piece = std::min(piece, RoundUp((rows + threads - 1) / threads, kUnit));
    piece = std::clamp<std::size_t>(piece, 1, std::max<std::size_t>(rows, 1));
    conv->buffer_bytes = conv->in_place ? 0 : piece * Size(w.channels);
  } else {
    while (piece < Size(w.out_h) && (piece + 1) * threads <= rows &&
           image.InputLines(piece + 1) * image.line_bytes <= kPieceBytes) {
      ++piece;
    }
    conv->buffer_bytes = image.InputLines(piece) * image.line_bytes;
  }
  conv->piece = piece;
  const std::size_t sums = conv->excess == 0
                               ? 0
                               : sizeof(std::int32_t) * piece *
                                     (conv->pointwise ? 1 : Size(w.out_w));
  conv->buffer_bytes = RoundUp(conv->buffer_bytes + kSlack, 64);
  conv->worker_bytes = conv->buffer_bytes + RoundUp(sums, 64);
  if (conv->worker_bytes > kMax) {
    *code = context.Fail(StatusCode::kUnimplemented, "too large to copy");
    return nullptr;
  }
  return conv;
}

void RunInt8Conv(const Int8Conv& conv, const std::uint8_t* x,
                 const std::uint8_t* packed, std::size_t begin, std::size_t end,
                 std::uint8_t* scratch, std::uint8_t* y) {
  const Window& w = conv.window;
  const std::size_t channels = Size(w.channels), out = conv.shape.channels;
  const Int8Image image(w);
  auto* sums = reinterpret_cast<std::int32_t*>(scratch + conv.buffer_bytes);
  Int8Gemm gemm = {.shape = conv.shape,
                   .panels = packed,
                   .segment_offsets = conv.offsets(),
                   .in = scratch,
                   .lines = 1,
                   .in_line_step = image.line_bytes * Size(w.stride_h),
                   .pixels = Size(w.out_w),
                   .in_step = channels * Size(w.stride_w),
                   .out = y,
                   .out_line_step = Size(w.out_w) * out,
                   .out_step = out,
                   .low = conv.clamp.low,
                   .high = conv.clamp.high,
                   .flip = static_cast<std::uint8_t>(conv.flip ^ 0x80)};
  for (std::size_t row = begin; row < end;) {
    std::size_t count = std::min(conv.piece, end - row);
    if (conv.pointwise) {
      gemm.segment_offsets = nullptr;
      gemm.pixels = count;
      gemm.out = y + row * out;
      gemm.in = x + row * channels;
      if (!conv.in_place) {
        CopyInt8(gemm.in, count * channels, conv.flip, scratch);
        gemm.in = scratch;
      }
    } else {
      const std::size_t n = row / Size(w.out_h), line = row % Size(w.out_h);
      count = std::min(count, Size(w.out_h) - line);
      image.Copy(x + n * w.ImageSize(), line, count, conv.flip, conv.padding,
                 scratch);
      gemm.lines = count;
      gemm.out = y + row * gemm.out_line_step;
    }
    if (conv.excess != 0) {
      SumInt8Rows(gemm, packed + conv.shape.panels() * conv.shape.panel_bytes(),
                  conv.segment_size, conv.excess, sums);
      gemm.row_sums = sums;
    }
    RunInt8Gemm(gemm);
    row += count;
  }
}

StatusCode EvalInt8Conv(EvalContext& context, const Op& op) {
  const auto& conv = *static_cast<const Int8Conv*>(op.state);
  const std::size_t rows = conv.rows();
  const auto run = [&](std::size_t begin, std::size_t end, int worker) {
    RunInt8Conv(conv, op.inputs[0]->as<const std::uint8_t>(),
                static_cast<const std::uint8_t*>(op.packed), begin, end,
                static_cast<std::uint8_t*>(op.scratch) +
                    static_cast<std::size_t>(worker) * conv.worker_bytes,
                op.outputs[0]->as<std::uint8_t>());
  };
  if (rows <= conv.piece) {
    run(0, rows, 0);  // nothing to share out
  } else {
    context.ParallelFor(rows, conv.piece, rows * conv.RowNanoseconds(), run);
  }
  return StatusCode::kOk;
}

}  // namespace sotto::runtime
