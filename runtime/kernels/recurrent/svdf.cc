// SVDF: every unit is a sum of `rank` filters; a filter weighs the input's
// features, remembers the last `memory` results, and weighs those in time.
//
//   in 0   x        [batch, n]                  f32 | int8
//   in 1   feature  [filters, n]                f32 or int8 (hybrid) | int8
//   in 2   time     [filters, memory]           f32 or int8 (hybrid) | int16 or
//                   int8
//   in 3   bias     [units] or absent           f32 | int32
//   in 4   state    [batch, filters * memory]   f32 | type of `time`; a
//                   variable, written in place, newest value last
//   out 0  y        [batch, units]              f32 | int8
//
// filters = units * rank. Integer form: the state's newest value is
//   state_zero + requantize(feature . (x - x_zero)), x_scale * feature_scale /
//   state_scale, and y = y_zero + requantize(bias + sum time * (state -
//   state_zero)), state_scale * time_scale / y_scale.
// Its sums are of 64 bits and saturate to 32. Hybrid: an int8 `time` is one
// scale times its values, with f32 sums. Reads rank, activation (integer form:
// clamps only), asymmetric_inputs.

#include <algorithm>
#include <cstdint>
#include <limits>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/nn/requantize.h"
#include "runtime/kernels/recurrent/lstm_cell.h"
#include "runtime/kernels/recurrent/matrix_vector.h"

namespace sotto::runtime {
namespace {

struct Sizes {
  std::size_t batch, inputs, filters, units, memory, rank;
};

Sizes SizesOf(const Op& op) {
  const auto dim = [&op](std::size_t i, std::size_t d) {
    return static_cast<std::size_t>(op.inputs[i]->shape[d]);
  };
  const auto rank = static_cast<std::size_t>(op.options.rank);
  return {dim(0, 0), dim(0, 1), dim(1, 0), dim(1, 0) / rank, dim(2, 1), rank};
}

// What both forms share.
StatusCode CheckShapes(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 5 || op.outputs.size() != 1 || !op.input(0) ||
      !op.input(1) || !op.input(2) || !op.input(4) ||
      op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, feature, time, bias, state -> y");
  }
  const Tensor &x = *op.inputs[0], &feature = *op.inputs[1];
  const Tensor &time = *op.inputs[2], *bias = op.inputs[3];
  if (x.shape.rank != 2 || feature.shape.rank != 2 || time.shape.rank != 2 ||
      feature.shape[1] != x.shape[1] || time.shape[0] != feature.shape[0] ||
      time.shape[1] <= 0 || op.options.rank <= 0 ||
      feature.shape[0] % op.options.rank != 0) {
    return context.Fail(StatusCode::kInvalidArgument, "shapes or rank");
  }
  const std::int32_t units = feature.shape[0] / op.options.rank;
  if (bias != nullptr && (bias->shape.rank != 1 || bias->shape[0] != units)) {
    return context.Fail(StatusCode::kInvalidArgument, "bias");
  }
  op.outputs[0]->shape = {2, {x.shape[0], units}};
  op.outputs[0]->is_dynamic = false;
  return StatusCode::kOk;
}

// The state of the f32 and hybrid forms is f32 whatever `time` is.
bool HasState(const Op& op, ElementType type) {
  return IsState(op.inputs[4], type, op.inputs[0]->shape[0],
                 std::int64_t{op.inputs[2]->shape[0]} * op.inputs[2]->shape[1]);
}

StatusCode PrepareF32(PrepareContext& context, Op& op) {
  const StatusCode code = CheckShapes(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &feature = *op.inputs[1];
  const Tensor& time = *op.inputs[2];
  constexpr ElementType kF32 = ElementType::kFloat32;
  if (x.type != kF32 ||
      (feature.type != kF32 && feature.type != ElementType::kInt8) ||
      op.options.activation > Activation::kTanh) {
    return context.Fail(StatusCode::kUnimplemented, "types or activation");
  }
  if (!IsMatrix(feature, feature.type, feature.shape[0], x.shape[1]) ||
      (time.type != kF32 &&
       (feature.type == kF32 ||
        !IsMatrix(time, ElementType::kInt8, time.shape[0], time.shape[1]) ||
        time.quantization.count != 1)) ||
      (op.inputs[3] != nullptr && op.inputs[3]->type != kF32) ||
      !HasState(op, kF32) || op.outputs[0]->type != kF32) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "types, scales, or the state is no variable");
  }
  context.RequestScratch((static_cast<std::size_t>(feature.shape[0]) +
                          static_cast<std::size_t>(time.shape[1])) *
                             sizeof(float) +
                         static_cast<std::size_t>(x.shape[1]));
  return StatusCode::kOk;
}

// Each filter forgets its oldest value.
template <typename T>
void Shift(T* state, std::size_t filters, std::size_t memory) {
  for (std::size_t f = 0; f < filters; ++f, state += memory) {
    std::copy(state + 1, state + memory, state);
  }
}

// Filter `f`'s weights in time, as f32; `row` is memory for them.
const float* TimeOf(const Tensor& time, std::size_t f, std::size_t memory,
                    float* row) {
  if (time.type == ElementType::kFloat32) return time.floats() + f * memory;
  const auto* stored = time.as<const std::int8_t>() + f * memory;
  for (std::size_t i = 0; i < memory; ++i) {
    row[i] = time.quantization.scale[0] * static_cast<float>(stored[i]);
  }
  return row;
}

StatusCode EvalF32(EvalContext&, const Op& op) {
  const Sizes n = SizesOf(op);
  const Tensor& feature = *op.inputs[1];
  const QuantizeInputs quantize = {feature.type == ElementType::kInt8,
                                   op.options.asymmetric_inputs};
  auto* newest = static_cast<float*>(op.scratch);
  float* row = newest + n.filters;
  auto* bytes = reinterpret_cast<std::int8_t*>(row + n.memory);
  for (std::size_t b = 0; b < n.batch; ++b) {
    std::fill_n(newest, n.filters, 0.0f);
    AccumulateProduct(feature,
                      MakeOperand(op.inputs[0]->floats() + b * n.inputs,
                                  n.inputs, quantize, bytes),
                      newest);
    float* state = op.inputs[4]->floats() + b * n.filters * n.memory;
    Shift(state, n.filters, n.memory);
    float* y = op.outputs[0]->floats() + b * n.units;
    for (std::size_t u = 0; u < n.units; ++u) {
      y[u] = op.inputs[3] != nullptr ? op.inputs[3]->floats()[u] : 0.0f;
      for (std::size_t f = u * n.rank; f < (u + 1) * n.rank; ++f) {
        float* remembered = state + f * n.memory;
        remembered[n.memory - 1] = newest[f];
        y[u] += DotF32(TimeOf(*op.inputs[2], f, n.memory, row), remembered,
                       n.memory);
      }
    }
    ActivateRecurrent(op.options.activation, y, n.units);
  }
  return StatusCode::kOk;
}

struct Factors {
  FixedPoint feature, time;
  QuantizedRange range;
};

StatusCode PrepareInteger(PrepareContext& context, Op& op) {
  const StatusCode code = CheckShapes(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &feature = *op.inputs[1];
  const Tensor &time = *op.inputs[2], *bias = op.inputs[3];
  const Tensor &state = *op.inputs[4], &y = *op.outputs[0];
  if (x.type != ElementType::kInt8 || feature.type != ElementType::kInt8 ||
      (time.type != ElementType::kInt16 && time.type != ElementType::kInt8) ||
      !IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented, "types or activation");
  }
  if ((bias != nullptr && bias->type != ElementType::kInt32) ||
      y.type != ElementType::kInt8 || !HasState(op, time.type)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "types, or the state is no variable");
  }
  if (!IsQuantizedPerTensor(x) || !IsQuantizedSymmetric(feature, 0) ||
      feature.quantization.count != 1 || !IsQuantizedSymmetric(time, 0) ||
      time.quantization.count != 1 || !IsQuantizedPerTensor(state) ||
      !IsQuantizedPerTensor(y) ||
      (state.type == ElementType::kInt16 &&
       state.quantization.zero_point != 0)) {
    return context.Fail(StatusCode::kInvalidArgument, "quantisation");
  }
  auto* factors = context.AllocateState<Factors>();
  if (factors == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena too small");
  }
  const double state_scale = state.quantization.scale[0];
  factors->feature = ToFixedPoint(double{x.quantization.scale[0]} *
                                  feature.quantization.scale[0] / state_scale);
  factors->time = ToFixedPoint(state_scale * time.quantization.scale[0] /
                               y.quantization.scale[0]);
  factors->range =
      ActivationRange(op.options.activation, y.type, y.quantization.scale[0],
                      y.quantization.zero_point);
  op.state = factors;
  return StatusCode::kOk;
}

template <typename T>
void RunInteger(const Op& op) {
  const Sizes n = SizesOf(op);
  const auto& factors = *static_cast<const Factors*>(op.state);
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const std::int32_t x_zero = x.quantization.zero_point;
  const std::int32_t state_zero = op.inputs[4]->quantization.zero_point;
  const QuantizedRange state_range = {std::numeric_limits<T>::min(),
                                      std::numeric_limits<T>::max()};
  for (std::size_t b = 0; b < n.batch; ++b) {
    const auto* input = x.as<const std::int8_t>() + b * n.inputs;
    T* state = op.inputs[4]->as<T>() + b * n.filters * n.memory;
    Shift(state, n.filters, n.memory);
    for (std::size_t u = 0; u < n.units; ++u) {
      std::int64_t sum =
          op.inputs[3] != nullptr ? op.inputs[3]->int32s()[u] : 0;
      for (std::size_t f = u * n.rank; f < (u + 1) * n.rank; ++f) {
        const auto* weights =
            op.inputs[1]->as<const std::int8_t>() + f * n.inputs;
        std::int64_t dot = 0;
        for (std::size_t i = 0; i < n.inputs; ++i) {
          dot += (input[i] - x_zero) * weights[i];
        }
        T* remembered = state + f * n.memory;
        remembered[n.memory - 1] = static_cast<T>(
            Offset(Requantize(SaturateToInt32(dot), factors.feature),
                   state_zero, state_range));
        const T* time = op.inputs[2]->as<const T>() + f * n.memory;
        for (std::size_t m = 0; m < n.memory; ++m) {
          sum += time[m] * (remembered[m] - state_zero);
        }
      }
      y.as<std::int8_t>()[b * n.units + u] = static_cast<std::int8_t>(
          Offset(Requantize(SaturateToInt32(sum), factors.time),
                 y.quantization.zero_point, factors.range));
    }
  }
}

StatusCode EvalInteger(EvalContext&, const Op& op) {
  if (op.inputs[2]->type == ElementType::kInt16) {
    RunInteger<std::int16_t>(op);
  } else {
    RunInteger<std::int8_t>(op);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSvdfReference = {PrepareF32, EvalF32};
extern const Kernel kSvdfIntegerReference = {PrepareInteger, EvalInteger};

}  // namespace sotto::runtime
