// The mel filter bank of the audio front end, in integers of 32 and 64 bits
// whose products wrap around.
//
// SignalFilterBank   uint32 x [n], int16 weights, unweights, int16 [C + 1]
//                    frequency starts, weight starts, widths -> uint64 y [C]:
//                    band i adds x * weight to channel i - 1 and x * unweight
//                    to channel i; channel -1 is dropped. C: num_channels
// SignalFilterBankSquareRoot  uint64 x [C], int32 bits [] -> uint32
//                    round(sqrt(x)) >> bits; roots below 2^16 do not round up
//                    to 2^16, nor others to 2^32
// SignalFilterBankSpectralSubtraction  uint32 x [C] -> uint32 y, noise [C]:
//                    noise' = (x 2^s smoothing + noise one_minus) >> bits,
//                    y = max((x 2^s - min(noise', x 2^s)) >> s, (x * min) >>
//                    bits); clamping: noise' is cut to x 2^s too. The noise is
//                    kept from run to run and starts at 0; odd channels take
//                    the alternate smoothing
// SignalFilterBankLog  uint32 x [C] -> int16 min(output_scale * ln(x 2^c),
//                    32767), 0 where x 2^c <= 1; a table of 128 segments
// SignalPCAN         uint32 x, noise [C], int16 table [125] -> uint32 y: gain
//                    by a piecewise quadratic of the noise, snr = (x * gain) >>
//                    snr_shift in 12 fractional bits, y = snr^2 / 4 below 2,
//                    snr - 1 from there on, in 6 fractional bits
//
// Options are FlexBuffer maps with the names that the structs below have.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "runtime/kernels/custom/flexbuffer.h"
#include "runtime/kernels/signal/operands.h"

namespace sotto::runtime {
namespace {

StatusCode Exhausted(PrepareContext& context) {
  return context.Fail(StatusCode::kResourceExhausted, "arena too small");
}

StatusCode PrepareFilterBank(PrepareContext& context, Op& op) {
  std::int32_t channels = 0;
  if (!HasOperands(op, 6, 1) ||
      !IsVectorOf(*op.inputs[0], ElementType::kUint32) ||
      op.outputs[0]->type != ElementType::kUint64 ||
      !FlexMap(op.options.custom).Get("num_channels", &channels) ||
      channels <= 0) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants uint32 x and five tables -> uint64 y, channels");
  }
  for (std::size_t i = 1; i < 6; ++i) {
    const Tensor& t = *op.inputs[i];
    if (!IsVectorOf(t, ElementType::kInt16) ||
        (i >= 3 && t.shape[0] <= channels)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "a table: type or length");
    }
  }
  SetOutput(*op.outputs[0], {1, {channels}});
  return StatusCode::kOk;
}

StatusCode EvalFilterBank(EvalContext& context, const Op& op) {
  const auto table = [&op](std::size_t i) {
    return op.inputs[i]->as<const std::int16_t>();
  };
  const auto* x = op.inputs[0]->as<const std::uint32_t>();
  const std::int32_t bins = op.inputs[0]->shape[0];
  const std::int32_t weights =
      std::min(op.inputs[1]->shape[0], op.inputs[2]->shape[0]);
  auto* y = op.outputs[0]->as<std::uint64_t>();
  const std::int32_t channels = op.outputs[0]->shape[0];
  std::uint64_t sum = 0, next = 0;
  for (std::int32_t i = 0; i <= channels; ++i) {
    const std::int32_t bin = table(3)[i], first = table(4)[i];
    const std::int32_t width = table(5)[i];
    if (width > 0 && (bin < 0 || bin + width > bins || first < 0 ||
                      first + width > weights)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "a band lies outside the bins or the weights");
    }
    for (std::int32_t j = 0; j < width; ++j) {
      const std::uint64_t value = x[bin + j];
      sum +=
          static_cast<std::uint64_t>(std::int64_t{table(1)[first + j]}) * value;
      next +=
          static_cast<std::uint64_t>(std::int64_t{table(2)[first + j]}) * value;
    }
    if (i > 0) y[i - 1] = sum;
    sum = next;
    next = 0;
  }
  return StatusCode::kOk;
}

// floor(sqrt(value)), then up where the remainder says so.
std::uint32_t RoundedRoot(std::uint64_t value) {
  std::uint64_t root = 0;
  for (int bit = 31; bit >= 0; --bit) {
    const std::uint64_t candidate = root | std::uint64_t{1} << bit;
    if (candidate * candidate <= value) root = candidate;
  }
  const std::uint64_t limit = value >> 32 == 0 ? 0xFFFF : 0xFFFFFFFF;
  if (value - root * root > root && root != limit) ++root;
  return static_cast<std::uint32_t>(root);
}

StatusCode PrepareSquareRoot(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 2, 1) ||
      !IsVectorOf(*op.inputs[0], ElementType::kUint64) ||
      op.inputs[1]->type != ElementType::kInt32 ||
      op.inputs[1]->shape.Elements() != 1 ||
      op.outputs[0]->type != ElementType::kUint32) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants uint64 x [n], int32 bits -> uint32 y");
  }
  SetOutput(*op.outputs[0], op.inputs[0]->shape);
  return StatusCode::kOk;
}

StatusCode EvalSquareRoot(EvalContext& context, const Op& op) {
  const std::int32_t bits = *op.inputs[1]->int32s();
  if (bits < 0 || bits > 31) {
    return context.Fail(StatusCode::kInvalidArgument, "bits out of range");
  }
  const auto* x = op.inputs[0]->as<const std::uint64_t>();
  auto* y = op.outputs[0]->as<std::uint32_t>();
  for (std::size_t i = 0; i < op.inputs[0]->shape.Elements(); ++i) {
    y[i] = RoundedRoot(x[i]) >> bits;
  }
  return StatusCode::kOk;
}

struct Subtraction {
  std::uint64_t smoothing[2], one_minus[2];  // of even and odd channels
  std::uint64_t min_signal_remaining;
  std::int32_t smoothing_bits, bits;
  bool clamping;
  // The noise of each channel follows.
};

StatusCode PrepareSubtraction(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 1, 2) ||
      !IsVectorOf(*op.inputs[0], ElementType::kUint32) ||
      op.outputs[0]->type != ElementType::kUint32 ||
      op.outputs[1]->type != ElementType::kUint32) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants uint32 x [n] -> uint32 y, noise");
  }
  const auto count = static_cast<std::size_t>(op.inputs[0]->shape[0]);
  auto* s = static_cast<Subtraction*>(context.AllocateState(
      sizeof(Subtraction) + count * sizeof(std::uint32_t)));
  if (s == nullptr) return Exhausted(context);
  *s = {};
  const FlexMap map(op.options.custom);
  std::int32_t channels = 0, minimum = 0, smoothing[2] = {}, one_minus[2] = {};
  if (!map.Get("num_channels", &channels) ||
      !map.Get("smoothing", &smoothing[0]) ||
      !map.Get("one_minus_smoothing", &one_minus[0]) ||
      !map.Get("alternate_smoothing", &smoothing[1]) ||
      !map.Get("alternate_one_minus_smoothing", &one_minus[1]) ||
      !map.Get("smoothing_bits", &s->smoothing_bits) ||
      !map.Get("spectral_subtraction_bits", &s->bits) ||
      !map.Get("min_signal_remaining", &minimum) ||
      !map.Get("clamping", &s->clamping) ||
      channels != op.inputs[0]->shape[0] || s->smoothing_bits < 0 ||
      s->smoothing_bits > 31 || s->bits < 0 || s->bits > 63) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "an option is missing or out of range");
  }
  for (std::size_t i = 0; i < 2; ++i) {
    s->smoothing[i] = static_cast<std::uint32_t>(smoothing[i]);
    s->one_minus[i] = static_cast<std::uint32_t>(one_minus[i]);
  }
  s->min_signal_remaining = static_cast<std::uint32_t>(minimum);
  std::fill_n(reinterpret_cast<std::uint32_t*>(s + 1), count, 0u);
  op.state = s;
  SetOutput(*op.outputs[0], op.inputs[0]->shape);
  SetOutput(*op.outputs[1], op.inputs[0]->shape);
  return StatusCode::kOk;
}

StatusCode EvalSubtraction(EvalContext&, const Op& op) {
  auto* s = static_cast<Subtraction*>(op.state);
  auto* noise = reinterpret_cast<std::uint32_t*>(s + 1);
  const auto* x = op.inputs[0]->as<const std::uint32_t>();
  auto* y = op.outputs[0]->as<std::uint32_t>();
  const std::size_t count = op.inputs[0]->shape.Elements();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t scaled = x[i] << s->smoothing_bits;
    noise[i] = static_cast<std::uint32_t>(
        (scaled * s->smoothing[i % 2] + noise[i] * s->one_minus[i % 2]) >>
        s->bits);
    const std::uint32_t estimate = std::min(noise[i], scaled);
    if (s->clamping) noise[i] = estimate;
    const auto floor =
        static_cast<std::uint32_t>((x[i] * s->min_signal_remaining) >> s->bits);
    y[i] = std::max((scaled - estimate) >> s->smoothing_bits, floor);
  }
  std::copy_n(noise, count, op.outputs[1]->as<std::uint32_t>());
  return StatusCode::kOk;
}

struct Logarithm {
  std::int32_t correction_bits;
  std::uint32_t scale;
  // log2(1 + i / 128) - i / 128 in 16 fractional bits.
  std::int32_t curve[129];
};

StatusCode PrepareLog(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 1, 1) ||
      !IsVectorOf(*op.inputs[0], ElementType::kUint32) ||
      op.outputs[0]->type != ElementType::kInt16) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants uint32 x [n] -> int16 y");
  }
  auto* log = context.AllocateState<Logarithm>();
  if (log == nullptr) return Exhausted(context);
  const FlexMap map(op.options.custom);
  std::int32_t scale = 0;
  if (!map.Get("input_correction_bits", &log->correction_bits) ||
      !map.Get("output_scale", &scale) || log->correction_bits < 0 ||
      log->correction_bits > 31) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "input_correction_bits or output_scale");
  }
  log->scale = static_cast<std::uint32_t>(scale);
  for (int i = 0; i <= 128; ++i) {
    log->curve[i] = static_cast<std::int32_t>(
        std::lround(65536 * (std::log2(1 + i / 128.0) - i / 128.0)));
  }
  op.state = log;
  SetOutput(*op.outputs[0], op.inputs[0]->shape);
  return StatusCode::kOk;
}

// scale * ln(x), x > 0, scale as an integer.
std::uint32_t Log(const Logarithm& log, std::uint32_t x) {
  const int exponent = static_cast<int>(std::bit_width(x)) - 1;
  const std::uint64_t rest = x - (std::uint64_t{1} << exponent);
  const auto fraction =
      static_cast<std::int32_t>((rest << 16) >> exponent);  // below 2^16
  const std::int32_t segment = fraction >> 9;
  const std::int32_t base = log.curve[segment];
  const std::int32_t rise = log.curve[segment + 1] - base;
  const std::int32_t log2 =
      fraction + base + ((rise * (fraction - (segment << 9))) >> 16);
  constexpr std::uint64_t kLn2 = 45426;  // in 16 fractional bits
  const auto natural = static_cast<std::uint32_t>(
      (kLn2 * ((static_cast<std::uint64_t>(exponent) << 16) +
               static_cast<std::uint64_t>(log2)) +
       32768) >>
      16);
  return (log.scale * natural + 32768) >> 16;
}

StatusCode EvalLog(EvalContext&, const Op& op) {
  const auto& log = *static_cast<const Logarithm*>(op.state);
  const auto* x = op.inputs[0]->as<const std::uint32_t>();
  auto* y = op.outputs[0]->as<std::int16_t>();
  for (std::size_t i = 0; i < op.inputs[0]->shape.Elements(); ++i) {
    const std::uint32_t scaled = x[i] << log.correction_bits;
    y[i] = scaled > 1 ? static_cast<std::int16_t>(
                            std::min<std::uint32_t>(Log(log, scaled), 32767))
                      : std::int16_t{0};
  }
  return StatusCode::kOk;
}

constexpr std::int32_t kGainTableSize = 4 * 32 - 3;

StatusCode PreparePcan(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 3, 1) ||
      !IsVectorOf(*op.inputs[0], ElementType::kUint32) ||
      !IsVectorOf(*op.inputs[1], ElementType::kUint32) ||
      op.inputs[1]->shape[0] != op.inputs[0]->shape[0] ||
      !IsVectorOf(*op.inputs[2], ElementType::kInt16) ||
      op.inputs[2]->shape[0] < kGainTableSize ||
      op.outputs[0]->type != ElementType::kUint32) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants uint32 x, noise [n], int16 table -> uint32 y");
  }
  auto* shift = context.AllocateState<std::int32_t>();
  if (shift == nullptr) return Exhausted(context);
  if (!FlexMap(op.options.custom).Get("snr_shift", shift) || *shift < 0 ||
      *shift > 63) {
    return context.Fail(StatusCode::kInvalidArgument, "snr_shift");
  }
  op.state = shift;
  SetOutput(*op.outputs[0], op.inputs[0]->shape);
  return StatusCode::kOk;
}

// One quadratic for each power of two of the noise.
std::int16_t Gain(std::uint32_t noise, const std::int16_t* table) {
  if (noise <= 2) return table[noise];
  const int interval = static_cast<int>(std::bit_width(noise));
  table += 4 * interval - 6;
  const std::int64_t fraction =
      (interval < 11 ? noise << (11 - interval) : noise >> (interval - 11)) &
      0x3FF;
  std::int64_t result = (table[2] * fraction) >> 5;
  result += std::int64_t{table[1]} * 32;
  result = (result * fraction + (1 << 14)) >> 15;
  return static_cast<std::int16_t>(result + table[0]);
}

StatusCode EvalPcan(EvalContext&, const Op& op) {
  const std::int32_t shift = *static_cast<const std::int32_t*>(op.state);
  const auto* x = op.inputs[0]->as<const std::uint32_t>();
  const auto* noise = op.inputs[1]->as<const std::uint32_t>();
  const auto* table = op.inputs[2]->as<const std::int16_t>();
  auto* y = op.outputs[0]->as<std::uint32_t>();
  constexpr std::uint32_t kTwo = 2u << 12;
  for (std::size_t i = 0; i < op.inputs[0]->shape.Elements(); ++i) {
    const auto gain =
        static_cast<std::uint32_t>(std::int32_t{Gain(noise[i], table)});
    const auto snr =
        static_cast<std::uint32_t>((std::uint64_t{x[i]} * gain) >> shift);
    y[i] = snr < kTwo ? (snr * snr) >> 20 : (snr >> 6) - 64;
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSignalFilterBankReference = {PrepareFilterBank,
                                                  EvalFilterBank};
extern const Kernel kSignalFilterBankSquareRootReference = {PrepareSquareRoot,
                                                            EvalSquareRoot};
extern const Kernel kSignalFilterBankSpectralSubtractionReference = {
    PrepareSubtraction, EvalSubtraction};
extern const Kernel kSignalFilterBankLogReference = {PrepareLog, EvalLog};
extern const Kernel kSignalPcanReference = {PreparePcan, EvalPcan};

}  // namespace sotto::runtime
