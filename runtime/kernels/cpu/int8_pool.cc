// AVERAGE_POOL_2D and MAX_POOL_2D (nn/pool_2d.h) in int8 and uint8, bit for
// bit.
//
// Channels lie in lanes. Windows of 2^23 elements and more are left to the
// reference. A mean
// rounds halves away from zero by a division in double precision, which is
// exact after truncation: a quotient a / b below an integer is below it by at
// least 1 / b, its rounding error less than a / b * 2^-52, and a < 2^31.

#include "runtime/kernels/cpu/int8_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/int8_pool.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_ops-inl.h"
#include "runtime/kernels/cpu/int8_pool.h"
#include "runtime/kernels/nn/pool_2d.h"
#include "runtime/kernels/nn/requantize.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {

// kCount vectors of channels from `c` on.
template <std::size_t kCount>
HWY_INLINE void SumVectors(const Int8PoolWindow& w, std::uint8_t flip,
                           std::size_t c, std::int32_t* sums) {
  const Int8Tag d;
  const hn::Rebind<std::uint8_t, Int8Tag> d8;
  const auto mask = hn::Set(d8, flip);
  Int8Vec total[kCount];
  SOTTO_INT8_UNROLL
  for (std::size_t v = 0; v < kCount; ++v) total[v] = hn::Zero(d);
  for (std::size_t y = 0; y < w.rows; ++y) {
    const std::uint8_t* from = w.first + y * w.row_step + c;
    for (std::size_t x = 0; x < w.columns; ++x, from += w.channels) {
      SOTTO_INT8_UNROLL
      for (std::size_t v = 0; v < kCount; ++v) {
        total[v] = hn::Add(
            total[v],
            hn::PromoteTo(d,
                          hn::Xor(hn::LoadU(d8, from + v * kInt8Lanes), mask)));
      }
    }
  }
  SOTTO_INT8_UNROLL
  for (std::size_t v = 0; v < kCount; ++v) {
    hn::StoreU(total[v], d, sums + c + v * kInt8Lanes);
  }
}

void SumImpl(const Int8PoolWindow& w, std::uint8_t flip, std::int32_t* sums) {
  std::size_t c = 0;
  for (; c + 4 * kInt8Lanes <= w.channels; c += 4 * kInt8Lanes) {
    SumVectors<4>(w, flip, c, sums);
  }
  for (; c + kInt8Lanes <= w.channels; c += kInt8Lanes) {
    SumVectors<1>(w, flip, c, sums);
  }
  for (; c < w.channels; ++c) {
    sums[c] = 0;
    for (std::size_t y = 0; y < w.rows; ++y) {
      for (std::size_t x = 0; x < w.columns; ++x) {
        sums[c] += w.first[y * w.row_step + x * w.channels + c] ^ flip;
      }
    }
  }
}

// The largest byte, as u8, of each channel; then xored again.
void MaxImpl(const Int8PoolWindow& w, std::uint8_t flip, std::uint8_t low,
             std::uint8_t high, std::uint8_t* out) {
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto mask = hn::Set(d, flip);
  std::size_t c = 0;
  for (; c + lanes <= w.channels; c += lanes) {
    auto best = hn::Set(d, low);
    for (std::size_t y = 0; y < w.rows; ++y) {
      const std::uint8_t* from = w.first + y * w.row_step + c;
      for (std::size_t x = 0; x < w.columns; ++x, from += w.channels) {
        best = hn::Max(best, hn::Xor(hn::LoadU(d, from), mask));
      }
    }
    best = hn::Min(best, hn::Set(d, high));
    hn::StoreU(hn::Xor(best, mask), d, out + c);
  }
  for (; c < w.channels; ++c) {
    std::uint8_t best = low;
    for (std::size_t y = 0; y < w.rows; ++y) {
      for (std::size_t x = 0; x < w.columns; ++x) {
        best = std::max(
            best, static_cast<std::uint8_t>(
                      w.first[y * w.row_step + x * w.channels + c] ^ flip));
      }
    }
    out[c] = static_cast<std::uint8_t>(std::min(best, high) ^ flip);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {
namespace {

HWY_EXPORT(SumImpl);
HWY_EXPORT(MaxImpl);

bool IsSigned(const Op& op) { return op.inputs[0]->type == ElementType::kInt8; }

StatusCode PreparePool(PrepareContext& context, Op& op) {
  const ElementType type = op.inputs.empty() || op.inputs[0] == nullptr
                               ? ElementType::kInt8
                               : op.inputs[0]->type;
  if (type != ElementType::kInt8 && type != ElementType::kUint8) {
    return context.Fail(StatusCode::kUnimplemented, "only int8 and uint8");
  }
  const StatusCode code = PreparePool2D(context, op, type);
  if (code != StatusCode::kOk) return code;
  const Window w = MakePoolWindow(op);
  const auto rows = static_cast<std::size_t>(std::min(w.filter_h, w.in_h));
  const auto columns = static_cast<std::size_t>(std::min(w.filter_w, w.in_w));
  if (rows * columns >= kMaxInt8Window) {
    return context.Fail(StatusCode::kUnimplemented, "the window is too large");
  }
  context.RequestScratch(sizeof(std::int32_t) *
                         static_cast<std::size_t>(w.channels));
  return StatusCode::kOk;
}

// reduce(window, y) for each window.
template <typename Reduce>
void ForEachWindow(const Op& op, const Reduce& reduce) {
  const Window v = MakePoolWindow(op);
  const auto channels = static_cast<std::size_t>(v.channels);
  const auto* image = op.inputs[0]->as<const std::uint8_t>();
  auto* y = op.outputs[0]->as<std::uint8_t>();
  const std::size_t row = static_cast<std::size_t>(v.in_w) * channels;
  for (std::int32_t n = 0; n < op.inputs[0]->shape[0]; ++n) {
    for (std::int32_t oy = 0; oy < v.out_h; ++oy) {
      const std::int32_t top = oy * v.stride_h - v.pad_top;
      const std::int32_t y0 = std::max(top, 0);
      const std::int32_t y1 = std::min(top + v.filter_h, v.in_h);
      for (std::int32_t ox = 0; ox < v.out_w; ++ox, y += channels) {
        const std::int32_t left = ox * v.stride_w - v.pad_left;
        const std::int32_t x0 = std::max(left, 0);
        const std::int32_t x1 = std::min(left + v.filter_w, v.in_w);
        reduce({.first = image + static_cast<std::size_t>(y0) * row +
                         static_cast<std::size_t>(x0) * channels,
                .rows = static_cast<std::size_t>(y1 - y0),
                .columns = static_cast<std::size_t>(x1 - x0),
                .row_step = row,
                .channels = channels},
               y);
      }
    }
    image += v.ImageSize();
  }
}

StatusCode EvalAverage(EvalContext&, const Op& op) {
  const PoolClamp clamp = MakePoolClamp(op);
  const bool is_signed = IsSigned(op);
  auto* const sums = static_cast<std::int32_t*>(op.scratch);
  const auto sum = HWY_DYNAMIC_DISPATCH(SumImpl);
  ForEachWindow(op, [&](const Int8PoolWindow& w, std::uint8_t* y) {
    sum(w, is_signed ? 0x80 : 0, sums);
    const auto count = static_cast<std::int32_t>(w.rows * w.columns);
    const std::int32_t excess = is_signed ? 128 * count : 0;
    for (std::size_t c = 0; c < w.channels; ++c) {
      const std::int32_t total = sums[c] - excess;
      const auto mean = static_cast<std::int32_t>(
          static_cast<double>(total < 0 ? total - count / 2
                                        : total + count / 2) /
          static_cast<double>(count));
      y[c] = static_cast<std::uint8_t>(std::clamp(mean, clamp.low, clamp.high));
    }
  });
  return StatusCode::kOk;
}

StatusCode EvalMax(EvalContext&, const Op& op) {
  const PoolClamp clamp = MakePoolClamp(op);
  const std::int32_t excess = IsSigned(op) ? 128 : 0;
  const auto max = HWY_DYNAMIC_DISPATCH(MaxImpl);
  ForEachWindow(op, [&](const Int8PoolWindow& w, std::uint8_t* y) {
    max(w, static_cast<std::uint8_t>(excess),
        static_cast<std::uint8_t>(clamp.low + excess),
        static_cast<std::uint8_t>(clamp.high + excess), y);
  });
  return StatusCode::kOk;
}

}  // namespace

void SumInt8Window(const Int8PoolWindow& window, std::uint8_t flip,
                   std::int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(SumImpl)(window, flip, sums);
}

extern const Kernel kAveragePool2DInt8 = {PreparePool, EvalAverage};
extern const Kernel kMaxPool2DInt8 = {PreparePool, EvalMax};

}  // namespace sotto::runtime
#endif  // HWY_ONCE
