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
  const auto channels = static_cast<std::size_t>(v.channels);
  const auto width = static_cast<std::size_t>(v.out_w);
  const auto height = static_cast<std::size_t>(v.out_h);
  auto ox = static_cast<std::int32_t>(begin % width);
  auto oy = static_cast<std::int32_t>(begin / width % height);
  const float* image = x + begin / width / height * v.ImageSize();
  const float** next = pointers;
  for (std::size_t i = begin; i < end; ++i) {
    const std::int32_t x0 = ox * v.stride_w - v.pad_left;
    // Filter columns [first, last) lie inside the image.
    const std::int32_t first = std::max(0, -x0);
    const std::int32_t last = std::min(v.filter_w, v.in_w - x0);
    for (std::int32_t ky = 0; ky < v.filter_h; ++ky) {
      const std::int32_t iy = oy * v.stride_h - v.pad_top + ky * v.dilation_h;
      const bool inside = iy >= 0 && iy < v.in_h;
      const float* line = image + static_cast<std::size_t>(inside ? iy : 0) *
                                      static_cast<std::size_t>(v.in_w) *
                                      channels;
      if (!whole_rows) {
        for (std::int32_t kx = 0; kx < v.filter_w; ++kx) {
          const std::int32_t ix = x0 + kx * v.dilation_w;
          *next++ = inside && ix >= 0 && ix < v.in_w
                        ? line + static_cast<std::size_t>(ix) * channels
                        : zeros;
        }
      } else if (!inside || first >= last) {
        *next++ = zeros;
      } else if (first == 0 && last == v.filter_w) {
        *next++ = line + static_cast<std::size_t>(x0) * channels;
      } else {
        *next++ = copy;
        std::fill(copy, copy + segment_size, 0.0f);
        std::copy_n(line + static_cast<std::size_t>(x0 + first) * channels,
                    static_cast<std::size_t>(last - first) * channels,
                    copy + static_cast<std::size_t>(first) * channels);
        copy += segment_size;
      }
    }
    if (++ox == v.out_w) {
      ox = 0;
      if (++oy == v.out_h) {
        oy = 0;
        image += v.ImageSize();
      }
    }
  }
  return pointers;
}

}  // namespace sotto::runtime
