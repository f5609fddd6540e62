// AVERAGE_POOL_2D and MAX_POOL_2D (nn/pool_2d.h) in int8 and uint8, bit for
// bit.
//
// Channels lie in lanes; 14 x 14 windows of 2 x 2 elements of 8 channels take
// 0.6 us where a call for each window and single channels took 8.3. Windows of
// 2^23 elements and more are left to the reference.
//
// A mean rounds halves away from zero: it is a / b truncated, a the sum with
// half of b added. Divided in floating point it is exact: a quotient below an
// integer is below it by at least 1 / b, and its rounding error is less than
// a / b * 2^-24, a < 2^24 (windows below 2^16 elements), or in double precision
// a / b * 2^-52, a < 2^31.

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

// block(tag, first channel) over whole vectors of `d`, from channel `c` on; the
// last one overlaps that before it. The channel that is next.
template <class D, typename Block>
HWY_INLINE std::size_t ForEachBlock(D d, std::size_t c, std::size_t channels,
                                    const Block& block) {
  constexpr std::size_t kLanes = hn::MaxLanes(D());
  if (channels < kLanes) return c;
  for (; c + kLanes <= channels; c += kLanes) block(d, c);
  if (c < channels) block(d, channels - kLanes);
  return channels;
}

// The largest byte, as u8, of each channel; then xored again.
void MaxImpl(const Int8PoolWindow& w, std::uint8_t flip, std::uint8_t low,
             std::uint8_t high, std::uint8_t* out) {
  const auto block = [&](auto d, std::size_t c) HWY_ATTR {
    const auto mask = hn::Set(d, flip);
    auto best = hn::Set(d, low);
    for (std::size_t y = 0; y < w.rows; ++y) {
      const std::uint8_t* from = w.first + y * w.row_step + c;
      for (std::size_t x = 0; x < w.columns; ++x, from += w.channels) {
        best = hn::Max(best, hn::Xor(hn::LoadU(d, from), mask));
      }
    }
    best = hn::Min(best, hn::Set(d, high));
    hn::StoreU(hn::Xor(best, mask), d, out + c);
  };
  std::size_t c =
      ForEachBlock(hn::CappedTag<std::uint8_t, 64>(), 0, w.channels, block);
  c = ForEachBlock(hn::CappedTag<std::uint8_t, 16>(), c, w.channels, block);
  c = ForEachBlock(hn::CappedTag<std::uint8_t, 4>(), c, w.channels, block);
  ForEachBlock(hn::CappedTag<std::uint8_t, 1>(), c, w.channels, block);
}

// Means of windows below 2^16 elements. T: the stored type.
template <typename T>
HWY_INLINE void Means(const Int8PoolWindow& w, PoolClamp clamp, T* out) {
  const auto count = static_cast<std::int32_t>(w.rows * w.columns);
  const auto block = [&](auto d, std::size_t c) HWY_ATTR {
    const hn::Rebind<T, decltype(d)> d8;
    const hn::Rebind<float, decltype(d)> df;
    auto sum = hn::Zero(d);
    for (std::size_t y = 0; y < w.rows; ++y) {
      const std::uint8_t* from = w.first + y * w.row_step + c;
      for (std::size_t x = 0; x < w.columns; ++x, from += w.channels) {
        sum = hn::Add(
            sum,
            hn::PromoteTo(d, hn::LoadU(d8, reinterpret_cast<const T*>(from))));
      }
    }
    const auto half = hn::Set(d, count / 2);
    const auto rounded = hn::Add(
        sum, hn::IfThenElse(hn::Lt(sum, hn::Zero(d)), hn::Neg(half), half));
    const auto mean =
        hn::ConvertTo(d, hn::Div(hn::ConvertTo(df, rounded),
                                 hn::Set(df, static_cast<float>(count))));
    hn::StoreU(hn::DemoteTo(d8, hn::Clamp(mean, hn::Set(d, clamp.low),
                                          hn::Set(d, clamp.high))),
               d8, out + c);
  };
  std::size_t c =
      ForEachBlock(hn::CappedTag<std::int32_t, 16>(), 0, w.channels, block);
  c = ForEachBlock(hn::CappedTag<std::int32_t, 8>(), c, w.channels, block);
  c = ForEachBlock(hn::CappedTag<std::int32_t, 4>(), c, w.channels, block);
  ForEachBlock(hn::CappedTag<std::int32_t, 1>(), c, w.channels, block);
}

// The same one at a time, windows of any size.
template <typename T>
HWY_INLINE void LargeMeans(const Int8PoolWindow& w, PoolClamp clamp, T* out) {
  const auto count = static_cast<std::int32_t>(w.rows * w.columns);
  for (std::size_t c = 0; c < w.channels; ++c) {
    std::int32_t sum = 0;
    for (std::size_t y = 0; y < w.rows; ++y) {
      for (std::size_t x = 0; x < w.columns; ++x) {
        sum += static_cast<T>(w.first[y * w.row_step + x * w.channels + c]);
      }
    }
    const auto mean = static_cast<std::int32_t>(
        static_cast<double>(sum < 0 ? sum - count / 2 : sum + count / 2) /
        static_cast<double>(count));
    out[c] = static_cast<T>(std::clamp(mean, clamp.low, clamp.high));
  }
}

template <typename T>
HWY_INLINE void AverageLine(const Int8PoolLine& line, PoolClamp clamp, T* out) {
  for (std::int32_t x = 0; x < line.window.out_w; ++x) {
    const Int8PoolWindow w = line.At(x);
    if (w.rows * w.columns < kLargeInt8Window) {
      Means<T>(w, clamp, out);
    } else {
      LargeMeans<T>(w, clamp, out);
    }
    out += w.channels;
  }
}

// One line of y.
void AverageLineImpl(const Int8PoolLine& line, bool is_signed, PoolClamp clamp,
                     std::uint8_t* out) {
  if (is_signed) {
    AverageLine(line, clamp, reinterpret_cast<std::int8_t*>(out));
  } else {
    AverageLine(line, clamp, out);
  }
}

void MaxLineImpl(const Int8PoolLine& line, bool is_signed, PoolClamp clamp,
                 std::uint8_t* out) {
  const std::int32_t excess = is_signed ? 128 : 0;
  for (std::int32_t x = 0; x < line.window.out_w; ++x) {
    const Int8PoolWindow w = line.At(x);
    MaxImpl(w, static_cast<std::uint8_t>(excess),
            static_cast<std::uint8_t>(clamp.low + excess),
            static_cast<std::uint8_t>(clamp.high + excess), out);
    out += w.channels;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {
namespace {

HWY_EXPORT(SumImpl);
HWY_EXPORT(AverageLineImpl);
HWY_EXPORT(MaxLineImpl);

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
  return StatusCode::kOk;
}

// pool(line, is_signed, clamp, y) for each line of y.
template <typename Pool>
StatusCode ForEachLine(const Op& op, const Pool& pool) {
  const Window w = MakePoolWindow(op);
  const PoolClamp clamp = MakePoolClamp(op);
  const bool is_signed = op.inputs[0]->type == ElementType::kInt8;
  const auto* image = op.inputs[0]->as<const std::uint8_t>();
  auto* y = op.outputs[0]->as<std::uint8_t>();
  const std::size_t step =
      static_cast<std::size_t>(w.out_w) * static_cast<std::size_t>(w.channels);
  for (std::int32_t n = 0; n < op.inputs[0]->shape[0]; ++n) {
    for (std::int32_t oy = 0; oy < w.out_h; ++oy, y += step) {
      pool(Int8PoolLine(w, image, oy), is_signed, clamp, y);
    }
    image += w.ImageSize();
  }
  return StatusCode::kOk;
}

StatusCode EvalAverage(EvalContext&, const Op& op) {
  return ForEachLine(op, HWY_DYNAMIC_DISPATCH(AverageLineImpl));
}

StatusCode EvalMax(EvalContext&, const Op& op) {
  return ForEachLine(op, HWY_DYNAMIC_DISPATCH(MaxLineImpl));
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
