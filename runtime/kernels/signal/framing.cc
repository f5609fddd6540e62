// SignalWindow, SignalFramer, SignalStacker, SignalDelay and SignalOverlapAdd:
// cutting audio into frames and putting it together again. What has to be
// remembered from one run to the next is zeroed by Prepare.
//
// SignalWindow     int16 x [..., n], int16 w [n] -> sat16((x * w) >> shift)
// SignalFramer     int16 x [..., k * frame_step] -> y [..., k, frame_size] and
//                  bool valid []: every frame_step samples the last frame_size
//                  ones; frames before there are enough are 0 and make valid
//                  false. prefill: frame_size - frame_step zeros come first
// SignalStacker    int16 x [num_channels] -> y [(left + 1 + right) *
//                  num_channels] and bool valid []: the oldest left + 1 + right
//                  frames, then `step` of them are forgotten. The first frame
//                  counts left + 1 times. y is 0 until there are enough
// SignalDelay      int16 x [..., n] -> the samples of delay_length before
// SignalOverlapAdd x [..., k, n] -> y [..., k * frame_step], int16 (saturates)
//                  or f32: frames added up, each frame_step after the last
//
// Options are FlexBuffer maps with the names above; the stacker's are
// num_channels, stacker_left_context, stacker_right_context, stacker_step.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "runtime/kernels/custom/flexbuffer.h"
#include "runtime/kernels/signal/operands.h"

namespace sotto::runtime {
namespace {

constexpr std::int32_t kMaxSize = 1 << 24;  // products of two stay in 64 bits

std::int16_t Saturate(std::int32_t value) {
  return static_cast<std::int16_t>(std::clamp(value, -32768, 32767));
}

// A state of type State followed by `count` zeroed elements of T; null where
// that is too much.
template <typename State, typename T>
State* MakeState(PrepareContext& context, Op& op, std::uint64_t elements) {
  if (elements > std::uint64_t{1} << 28) return nullptr;
  const auto count = static_cast<std::size_t>(elements);
  void* memory = context.AllocateState(sizeof(State) + count * sizeof(T));
  if (memory == nullptr) return nullptr;
  std::memset(memory, 0, sizeof(State) + count * sizeof(T));
  op.state = memory;
  return static_cast<State*>(memory);
}

template <typename T, typename State>
T* SamplesOf(State* state) {
  return reinterpret_cast<T*>(state + 1);
}

StatusCode Exhausted(PrepareContext& context) {
  return context.Fail(StatusCode::kResourceExhausted, "arena too small");
}

StatusCode PrepareWindow(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 2, 1) || op.inputs[0]->type != ElementType::kInt16 ||
      op.inputs[0]->shape.rank == 0 ||
      !IsVectorOf(*op.inputs[1], ElementType::kInt16) ||
      LastDim(*op.inputs[0]) != LastDim(*op.inputs[1]) ||
      op.outputs[0]->type != ElementType::kInt16) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants int16 x [..., n], w [n] -> y");
  }
  auto* shift = context.AllocateState<std::int32_t>();
  if (shift == nullptr) return Exhausted(context);
  if (!FlexMap(op.options.custom).Get("shift", shift) || *shift < 0 ||
      *shift > 31) {
    return context.Fail(StatusCode::kInvalidArgument, "shift");
  }
  op.state = shift;
  SetOutput(*op.outputs[0], op.inputs[0]->shape);
  return StatusCode::kOk;
}

StatusCode EvalWindow(EvalContext&, const Op& op) {
  const std::int32_t shift = *static_cast<const std::int32_t*>(op.state);
  const auto* x = op.inputs[0]->as<const std::int16_t>();
  const auto* w = op.inputs[1]->as<const std::int16_t>();
  auto* y = op.outputs[0]->as<std::int16_t>();
  const std::size_t size = op.inputs[0]->shape.Elements();
  const std::size_t period = LastDim(*op.inputs[1]);
  for (std::size_t i = 0; i < size; ++i) {
    y[i] = Saturate((std::int32_t{x[i]} * w[i % period]) >> shift);
  }
  return StatusCode::kOk;
}

struct Framer {
  std::int32_t size, step;
  std::size_t capacity;  // of one row's queue
  std::size_t held;      // the same for all rows
};

StatusCode PrepareFramer(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 1, 2) || op.inputs[0]->type != ElementType::kInt16 ||
      op.inputs[0]->shape.rank == 0 ||
      op.inputs[0]->shape.rank >= Shape::kMaxRank ||
      op.outputs[0]->type != ElementType::kInt16 ||
      op.outputs[1]->type != ElementType::kBool) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants int16 x -> int16 y, bool valid");
  }
  const Tensor& x = *op.inputs[0];
  const FlexMap map(op.options.custom);
  std::int32_t size = 0, step = 0;
  bool prefill = false;
  const std::int32_t length = x.shape[x.shape.rank - 1];
  if (!map.Get("frame_size", &size) || !map.Get("frame_step", &step) ||
      !map.Get("prefill", &prefill) || step <= 0 || size < step ||
      size > kMaxSize || length <= 0 || length % step != 0) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "frame_size, frame_step or prefill");
  }
  // Before a frame is taken out, fewer than frame_size + frame_step are held.
  const std::size_t capacity =
      static_cast<std::size_t>(size) + static_cast<std::size_t>(step);
  auto* framer = MakeState<Framer, std::int16_t>(
      context, op, std::uint64_t{Rows(x)} * capacity);
  if (framer == nullptr) return Exhausted(context);
  *framer = {size, step, capacity,
             prefill ? static_cast<std::size_t>(size - step) : 0};
  Shape shape = x.shape;
  shape.dims[shape.rank - 1] = length / step;
  shape.dims[shape.rank++] = size;
  SetOutput(*op.outputs[0], shape);
  SetOutput(*op.outputs[1], {});
  return StatusCode::kOk;
}

StatusCode EvalFramer(EvalContext&, const Op& op) {
  auto* framer = static_cast<Framer*>(op.state);
  const auto size = static_cast<std::size_t>(framer->size);
  const auto step = static_cast<std::size_t>(framer->step);
  const std::size_t frames = LastDim(*op.inputs[0]) / step;
  const auto* x = op.inputs[0]->as<const std::int16_t>();
  auto* y = op.outputs[0]->as<std::int16_t>();
  bool valid = true;
  std::size_t held = framer->held;
  for (std::size_t r = 0; r < Rows(*op.inputs[0]); ++r) {
    std::int16_t* queue =
        SamplesOf<std::int16_t>(framer) + r * framer->capacity;
    held = framer->held;
    for (std::size_t f = 0; f < frames; ++f, x += step, y += size) {
      std::copy_n(x, step, queue + held);
      held += step;
      if (held >= size) {
        std::copy_n(queue, size, y);
        std::copy(queue + step, queue + held, queue);
        held -= step;
      } else {
        std::fill_n(y, size, std::int16_t{0});
        valid = false;
      }
    }
  }
  framer->held = held;
  *op.outputs[1]->as<std::uint8_t>() = valid ? 1 : 0;
  return StatusCode::kOk;
}

struct Stacker {
  std::size_t channels, left, size, step;
  std::size_t held;
  bool has_first;
};

StatusCode PrepareStacker(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 1, 2) ||
      !IsVectorOf(*op.inputs[0], ElementType::kInt16) ||
      op.outputs[0]->type != ElementType::kInt16 ||
      op.outputs[1]->type != ElementType::kBool) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants int16 x [n] -> int16 y, bool valid");
  }
  const FlexMap map(op.options.custom);
  std::int32_t channels = 0, left = 0, right = 0, step = 0;
  if (!map.Get("num_channels", &channels) ||
      !map.Get("stacker_left_context", &left) ||
      !map.Get("stacker_right_context", &right) ||
      !map.Get("stacker_step", &step) || channels <= 0 ||
      channels != op.inputs[0]->shape[0] || left < 0 || left > kMaxSize ||
      right < 0 || right > kMaxSize || step <= 0 || step > left + right + 1) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "num_channels, a context or step");
  }
  const std::int64_t size = std::int64_t{channels} * (left + right + 1);
  if (size > kMaxSize) {
    return context.Fail(StatusCode::kInvalidArgument, "too many frames");
  }
  const auto count = static_cast<std::size_t>(size);
  auto* stacker = MakeState<Stacker, std::int16_t>(context, op, count);
  if (stacker == nullptr) return Exhausted(context);
  stacker->channels = static_cast<std::size_t>(channels);
  stacker->left = static_cast<std::size_t>(left);
  stacker->size = count;
  stacker->step =
      static_cast<std::size_t>(step) * static_cast<std::size_t>(channels);
  SetOutput(*op.outputs[0], {1, {static_cast<std::int32_t>(size)}});
  SetOutput(*op.outputs[1], {});
  return StatusCode::kOk;
}

StatusCode EvalStacker(EvalContext&, const Op& op) {
  auto* stacker = static_cast<Stacker*>(op.state);
  auto* queue = SamplesOf<std::int16_t>(stacker);
  const auto* x = op.inputs[0]->as<const std::int16_t>();
  auto* y = op.outputs[0]->as<std::int16_t>();
  const std::size_t copies = stacker->has_first ? 1 : stacker->left + 1;
  stacker->has_first = true;
  // Fewer than `size` are held here, a multiple of `channels`: there is room.
  for (std::size_t i = 0; i < copies; ++i) {
    std::copy_n(x, stacker->channels, queue + stacker->held);
    stacker->held += stacker->channels;
  }
  const bool valid = stacker->held >= stacker->size;
  if (valid) {
    std::copy_n(queue, stacker->size, y);
    std::copy(queue + stacker->step, queue + stacker->held, queue);
    stacker->held -= stacker->step;
  } else {
    std::fill_n(y, stacker->size, std::int16_t{0});
  }
  *op.outputs[1]->as<std::uint8_t>() = valid ? 1 : 0;
  return StatusCode::kOk;
}

struct Delay {
  std::size_t length;
};

StatusCode PrepareDelay(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 1, 1) || op.inputs[0]->type != ElementType::kInt16 ||
      op.inputs[0]->shape.rank == 0 || LastDim(*op.inputs[0]) == 0 ||
      op.outputs[0]->type != ElementType::kInt16) {
    return context.Fail(StatusCode::kInvalidArgument, "wants int16 x -> y");
  }
  std::int32_t length = 0;
  if (!FlexMap(op.options.custom).Get("delay_length", &length) || length < 0 ||
      length > kMaxSize) {
    return context.Fail(StatusCode::kInvalidArgument, "delay_length");
  }
  const auto count = static_cast<std::size_t>(length);
  auto* delay = MakeState<Delay, std::int16_t>(
      context, op, std::uint64_t{Rows(*op.inputs[0])} * count);
  if (delay == nullptr) return Exhausted(context);
  delay->length = count;
  SetOutput(*op.outputs[0], op.inputs[0]->shape);
  return StatusCode::kOk;
}

StatusCode EvalDelay(EvalContext&, const Op& op) {
  auto* delay = static_cast<Delay*>(op.state);
  const std::size_t length = delay->length, size = LastDim(*op.inputs[0]);
  const std::size_t kept = std::min(length, size);
  const auto* x = op.inputs[0]->as<const std::int16_t>();
  auto* y = op.outputs[0]->as<std::int16_t>();
  for (std::size_t r = 0; r < Rows(*op.inputs[0]); ++r, x += size, y += size) {
    std::int16_t* past = SamplesOf<std::int16_t>(delay) + r * length;
    std::copy_n(past, kept, y);
    std::copy_n(x, size - kept, y + kept);
    std::copy(past + kept, past + length, past);
    std::copy_n(x + size - kept, kept, past + length - kept);
  }
  return StatusCode::kOk;
}

struct Overlap {
  std::size_t step;
};

StatusCode PrepareOverlapAdd(PrepareContext& context, Op& op) {
  if (!HasOperands(op, 1, 1) || op.inputs[0]->shape.rank < 2 ||
      op.outputs[0]->type != op.inputs[0]->type) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x [..., k, n] -> y of its type");
  }
  const Tensor& x = *op.inputs[0];
  if (x.type != ElementType::kInt16 && x.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "type of x");
  }
  const std::size_t rank = x.shape.rank;
  const std::int32_t frames = x.shape[rank - 2], size = x.shape[rank - 1];
  std::int32_t step = 0;
  if (!FlexMap(op.options.custom).Get("frame_step", &step) || step <= 0 ||
      step > size || frames <= 0) {
    return context.Fail(StatusCode::kInvalidArgument, "frame_step or frames");
  }
  const std::size_t count = Rows(x) / static_cast<std::size_t>(frames) *
                            static_cast<std::size_t>(size);
  auto* overlap = x.type == ElementType::kInt16
                      ? MakeState<Overlap, std::int16_t>(context, op, count)
                      : MakeState<Overlap, float>(context, op, count);
  if (overlap == nullptr) return Exhausted(context);
  overlap->step = static_cast<std::size_t>(step);
  Shape shape = x.shape;
  shape.rank = rank - 1;
  shape.dims[rank - 2] = frames * step;
  shape.dims[rank - 1] = 0;
  SetOutput(*op.outputs[0], shape);
  return StatusCode::kOk;
}

template <typename T>
void RunOverlapAdd(const Op& op) {
  auto* overlap = static_cast<Overlap*>(op.state);
  const Tensor& x = *op.inputs[0];
  const std::size_t size = LastDim(x), step = overlap->step;
  const auto frames = static_cast<std::size_t>(x.shape[x.shape.rank - 2]);
  const T* in = x.as<const T>();
  T* y = op.outputs[0]->as<T>();
  for (std::size_t r = 0; r < Rows(x) / frames; ++r) {
    T* sum = SamplesOf<T>(overlap) + r * size;
    for (std::size_t f = 0; f < frames; ++f, in += size, y += step) {
      for (std::size_t i = 0; i < size; ++i) {
        if constexpr (std::is_integral_v<T>) {
          sum[i] = Saturate(std::int32_t{sum[i]} + in[i]);
        } else {
          sum[i] += in[i];
        }
      }
      std::copy_n(sum, step, y);
      std::copy(sum + step, sum + size, sum);
      std::fill_n(sum + size - step, step, T{0});
    }
  }
}

StatusCode EvalOverlapAdd(EvalContext&, const Op& op) {
  if (op.inputs[0]->type == ElementType::kInt16) {
    RunOverlapAdd<std::int16_t>(op);
  } else {
    RunOverlapAdd<float>(op);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSignalWindowReference = {PrepareWindow, EvalWindow};
extern const Kernel kSignalFramerReference = {PrepareFramer, EvalFramer};
extern const Kernel kSignalStackerReference = {PrepareStacker, EvalStacker};
extern const Kernel kSignalDelayReference = {PrepareDelay, EvalDelay};
extern const Kernel kSignalOverlapAddReference = {PrepareOverlapAdd,
                                                  EvalOverlapAdd};

}  // namespace sotto::runtime
