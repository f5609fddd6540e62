// MaxPool2D and AveragePool2D, channels in the lanes: the maximum or mean of
// each window's elements that lie inside the image, then the activation.
//
//   in 0   x  f32 [batch, in_h, in_w, channels]
//   out 0  y  f32 [batch, out_h, out_w, channels]
//
// Reads padding, stride, filter, activation. Sums in f32: a
// window's few hundred elements cost at most as many roundings of 6e-8.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/f32_pool.cc"
#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <limits>

#include "hwy/highway.h"
#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"
#include "runtime/kernels/window.h"

#ifndef SOTTO_RUNTIME_KERNELS_CPU_F32_POOL_CC_
#define SOTTO_RUNTIME_KERNELS_CPU_F32_POOL_CC_
namespace sotto::runtime {

// The parts inside the image of windows of one size, side by side.
struct PoolWindows {
  const float* first;  // the first one's first pixel
  std::size_t count;
  std::size_t step;  // floats from one to the next
  std::size_t rows, columns;
  std::size_t row_step;  // floats between rows of the image
  std::size_t channels;
  ClampRange clamp;
};

}  // namespace sotto::runtime
#endif

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Rows and columns are arguments so that those of 2 x 2 windows are constants.
template <bool kMax, class D>
HWY_INLINE void Channels(D d, const PoolWindows& p, std::size_t rows,
                         std::size_t columns, float* y) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d), channels = p.channels;
  const std::size_t row_step = p.row_step;
  const V low = hn::Set(d, p.clamp.low), high = hn::Set(d, p.clamp.high);
  const V count =
      hn::Set(d, static_cast<float>(std::max<std::size_t>(rows * columns, 1)));
  const float* first = p.first;
  for (std::size_t i = p.count; i > 0; --i, first += p.step, y += channels) {
    for (std::size_t done = 0; done < channels; done += lanes) {
      // The last block overlaps the one before.
      const std::size_t c = std::min(done, channels - lanes);
      V result = hn::Set(d, kMax ? std::numeric_limits<float>::lowest() : 0.0f);
      const float* row = first + c;
      for (std::size_t r = 0; r < rows; ++r, row += row_step) {
        const float* pixel = row;
        for (std::size_t k = 0; k < columns; ++k, pixel += channels) {
          const V x = hn::LoadU(d, pixel);
          result = kMax ? hn::Max(result, x) : hn::Add(result, x);
        }
      }
      if (!kMax) result = hn::Div(result, count);
      hn::StoreU(hn::Min(hn::Max(result, low), high), d, y + c);
    }
  }
}

template <bool kMax, class D>
HWY_INLINE void Windows(D d, const PoolWindows& p, float* y) {
  if (p.rows == 2 && p.columns == 2) {
    Channels<kMax>(d, p, 2, 2, y);
  } else {
    Channels<kMax>(d, p, p.rows, p.columns, y);
  }
}

template <bool kMax>
void AnyChannels(const PoolWindows& p, float* y) {
  const hn::ScalableTag<float> full;
  if (p.channels >= hn::Lanes(full)) {
    Windows<kMax>(full, p, y);
  } else if (p.channels >= 8) {
    Windows<kMax>(hn::CappedTag<float, 8>(), p, y);
  } else if (p.channels >= 4) {
    Windows<kMax>(hn::CappedTag<float, 4>(), p, y);
  } else {
    Windows<kMax>(hn::CappedTag<float, 1>(), p, y);
  }
}

void MaxWindows(const PoolWindows& p, float* y) { AnyChannels<true>(p, y); }
void AverageWindows(const PoolWindows& p, float* y) {
  AnyChannels<false>(p, y);
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {
namespace {

HWY_EXPORT(MaxWindows);
HWY_EXPORT(AverageWindows);

constexpr std::size_t kElementsPerNs = 8;

StatusCode CheckTypes(PrepareContext& context, const Op& op) {
  if (op.inputs.size() != 1 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  if (op.inputs[0]->type != ElementType::kFloat32 ||
      op.outputs[0]->type != ElementType::kFloat32 ||
      !IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "only f32, only activations that clamp");
  }
  const Shape& x = op.inputs[0]->shape;
  if (x.rank != 4 || x.Elements() == 0) {
    return context.Fail(StatusCode::kUnimplemented, "x is empty or no image");
  }
  return StatusCode::kOk;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = CheckTypes(context, op);
  if (code != StatusCode::kOk) return code;
  Window v = {};
  const Shape& x = op.inputs[0]->shape;
  if (!MakeWindow(x, op.options.filter_h, op.options.filter_w, op.options,
                  &v)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "filter or stride does not fit the image");
  }
  op.outputs[0]->shape = {4, {x[0], v.out_h, v.out_w, x[3]}};
  op.outputs[0]->is_dynamic = false;
  return StatusCode::kOk;
}

// One row of y after the other; `fold` folds windows of one size.
template <typename Fold>
void Pool(EvalContext& context, const Op& op, const Window& v, ClampRange clamp,
          const Fold& fold) {
  const float* x = op.inputs[0]->floats();
  float* y = op.outputs[0]->floats();
  const auto channels = static_cast<std::size_t>(v.channels);
  const auto width = static_cast<std::size_t>(v.out_w);
  const auto height = static_cast<std::size_t>(v.out_h);
  const std::size_t rows =
      static_cast<std::size_t>(op.inputs[0]->shape[0]) * height;
  const std::size_t row_step = static_cast<std::size_t>(v.in_w) * channels;
  const auto task = [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t row = begin; row < end; ++row) {
      const std::int32_t y0 =
          static_cast<std::int32_t>(row % height) * v.stride_h - v.pad_top;
      const std::int32_t top = std::max(y0, 0);
      const std::int32_t bottom =
          std::max(std::min(y0 + v.filter_h, v.in_h), top);
      const float* const line = x + row / height * v.ImageSize() +
                                static_cast<std::size_t>(top) * row_step;
      for (std::int32_t ox = 0; ox < v.out_w;) {
        const std::int32_t x0 = ox * v.stride_w - v.pad_left;
        const std::int32_t left = std::max(x0, 0);
        const std::int32_t right =
            std::max(std::min(x0 + v.filter_w, v.in_w), left);
        // This window, or as many as lie inside the image from here on.
        std::int32_t count = 1;
        if (x0 >= 0 && x0 <= v.in_w - v.filter_w) {
          count += std::min((v.in_w - v.filter_w - x0) / v.stride_w,
                            v.out_w - ox - 1);
        }
        fold({.first = line + static_cast<std::size_t>(left) * channels,
              .count = static_cast<std::size_t>(count),
              .step = static_cast<std::size_t>(v.stride_w) * channels,
              .rows = static_cast<std::size_t>(bottom - top),
              .columns = static_cast<std::size_t>(right - left),
              .row_step = row_step,
              .channels = channels,
              .clamp = clamp},
             y + (row * width + static_cast<std::size_t>(ox)) * channels);
        ox += count;
      }
    }
  };
  context.ParallelFor(rows, 1, rows * width * v.PatchSize() / kElementsPerNs,
                      task);
}

Window WindowOf(const Op& op) {
  Window v = {};
  MakeWindow(op.inputs[0]->shape, op.options.filter_h, op.options.filter_w,
             op.options, &v);
  return v;
}

StatusCode EvalMax(EvalContext& context, const Op& op) {
  Pool(context, op, WindowOf(op), RangeOf(op.options.activation),
       HWY_DYNAMIC_DISPATCH(MaxWindows));
  return StatusCode::kOk;
}

StatusCode EvalAverage(EvalContext& context, const Op& op) {
  Pool(context, op, WindowOf(op), RangeOf(op.options.activation),
       HWY_DYNAMIC_DISPATCH(AverageWindows));
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kVectorMaxPool2DF32 = {Prepare, EvalMax};
extern const Kernel kVectorAveragePool2DF32 = {Prepare, EvalAverage};

}  // namespace sotto::runtime
#endif  // HWY_ONCE
