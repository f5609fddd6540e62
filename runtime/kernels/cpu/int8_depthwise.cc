#include "runtime/kernels/cpu/int8_depthwise.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "runtime/kernels/cpu/int8_image.h"

namespace sotto::runtime {
namespace {

// Of the copied input of one piece.
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
// Blocks along a line may need this many kinds before they need too much room.
constexpr std::size_t kMaxKinds = 16;

std::size_t Size(std::int32_t n) { return static_cast<std::size_t>(n); }

std::size_t RoundUp(std::size_t n, std::size_t unit) {
  return (n + unit - 1) / unit * unit;
}

// s8 numbers whose sum any weight is: 1 or 2; 3 only for 255, which needs a
// zero point of 0.
std::size_t TermsOf(const Int8Weights& weights) {
  if (weights.is_signed()) return 1;
  std::size_t terms = 1;
  for (std::size_t c = 0; c < weights.channels; ++c) {
    for (std::size_t i = 0; i < weights.size; ++i) {
      const std::int32_t value = weights.At(c, i);
      if (value > 254) return 3;
      if (value < -128 || value > 127) terms = 2;
    }
  }
  return terms;
}

}  // namespace

Int8Depthwise* PlanInt8Depthwise(PrepareContext& context, const Window& w,
                                 std::size_t batch, const Int8Weights& weights,
                                 Activation activation, StatusCode* code,
                                 std::size_t extra_bytes, void** extra) {
  const std::size_t taps = Size(w.filter_h) * Size(w.filter_w);
  const std::size_t quads = (taps + 3) / 4;
  const std::size_t bytes =
      RoundUp(sizeof(Int8Depthwise) + 4 * quads * sizeof(std::uint32_t), 16);
  auto* memory =
      static_cast<std::uint8_t*>(context.AllocateState(bytes + extra_bytes));
  if (memory == nullptr) {
    *code = context.Fail(StatusCode::kResourceExhausted, "no room for a plan");
    return nullptr;
  }
  auto* plan = reinterpret_cast<Int8Depthwise*>(memory);
  if (extra != nullptr) *extra = memory + bytes;
  *plan = {};
  plan->window = w;
  plan->batch = batch;
  plan->quads = quads;
  plan->terms = TermsOf(weights);
  plan->clamp = ClampOf(*weights.y, activation);
  plan->flip = weights.flip();
  plan->padding = static_cast<std::uint8_t>(weights.x_zero());
  const std::size_t channels = Size(w.channels);
  const std::size_t kinds = channels / std::gcd(channels, kInt8Block);
  plan->along_line =
      channels % kInt8Block != 0 && w.stride_w == 1 && kinds <= kMaxKinds;
  plan->blocks =
      plan->along_line ? kinds : (channels + kInt8Block - 1) / kInt8Block;

  if (plan->terms > 2) {
    *code = context.Fail(StatusCode::kUnimplemented,
                         "a weight of 255 with zero point 0");
    return nullptr;
  }
  const Int8Image image(w);
  constexpr std::size_t kMax = std::numeric_limits<std::int32_t>::max();
  if (image.line_bytes > kMax / image.InputLines(1) ||
      plan->blocks > kMax / plan->block_bytes()) {
    *code = context.Fail(StatusCode::kUnimplemented, "too large to copy");
    return nullptr;
  }
  for (std::size_t t = 0; t < 4 * quads; ++t) {
    // Those beyond the last have weights of 0.
    const std::size_t ky = t < taps ? t / Size(w.filter_w) : 0;
    const std::size_t kx = t < taps ? t % Size(w.filter_w) : 0;
    plan->offsets()[t] =
        static_cast<std::uint32_t>(ky * Size(w.dilation_h) * image.line_bytes +
                                   kx * Size(w.dilation_w) * channels);
  }
  const auto threads = static_cast<std::size_t>(std::max(context.threads(), 1));
  plan->piece = 1;
  while (plan->piece < Size(w.out_h) &&
         (plan->piece + 1) * threads <= plan->rows() &&
         image.InputLines(plan->piece + 1) * image.line_bytes <= kPieceBytes) {
    ++plan->piece;
  }
  // Blocks read beyond the last byte.
  plan->worker_bytes =
      RoundUp(image.InputLines(plan->piece) * image.line_bytes + kInt8Block,
              kInt8Block);
  return plan;
}

void PackInt8Depthwise(const Int8Depthwise& plan, const Int8Weights& weights,
                       std::uint8_t* packed) {
  std::memset(packed, 0, plan.packed_bytes());
  for (std::size_t at = 0; at < plan.blocks * kInt8Block; ++at) {
    if (!plan.along_line && at >= weights.channels) break;
    const std::size_t c = at % weights.channels;
    std::uint8_t* block = packed + at / kInt8Block * plan.block_bytes();
    const std::size_t i = at % kInt8Block;
    const std::size_t vector = i % 16 / 4, lane = i / 16 * 4 + i % 4;
    // Prepare saw that the channel fits.
    weights.SetChannel(c, lane,
                       reinterpret_cast<Int8Channels*>(block) + vector);
    std::uint8_t* to =
        block + 4 * sizeof(Int8Channels) + vector * kInt8Block + lane * 4;
    for (std::size_t t = 0; t < weights.size; ++t) {
      const std::int32_t value = weights.At(c, t);
      const std::int32_t first = std::clamp(value, -128, 127);
      std::uint8_t* quad = to + t / 4 * plan.terms * 4 * kInt8Block + t % 4;
      quad[0] = static_cast<std::uint8_t>(first);
      if (plan.terms == 2) {
        quad[4 * kInt8Block] = static_cast<std::uint8_t>(value - first);
      }
    }
  }
}

void RunInt8Depthwise(const Int8Depthwise& plan, const std::uint8_t* x,
                      const std::uint8_t* packed, std::size_t n,
                      std::size_t first, std::size_t count,
                      std::uint8_t* scratch, std::uint8_t flip,
                      std::uint8_t* y) {
  const Int8Image image(plan.window);
  image.Copy(x + n * plan.window.ImageSize(), first, count, plan.flip,
             plan.padding, scratch);
  const std::size_t step = image.line_bytes * Size(plan.window.stride_h);
  for (std::size_t line = 0; line < count; ++line) {
    RunInt8DepthwiseLine(plan, packed, scratch + line * step, flip,
                         y + line * plan.line_bytes());
  }
}

}  // namespace sotto::runtime
