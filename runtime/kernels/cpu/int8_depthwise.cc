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
  const auto* const w = weights.w->as<const std::uint8_t>();
  std::uint8_t low = 255, high = 0;
  for (std::size_t i = 0; i < weights.channels * weights.size; ++i) {
    low = std::min(low, w[i]);
    high = std::max(high, w[i]);
  }
  const std::int32_t zero = weights.stored().zero;
  if (high - zero > 254) return 3;
  return low - zero < -128 || high - zero > 127 ? 2 : 1;
}

// The weights of four taps of a block as s8 numbers and what is left of them
// where those are not enough; 0 where the block or the filter has ended.
struct TapQuad {
  std::uint8_t first[4][kInt8Block], second[4][kInt8Block];
};

// Byte i of tap t to vector i % 16 / 4, lane i / 16 * 4 + i % 4, byte t.
void Interleave(const std::uint8_t (*taps)[kInt8Block], std::uint8_t* out) {
  for (std::size_t i = 0; i < kInt8Block; ++i) {
    std::uint8_t* const lane =
        out + i % 16 / 4 * kInt8Block + (i / 16 * 4 + i % 4) * 4;
    for (std::size_t t = 0; t < 4; ++t) lane[t] = taps[t][i];
  }
}

// The weights of one block: `count` channels from the first on, starting over
// after the last.
class BlockWeights {
 public:
  BlockWeights(const Int8Weights& weights, std::size_t first, std::size_t count)
      : weights_(weights), first_(first), count_(count) {}

  std::size_t count() const { return count_; }
  std::size_t channel(std::size_t i) const {
    return (first_ + i) % weights_.channels;
  }
  Int8WeightSums sums(std::size_t i) const {
    return {.positive = positive_[i], .negative = negative_[i]};
  }

  // Tap t's weights; adds them to the sums.
  void Read(std::size_t t, std::uint8_t* first, std::uint8_t* second) {
    const std::uint8_t* const tap = weights_.Row(0) + t * weights_.step;
    const Int8Stored stored = weights_.stored();
    std::uint8_t bytes[kInt8Block];
    if (count_ < kInt8Block) {
      std::memset(bytes, stored.zero ^ stored.flip, kInt8Block);
    }
    for (std::size_t i = 0; i < count_;) {
      const std::size_t c = channel(i);
      const std::size_t run = std::min(count_ - i, weights_.channels - c);
      std::memcpy(bytes + i, tap + c, run);
      i += run;
    }
    // Plain loops of 64, which compilers turn into vectors.
    const std::int16_t zero = stored.zero;
    std::int16_t values[kInt8Block];
    for (std::size_t i = 0; i < kInt8Block; ++i) {
      values[i] = static_cast<std::int16_t>((bytes[i] ^ stored.flip) - zero);
    }
    for (std::size_t i = 0; i < kInt8Block; ++i) {
      const std::int16_t none = 0;
      positive_[i] += std::max(values[i], none);
      negative_[i] += std::min(values[i], none);
    }
    for (std::size_t i = 0; i < kInt8Block; ++i) {
      const std::int16_t low = -128, high = 127;
      const std::int16_t most = std::min(std::max(values[i], low), high);
      first[i] = static_cast<std::uint8_t>(most);
      second[i] = static_cast<std::uint8_t>(values[i] - most);
    }
  }

 private:
  const Int8Weights& weights_;
  std::size_t first_, count_;
  std::int32_t positive_[kInt8Block] = {}, negative_[kInt8Block] = {};
};

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
  // Sums of 255 times the taps have 32 bits while they are packed.
  if (taps > kMax / 255 || image.line_bytes > kMax / image.InputLines(1) ||
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
  for (std::size_t b = 0; b < plan.blocks; ++b) {
    const std::size_t at = b * kInt8Block;
    BlockWeights block(weights, at % weights.channels,
                       plan.along_line
                           ? kInt8Block
                           : std::min(kInt8Block, weights.channels - at));
    std::uint8_t* const start = packed + b * plan.block_bytes();
    auto* const channels = reinterpret_cast<Int8Channels*>(start);
    std::uint8_t* to = start + 4 * sizeof(Int8Channels);
    for (std::size_t quad = 0; quad < plan.quads; ++quad) {
      TapQuad taps = {};
      const std::size_t count =
          std::min<std::size_t>(4, weights.size - quad * 4);
      for (std::size_t t = 0; t < count; ++t) {
        block.Read(quad * 4 + t, taps.first[t], taps.second[t]);
      }
      Interleave(taps.first, to);
      to += 4 * kInt8Block;
      if (plan.terms == 1) continue;
      Interleave(taps.second, to);
      to += 4 * kInt8Block;
    }
    std::fill(channels, channels + 4, Int8Channels{});
    for (std::size_t i = 0; i < block.count(); ++i) {
      // Prepare saw that the channel fits.
      weights.SetChannel(block.channel(i), block.sums(i), i / 16 * 4 + i % 4,
                         channels + i % 16 / 4);
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
