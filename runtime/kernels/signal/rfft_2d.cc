// RFFT2D: the two-dimensional Fourier transform of a real image.
//
//   in 0   x       f32 [..., height, width], cut or filled up with zeros to
//   in 1   length  int32 [2], a constant: height h and width w of the
//                  transform, powers of two up to 32768
//   out 0  y       complex64 [..., h, w / 2 + 1]
//
// In double precision: rows as real signals, then columns. Lengths below 4, and
// column transforms of any length, are summed up directly or in radix 2 and 4.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "runtime/kernels/signal/fft.h"
#include "runtime/kernels/signal/operands.h"

namespace sotto::runtime {
namespace {

constexpr std::int32_t kMaxLength = 1 << 15;

struct Lengths {
  std::int32_t height = 0, width = 0;
};

StatusCode ReadLengths(const Tensor& t, Lengths* lengths, const char** reason) {
  *lengths = {t.int32s()[0], t.int32s()[1]};
  for (const std::int32_t length : {lengths->height, lengths->width}) {
    if (length <= 0) {
      *reason = "a length is not positive";
      return StatusCode::kInvalidArgument;
    }
    if (length > kMaxLength ||
        !std::has_single_bit(static_cast<std::uint32_t>(length))) {
      *reason = "a length is no power of two up to 32768";
      return StatusCode::kUnimplemented;
    }
  }
  return StatusCode::kOk;
}

Shape OutputShape(const Shape& x, Lengths lengths) {
  Shape y = x;
  y.dims[x.rank - 2] = lengths.height;
  y.dims[x.rank - 1] = lengths.width / 2 + 1;
  return y;
}

// In doubles: a padded row, a row's work and result, a column and its result,
// twiddles of rows and of columns (a complex transform of h is half of a real
// one of 2 h).
struct Workspace {
  double* row;
  Complex<double>*work, *line, *column, *row_twiddles, *column_twiddles;
};

std::size_t ScratchBytes(std::size_t h, std::size_t w) {
  const std::size_t complexes = w / 2 + (w / 2 + 1) + 2 * h +
                                RealFft<double>::TwiddleCount(w) +
                                RealFft<double>::TwiddleCount(2 * h);
  return (w + 2 * complexes) * sizeof(double);
}

Workspace Divide(void* scratch, std::size_t h, std::size_t w) {
  Workspace s;
  s.row = static_cast<double*>(scratch);
  s.work = reinterpret_cast<Complex<double>*>(s.row + w);
  s.line = s.work + w / 2;
  s.column = s.line + (w / 2 + 1);
  s.row_twiddles = s.column + 2 * h;
  s.column_twiddles = s.row_twiddles + RealFft<double>::TwiddleCount(w);
  return s;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 2, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, length -> y");
  }
  const Tensor &x = *op.inputs[0], &length = *op.inputs[1];
  Tensor& y = *op.outputs[0];
  if (x.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "x is not f32");
  }
  if (x.shape.rank < 2 || length.type != ElementType::kInt32 ||
      length.shape.rank != 1 || length.shape[0] != 2 ||
      y.type != ElementType::kComplex64) {
    return context.Fail(StatusCode::kInvalidArgument, "rank, length or y");
  }
  if (!length.is_constant) {
    // The scratch memory depends on the lengths.
    return context.Fail(StatusCode::kUnimplemented, "length is not a constant");
  }
  Lengths lengths;
  const char* reason = "";
  const StatusCode code = ReadLengths(length, &lengths, &reason);
  if (code != StatusCode::kOk) return context.Fail(code, reason);
  SetOutput(y, OutputShape(x.shape, lengths));
  context.RequestScratch(ScratchBytes(static_cast<std::size_t>(lengths.height),
                                      static_cast<std::size_t>(lengths.width)));
  return StatusCode::kOk;
}

// The spectrum of s.row into s.line.
void TransformRow(const Workspace& s, std::size_t w) {
  if (w >= RealFft<double>::kMinLength) {
    RealFft<double>(w, s.row_twiddles).Forward(s.row, s.work, s.line);
  } else if (w == 2) {
    s.line[0] = {s.row[0] + s.row[1], 0.0};
    s.line[1] = {s.row[0] - s.row[1], 0.0};
  } else {
    s.line[0] = {s.row[0], 0.0};
  }
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const std::int32_t* lengths = op.inputs[1]->int32s();
  const auto h = static_cast<std::size_t>(lengths[0]);
  const auto w = static_cast<std::size_t>(lengths[1]);
  const auto in_h = static_cast<std::size_t>(x.shape[x.shape.rank - 2]);
  const std::size_t in_w = LastDim(x), out_w = w / 2 + 1;
  const Workspace s = Divide(op.scratch, h, w);
  if (w >= RealFft<double>::kMinLength) {
    RealFft<double>::FillTwiddles(w, false, s.row_twiddles);
  }
  RealFft<double>::FillTwiddles(2 * h, false, s.column_twiddles);
  const RealFft<double> columns(2 * h, s.column_twiddles);
  const std::size_t images = y.shape.Elements() / (h * out_w);
  for (std::size_t n = 0; n < images; ++n) {
    const float* in = x.floats() + n * in_h * in_w;
    auto* out = y.as<Complex<float>>() + n * h * out_w;
    for (std::size_t i = 0; i < h; ++i) {
      std::fill_n(s.row, w, 0.0);
      if (i < in_h) {
        std::copy_n(in + i * in_w, std::min(in_w, w), s.row);
      }
      TransformRow(s, w);
      for (std::size_t j = 0; j < out_w; ++j) {
        out[i * out_w + j] = {static_cast<float>(s.line[j].re),
                              static_cast<float>(s.line[j].im)};
      }
    }
    if (h == 1) continue;
    for (std::size_t j = 0; j < out_w; ++j) {
      for (std::size_t i = 0; i < h; ++i) {
        const Complex<float> value = out[i * out_w + j];
        s.column[i] = {value.re, value.im};
      }
      columns.Transform([&s](std::size_t i) { return s.column[i]; }, false,
                        s.column + h);
      for (std::size_t i = 0; i < h; ++i) {
        out[i * out_w + j] = {static_cast<float>(s.column[h + i].re),
                              static_cast<float>(s.column[h + i].im)};
      }
    }
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kRfft2DReference = {Prepare, Eval};

}  // namespace sotto::runtime
