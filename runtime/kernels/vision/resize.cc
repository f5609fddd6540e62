// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.
//
//   in 0   x     f32, int8, uint8, int16 [batch, height, width, channels]
//   in 1   size  int32 [2]: height and width of y, both positive; a constant,
//                or known when the op runs
//   out 0  y     type of x, [batch, size, channels], x's quantisation
//
// Row i of y lies at i * scale in x, scale = height / size; align_corners:
// (height - 1) / (size - 1); half_pixel_centers: (i + 1/2) * scale - 1/2 (for
// the nearest neighbour (i + 1/2) * scale). The two options exclude each other
// for RESIZE_BILINEAR. Positions are f32, for bilinear int8 and int16 integers
// with 10 fractional bits and a sum of 64 bits, as the format's own kernels
// have them. Results of integers are rounded, halves away from zero.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "runtime/core/kernel.h"

namespace sotto::runtime {
namespace {

bool ReadSize(const Tensor& size, const Shape& x, Shape* y) {
  *y = x;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int32_t value = size.int32s()[i];
    if (value <= 0) return false;
    y->dims[1 + i] = value;
  }
  return true;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || op.outputs.size() != 1 || !op.input(0) ||
      !op.input(1) || op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, size -> y");
  }
  const Tensor &x = *op.inputs[0], &size = *op.inputs[1];
  Tensor& y = *op.outputs[0];
  if (x.type != ElementType::kFloat32 && x.type != ElementType::kInt8 &&
      x.type != ElementType::kUint8 && x.type != ElementType::kInt16) {
    return context.Fail(StatusCode::kUnimplemented, "type of x");
  }
  if (x.shape.rank != 4 || x.shape[1] <= 0 || x.shape[2] <= 0 ||
      size.type != ElementType::kInt32 || size.shape.rank != 1 ||
      size.shape[0] != 2 || y.type != x.type) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x is not of rank 4, has no pixels, or size or y");
  }
  y.is_dynamic = !size.is_constant;
  if (size.is_constant && !ReadSize(size, x.shape, &y.shape)) {
    return context.Fail(StatusCode::kInvalidArgument, "size is not positive");
  }
  return StatusCode::kOk;
}

StatusCode PrepareBilinear(PrepareContext& context, Op& op) {
  if (op.options.align_corners && op.options.half_pixel_centers) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "align_corners and half_pixel_centers");
  }
  return Prepare(context, op);
}

StatusCode Begin(EvalContext& context, const Op& op) {
  if (!op.outputs[0]->is_dynamic) return StatusCode::kOk;
  Shape shape;
  if (!ReadSize(*op.inputs[1], op.inputs[0]->shape, &shape)) {
    return context.Fail(StatusCode::kInvalidArgument, "size is not positive");
  }
  return context.Resize(*op.outputs[0], shape);
}

// Where one row or column of y reads x: between `low` and `high`.
struct Between {
  std::size_t low, high;
  float weight;  // of high
};

Between PlaceF32(std::int32_t i, std::int32_t in, std::int32_t out,
                 const Options& options) {
  float scale = static_cast<float>(in) / static_cast<float>(out);
  if (options.align_corners && out > 1) {
    scale = static_cast<float>(in - 1) / static_cast<float>(out - 1);
  }
  const auto at = static_cast<float>(i);
  const float place =
      options.half_pixel_centers ? (at + 0.5f) * scale - 0.5f : at * scale;
  const auto last = static_cast<float>(in - 1);
  const float low = std::clamp(std::floor(place), 0.0f, last);
  return {static_cast<std::size_t>(low),
          static_cast<std::size_t>(std::clamp(std::ceil(place), 0.0f, last)),
          place - low};
}

// The same with the weight in units of 1/1024.
struct BetweenFixed {
  std::size_t low, high;
  std::int64_t weight;
};

BetweenFixed PlaceFixed(std::int32_t i, std::int32_t in, std::int32_t out,
                        const Options& options) {
  std::int64_t span = in, steps = out;
  if (options.align_corners && out > 1) {
    --span;
    --steps;
  }
  const std::int64_t scale = (1024 * span + steps / 2) / steps;
  std::int64_t place = i * scale;
  if (options.half_pixel_centers) place += scale / 2 - 512;
  const std::int64_t last = in - 1;
  const std::int64_t low = std::clamp<std::int64_t>(place / 1024, 0, last);
  const std::int64_t high =
      std::clamp<std::int64_t>((place + 1023) / 1024, 0, last);
  return {static_cast<std::size_t>(low), static_cast<std::size_t>(high),
          place - 1024 * low};
}

// Calls pixel(a, b, c, d, row, column, y) with the four neighbours' pixels.
template <typename T, typename Place, typename Pixel>
void ForEachPixel(const Op& op, const Place& place, const Pixel& pixel) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const auto channels = static_cast<std::size_t>(x.shape[3]);
  const std::size_t row = static_cast<std::size_t>(x.shape[2]) * channels;
  const std::size_t image = static_cast<std::size_t>(x.shape[1]) * row;
  T* result = y.as<T>();
  for (std::int32_t n = 0; n < x.shape[0]; ++n) {
    const T* in = x.as<const T>() + static_cast<std::size_t>(n) * image;
    for (std::int32_t i = 0; i < y.shape[1]; ++i) {
      const auto v = place(i, x.shape[1], y.shape[1], op.options);
      for (std::int32_t j = 0; j < y.shape[2]; ++j, result += channels) {
        const auto h = place(j, x.shape[2], y.shape[2], op.options);
        const T* low = in + v.low * row;
        const T* high = in + v.high * row;
        for (std::size_t c = 0; c < channels; ++c) {
          result[c] = pixel(
              low[h.low * channels + c], low[h.high * channels + c],
              high[h.low * channels + c], high[h.high * channels + c], v, h);
        }
      }
    }
  }
}

template <typename T>
void BilinearF32(const Op& op) {
  ForEachPixel<T>(
      op, PlaceF32, [](T a, T b, T c, T d, const Between& v, const Between& h) {
        const float value =
            static_cast<float>(a) * (1 - v.weight) * (1 - h.weight) +
            static_cast<float>(c) * v.weight * (1 - h.weight) +
            static_cast<float>(b) * (1 - v.weight) * h.weight +
            static_cast<float>(d) * v.weight * h.weight;
        if constexpr (std::is_integral_v<T>) {
          return static_cast<T>(std::clamp(value + 0.5f, 0.0f, 255.0f));
        } else {
          return value;
        }
      });
}

template <typename T>
void BilinearFixed(const Op& op) {
  ForEachPixel<T>(
      op, PlaceFixed,
      [](T a, T b, T c, T d, const BetweenFixed& v, const BetweenFixed& h) {
        const std::int64_t sum = a * (1024 - v.weight) * (1024 - h.weight) +
                                 c * v.weight * (1024 - h.weight) +
                                 b * (1024 - v.weight) * h.weight +
                                 d * v.weight * h.weight;
        const std::int64_t rounded =
            (sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20);
        return static_cast<T>(
            std::clamp<std::int64_t>(rounded, std::numeric_limits<T>::min(),
                                     std::numeric_limits<T>::max()));
      });
}

StatusCode EvalBilinear(EvalContext& context, const Op& op) {
  const StatusCode code = Begin(context, op);
  if (code != StatusCode::kOk) return code;
  switch (op.inputs[0]->type) {
    case ElementType::kFloat32:
      BilinearF32<float>(op);
      break;
    case ElementType::kUint8:
      BilinearF32<std::uint8_t>(op);
      break;
    case ElementType::kInt8:
      BilinearFixed<std::int8_t>(op);
      break;
    default:
      BilinearFixed<std::int16_t>(op);
      break;
  }
  return StatusCode::kOk;
}

std::size_t Nearest(std::int32_t i, std::int32_t in, std::int32_t out,
                    const Options& options) {
  const float scale =
      options.align_corners && out > 1
          ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
          : static_cast<float>(in) / static_cast<float>(out);
  const float place =
      (static_cast<float>(i) + (options.half_pixel_centers ? 0.5f : 0.0f)) *
      scale;
  return static_cast<std::size_t>(
      std::clamp(options.align_corners ? std::round(place) : std::floor(place),
                 0.0f, static_cast<float>(in - 1)));
}

StatusCode EvalNearest(EvalContext& context, const Op& op) {
  const StatusCode code = Begin(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const std::size_t pixel =
      static_cast<std::size_t>(x.shape[3]) * ElementBytes(x.type);
  const std::size_t row = static_cast<std::size_t>(x.shape[2]) * pixel;
  const std::size_t image = static_cast<std::size_t>(x.shape[1]) * row;
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  auto* result = y.as<std::uint8_t>();
  for (std::int32_t n = 0; n < x.shape[0]; ++n) {
    const auto* in =
        x.as<const std::uint8_t>() + static_cast<std::size_t>(n) * image;
    for (std::int32_t i = 0; i < y.shape[1]; ++i) {
      const auto* from =
          in + Nearest(i, x.shape[1], y.shape[1], op.options) * row;
      for (std::int32_t j = 0; j < y.shape[2]; ++j, result += pixel) {
        std::memcpy(
            result,
            from + Nearest(j, x.shape[2], y.shape[2], op.options) * pixel,
            pixel);
      }
    }
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kResizeBilinearReference = {PrepareBilinear, EvalBilinear};
extern const Kernel kResizeNearestNeighborReference = {Prepare, EvalNearest};

}  // namespace sotto::runtime
