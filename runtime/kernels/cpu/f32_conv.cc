#include "runtime/kernels/cpu/f32_conv.h"

#include <algorithm>
#include <cstddef>

#include "runtime/kernels/activation.h"

namespace sotto::runtime {
namespace {

// From so many channels on, a pointer per tap costs nothing beside its work.
constexpr std::int32_t kManyChannels = 32;

}  // namespace

StatusCode CheckF32Conv(PrepareContext& context, const Options& options,
                        const Tensor* x, const Tensor* w, const Tensor* bias,
                        bool depthwise, Window* window) {
  if (x == nullptr || w == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "x or w is absent");
  }
  if (x->type != ElementType::kFloat32 || w->type != ElementType::kFloat32 ||
      (bias != nullptr && bias->type != ElementType::kFloat32)) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  if (!w->is_constant || (bias != nullptr && !bias->is_constant)) {
    return context.Fail(StatusCode::kUnimplemented, "w or bias is no constant");
  }
  if (!IsClamp(options.activation) || !IsClamp(options.second_activation)) {
    return context.Fail(StatusCode::kUnimplemented, "activation is no clamp");
  }
  if (x->shape.rank != 4 || w->shape.rank != 4) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x or w is not of rank 4");
  }
  const std::int32_t channels = x->shape[3];
  if (channels < 1 || w->shape.Elements() == 0 || x->shape.Elements() == 0) {
    return context.Fail(StatusCode::kUnimplemented, "empty tensors");
  }
  const std::int32_t out = depthwise ? w->shape[3] : w->shape[0];
  if (depthwise) {
    if (w->shape[0] != 1 || out % channels != 0) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "w is not [1, h, w, channels * m]");
    }
  } else if (w->shape[3] != channels) {
    return context.Fail(channels % w->shape[3] == 0
                            ? StatusCode::kUnimplemented
                            : StatusCode::kInvalidArgument,
                        "channels of x and w differ (grouped convolution)");
  }
  if (bias != nullptr &&
      bias->shape.Elements() != static_cast<std::size_t>(out)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "bias is not one value per output channel");
  }
  if (!MakeWindow(x->shape, w->shape[1], w->shape[2], options, window)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "stride, dilation or filter does not fit the image");
  }
  return StatusCode::kOk;
}

F32Patches F32Patches::Of(const Window& v) {
  F32Patches p;
  p.v = v;
  p.whole_rows = v.dilation_w == 1 && v.channels < kManyChannels;
  p.segments = static_cast<std::size_t>(v.filter_h);
  p.segment_size = static_cast<std::size_t>(v.channels);
  if (p.whole_rows) {
    p.segment_size *= static_cast<std::size_t>(v.filter_w);
  } else {
    p.segments *= static_cast<std::size_t>(v.filter_w);
  }
  return p;
}

std::size_t F32Patches::ScratchBytes(std::size_t rows) const {
  const std::size_t copies = whole_rows && v.filter_w > 1 ? rows * segments : 0;
  return rows * segments * sizeof(float*) +
         (1 + copies) * segment_size * sizeof(float);
}

const float* const* F32Patches::Gather(const float* x, std::size_t begin,
                                       std::size_t end, void* scratch) const {
  auto** const pointers = static_cast<const float**>(scratch);
  auto* const zeros =
      reinterpret_cast<float*>(pointers + (end - begin) * segments);
  float* copy = zeros + segment_size;
  std::fill(zeros, copy, 0.0f);
  const auto width = static_cast<std::size_t>(v.out_w);
  const auto height = static_cast<std::size_t>(v.out_h);
  const float** next = pointers;
  for (std::size_t i = begin; i < end;) {
    const std::size_t row = i / width, ox = i % width;
    const std::size_t stop = std::min(width, ox + end - i);
    copy = GatherRow({.image = x + row / height * v.ImageSize(),
                      .oy = static_cast<std::int32_t>(row % height),
                      .begin = static_cast<std::int32_t>(ox),
                      .end = static_cast<std::int32_t>(stop)},
                     next, zeros, copy);
    next += (stop - ox) * segments;
    i += stop - ox;
  }
  return pointers;
}

float* F32Patches::GatherRow(const Run& run, const float** pointers,
                             const float* zeros, float* copy) const {
  const auto channels = static_cast<std::size_t>(v.channels);
  const std::size_t step = static_cast<std::size_t>(v.stride_w) * channels;
  const std::int32_t taps = whole_rows ? 1 : v.filter_w;
  for (std::size_t s = 0; s < segments; ++s) {
    const auto ky = static_cast<std::int32_t>(s) / taps;
    const auto kx = static_cast<std::int32_t>(s) % taps;
    const std::int32_t iy = run.oy * v.stride_h - v.pad_top + ky * v.dilation_h;
    const float** next = pointers + s;
    if (iy < 0 || iy >= v.in_h) {
      for (std::int32_t ox = run.begin; ox < run.end; ++ox, next += segments) {
        *next = zeros;
      }
      continue;
    }
    const float* line = run.image + static_cast<std::size_t>(iy) *
                                        static_cast<std::size_t>(v.in_w) *
                                        channels;
    // The segment starts at column ox * stride_w + shift and is `columns` long;
    // for ox in [low, high) it lies inside the image.
    const std::int32_t shift = kx * v.dilation_w - v.pad_left;
    const std::int32_t columns = whole_rows ? v.filter_w : 1;
    const std::int32_t room = v.in_w - columns - shift;
    const std::int32_t low =
        shift < 0 ? (-shift + v.stride_w - 1) / v.stride_w : 0;
    const std::int32_t high = room < 0 ? 0 : room / v.stride_w + 1;
    std::int32_t ox = run.begin;
    const auto border = [&](std::int32_t until) {
      for (; ox < until; ++ox, next += segments) {
        const std::int32_t x0 = ox * v.stride_w + shift;
        const std::int32_t first = std::max(0, -x0);
        const std::int32_t last = std::min(columns, v.in_w - x0);
        *next = zeros;
        if (first >= last) continue;
        *next = copy;
        std::fill(copy, copy + segment_size, 0.0f);
        std::copy_n(line + static_cast<std::size_t>(x0 + first) * channels,
                    static_cast<std::size_t>(last - first) * channels,
                    copy + static_cast<std::size_t>(first) * channels);
        copy += segment_size;
      }
    };
    border(std::min(low, run.end));
    const std::int32_t inside = std::min(high, run.end);
    if (ox < inside) {
      const float* from =
          line + static_cast<std::size_t>(ox * v.stride_w + shift) * channels;
      for (; ox < inside; ++ox, next += segments) {
        *next = from;
        from += step;
      }
    }
    border(run.end);
  }
  return copy;
}

}  // namespace sotto::runtime
