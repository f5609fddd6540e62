// SignalRfft, SignalIrfft, SignalFftAutoScale and SignalEnergy: the spectrum of
// the audio front end.
//
// SignalRfft      x [..., n] -> y [..., fft_length + 2], pairs of real and
//                 imaginary parts; x is filled up with zeros. int16, int32: the
//                 transform over fft_length; f32: the transform itself
// SignalIrfft     x [..., fft_length + 2] -> y [..., fft_length], the inverse
//                 with its factor 1 / fft_length
// SignalFftAutoScale  int16 x [n] -> x * 2^bits, int32 bits []: the most bits
//                 that the largest magnitude leaves; none for silence. The
//                 magnitude of -32768 counts as the smallest number, and
//                 products keep their low 16 bits, as the operator is defined
// SignalEnergy    int16 x [2 n], pairs -> uint32 y [n] = re^2 + im^2 for bins
//                 from start_index to before end_index, 0 elsewhere
//
// Options (a FlexBuffer map): fft_length (here a power of two from 4 to 2^16);
// start_index, end_index.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "runtime/kernels/custom/flexbuffer.h"
#include "runtime/kernels/signal/fft.h"
#include "runtime/kernels/signal/operands.h"

namespace sotto::runtime {
namespace {

constexpr std::int32_t kMaxLength = 1 << 16;

struct FftState {
  std::size_t length;
  // Twiddles of the type at hand follow.
};

template <typename T>
const Complex<T>* Twiddles(const Op& op) {
  return reinterpret_cast<const Complex<T>*>(
      static_cast<const FftState*>(op.state) + 1);
}

template <typename T>
StatusCode FillState(PrepareContext& context, Op& op, std::size_t length,
                     bool inverse) {
  using Fft = RealFft<T>;
  void* memory = context.AllocateState(
      sizeof(FftState) + Fft::TwiddleCount(length) * sizeof(Complex<T>));
  if (memory == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena too small");
  }
  auto* state = static_cast<FftState*>(memory);
  state->length = length;
  Fft::FillTwiddles(length, inverse, reinterpret_cast<Complex<T>*>(state + 1));
  op.state = state;
  // Forward: the padded input and n / 2 complex numbers; inverse: n of them.
  context.RequestScratch(2 * length * sizeof(T));
  return StatusCode::kOk;
}

template <bool kInverse>
StatusCode PrepareFft(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 1, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  const Tensor& x = *op.inputs[0];
  Tensor& y = *op.outputs[0];
  std::int32_t length = 0;
  if (!FlexMap(op.options.custom).Get("fft_length", &length) || length < 2 ||
      x.shape.rank == 0 || y.type != x.type) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "fft_length, a scalar, or types that differ");
  }
  if (length < 4 || length > kMaxLength ||
      !std::has_single_bit(static_cast<std::uint32_t>(length))) {
    return context.Fail(StatusCode::kUnimplemented,
                        "fft_length is no power of two from 4 to 65536");
  }
  const std::int32_t size = x.shape[x.shape.rank - 1];
  if (size == 0 || (kInverse ? size != length + 2 : size > length)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "the last dimension and fft_length");
  }
  Shape shape = x.shape;
  shape.dims[x.shape.rank - 1] = kInverse ? length : length + 2;
  SetOutput(y, shape);
  const auto count = static_cast<std::size_t>(length);
  switch (x.type) {
    case ElementType::kInt16:
      return FillState<std::int16_t>(context, op, count, kInverse);
    case ElementType::kInt32:
      return FillState<std::int32_t>(context, op, count, kInverse);
    case ElementType::kFloat32:
      return FillState<float>(context, op, count, kInverse);
    default:
      return context.Fail(StatusCode::kUnimplemented, "type of x");
  }
}

template <typename T>
void RunForward(const Op& op) {
  const std::size_t length = static_cast<const FftState*>(op.state)->length;
  const RealFft<T> fft(length, Twiddles<T>(op));
  const std::size_t size = LastDim(*op.inputs[0]);
  auto* padded = static_cast<T*>(op.scratch);
  auto* work = reinterpret_cast<Complex<T>*>(padded + length);
  const T* x = op.inputs[0]->as<const T>();
  auto* y = op.outputs[0]->as<Complex<T>>();
  for (std::size_t r = 0; r < Rows(*op.inputs[0]); ++r) {
    std::copy_n(x + r * size, size, padded);
    std::fill(padded + size, padded + length, T{0});
    fft.Forward(padded, work, y + r * (length / 2 + 1));
  }
}

template <typename T>
void RunInverse(const Op& op) {
  const std::size_t length = static_cast<const FftState*>(op.state)->length;
  const RealFft<T> fft(length, Twiddles<T>(op));
  const auto* x = op.inputs[0]->as<const Complex<T>>();
  T* y = op.outputs[0]->as<T>();
  for (std::size_t r = 0; r < Rows(*op.inputs[0]); ++r) {
    T* row = y + r * length;
    fft.Inverse(x + r * (length / 2 + 1), static_cast<Complex<T>*>(op.scratch),
                row);
    if constexpr (std::is_floating_point_v<T>) {
      for (std::size_t i = 0; i < length; ++i) {
        row[i] /= static_cast<T>(length);
      }
    }
  }
}

template <bool kInverse>
StatusCode EvalFft(EvalContext&, const Op& op) {
  const auto run = [&op](auto zero) {
    using T = decltype(zero);
    if constexpr (kInverse) {
      RunInverse<T>(op);
    } else {
      RunForward<T>(op);
    }
  };
  switch (op.inputs[0]->type) {
    case ElementType::kInt16:
      run(std::int16_t{0});
      break;
    case ElementType::kInt32:
      run(std::int32_t{0});
      break;
    default:
      run(0.0f);
      break;
  }
  return StatusCode::kOk;
}

StatusCode PrepareAutoScale(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 1, 2) ||
      !IsVectorOf(*op.inputs[0], ElementType::kInt16) ||
      op.outputs[0]->type != ElementType::kInt16 ||
      op.outputs[1]->type != ElementType::kInt32) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants int16 x [n] -> int16 y, int32 bits");
  }
  SetOutput(*op.outputs[0], op.inputs[0]->shape);
  SetOutput(*op.outputs[1], {});
  return StatusCode::kOk;
}

StatusCode EvalAutoScale(EvalContext&, const Op& op) {
  const auto* x = op.inputs[0]->as<const std::int16_t>();
  const std::size_t size = op.inputs[0]->shape.Elements();
  std::int16_t largest = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (x[i] > largest) {
      largest = x[i];
    } else if (-x[i] > largest) {
      largest = static_cast<std::int16_t>(-x[i]);
    }
  }
  int bits = 0;
  if (largest > 0) {
    bits = 15 - static_cast<int>(
                    std::bit_width(static_cast<std::uint16_t>(largest)));
  }
  auto* y = op.outputs[0]->as<std::int16_t>();
  for (std::size_t i = 0; i < size; ++i) {
    y[i] = static_cast<std::int16_t>(x[i] * (1 << bits));
  }
  *op.outputs[1]->as<std::int32_t>() = bits;
  return StatusCode::kOk;
}

struct Bins {
  std::int32_t start, end;
};

StatusCode PrepareEnergy(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 1, 1) ||
      !IsVectorOf(*op.inputs[0], ElementType::kInt16) ||
      op.outputs[0]->type != ElementType::kUint32) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants int16 x [2 n] -> uint32 y");
  }
  auto* bins = context.AllocateState<Bins>();
  if (bins == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena too small");
  }
  const std::int32_t count = op.inputs[0]->shape[0] / 2;
  const FlexMap map(op.options.custom);
  if (!map.Get("start_index", &bins->start) ||
      !map.Get("end_index", &bins->end) || bins->start < 0 ||
      bins->start > bins->end || bins->end > count) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "start_index or end_index");
  }
  op.state = bins;
  SetOutput(*op.outputs[0], {1, {count}});
  return StatusCode::kOk;
}

StatusCode EvalEnergy(EvalContext&, const Op& op) {
  const auto& bins = *static_cast<const Bins*>(op.state);
  const auto* x = op.inputs[0]->as<const std::int16_t>();
  auto* y = op.outputs[0]->as<std::uint32_t>();
  std::fill_n(y, op.outputs[0]->shape.Elements(), 0u);
  for (std::int32_t i = bins.start; i < bins.end; ++i) {
    const std::int32_t re = x[2 * i], im = x[2 * i + 1];
    y[i] = static_cast<std::uint32_t>(re * re) +
           static_cast<std::uint32_t>(im * im);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSignalRfftReference = {PrepareFft<false>, EvalFft<false>};
extern const Kernel kSignalIrfftReference = {PrepareFft<true>, EvalFft<true>};
extern const Kernel kSignalFftAutoScaleReference = {PrepareAutoScale,
                                                    EvalAutoScale};
extern const Kernel kSignalEnergyReference = {PrepareEnergy, EvalEnergy};

}  // namespace sotto::runtime
