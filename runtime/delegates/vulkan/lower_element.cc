// Operators that run over elements or rows, and those that only move them.

#include <algorithm>

#include "runtime/delegates/vulkan/program.h"
#include "runtime/kernels/op_code.h"

namespace sotto::runtime::vulkan {
namespace {

// Elements of an operand before it repeats in y: it has y's last dimensions,
// or ones. 0: another broadcast.
std::int32_t RepeatOf(const SottoDelegateTensor& operand,
                      const SottoDelegateTensor& y) {
  std::int32_t first = 0;
  while (first < operand.rank && operand.dims[first] == 1) ++first;
  if (operand.rank - first > y.rank) return 0;
  std::int32_t count = 1;
  for (std::int32_t i = first; i < operand.rank; ++i) {
    if (operand.dims[i] != y.dims[y.rank - operand.rank + i]) return 0;
    count *= operand.dims[i];
  }
  return count;
}

// x -> y of as many elements, x computed.
Refusal CheckUnary(const SottoDelegateOp& op, const Program& program) {
  if (program.tensor(op.inputs[0]).data != nullptr) {
    return "its input is a constant";
  }
  return program.Elements(op.inputs[0]) == program.Elements(op.outputs[0])
             ? nullptr
             : "an output of another size";
}

std::uint32_t Number(BinaryOperator op) {
  return static_cast<std::uint32_t>(op);
}
std::uint32_t Number(UnaryOperator op) {
  return static_cast<std::uint32_t>(op);
}

}  // namespace

Refusal LowerUnary(const SottoDelegateOp& op, Program& program) {
  if (const Refusal r = CheckUnary(op, program)) return r;
  Step step;
  step.shader = Shader::kUnary;
  ElementParams params = {};
  params.items = program.Elements(op.outputs[0]);
  params.alpha = op.options->alpha;
  const auto clamp = [&](std::int32_t activation) {
    Clamp range;
    ClampOf(activation, &range);
    params.low = range.low;
    params.high = range.high;
    return UnaryOperator::kClamp;
  };
  const auto number = [&] {
    switch (static_cast<OpCode>(op.code)) {
      case OpCode::kRelu:
        return clamp(1);
      case OpCode::kReluN1To1:
        return clamp(2);
      case OpCode::kRelu6:
        return clamp(3);
      case OpCode::kLogistic:
        return UnaryOperator::kLogistic;
      case OpCode::kTanh:
        return UnaryOperator::kTanh;
      case OpCode::kHardSwish:
        return UnaryOperator::kHardSwish;
      case OpCode::kLeakyRelu:
        return UnaryOperator::kLeakyRelu;
      default:
        return UnaryOperator::kAbs;
    }
  };
  step.variant.op = Number(number());
  step.x = program.Read(op.inputs[0]);
  step.y = program.Write(op.outputs[0]);
  step.SetItems(params.items);
  step.SetParams(params);
  program.AddStep(step);
  return nullptr;
}

Refusal LowerBinary(const SottoDelegateOp& op, Program& program) {
  if (op.num_inputs != 2 || op.inputs[1] < 0) return "wants a, b -> y";
  const SottoDelegateTensor& a = program.tensor(op.inputs[0]);
  const SottoDelegateTensor& b = program.tensor(op.inputs[1]);
  const SottoDelegateTensor& y = program.tensor(op.outputs[0]);
  if (a.type != 0 || b.type != 0) return "only f32";
  if (a.data != nullptr && b.data != nullptr) return "its inputs are constants";
  Clamp clamp;
  if (!ClampOf(op.options->activation, &clamp)) {
    return "the activation is no clamp";
  }
  ElementParams params = {};
  params.items = program.Elements(op.outputs[0]);
  params.a_count = RepeatOf(a, y);
  params.b_count = RepeatOf(b, y);
  params.low = clamp.low;
  params.high = clamp.high;
  if (params.a_count == 0 || params.b_count == 0) {
    return "a broadcast over other than the first dimensions";
  }
  const auto number = [&] {
    switch (static_cast<OpCode>(op.code)) {
      case OpCode::kAdd:
        return BinaryOperator::kAdd;
      case OpCode::kSub:
        return BinaryOperator::kSub;
      case OpCode::kMul:
        return BinaryOperator::kMul;
      case OpCode::kDiv:
        return BinaryOperator::kDiv;
      case OpCode::kMaximum:
        return BinaryOperator::kMaximum;
      case OpCode::kMinimum:
        return BinaryOperator::kMinimum;
      default:
        return BinaryOperator::kPrelu;
    }
  };
  Step step;
  step.shader = Shader::kBinary;
  step.variant = {.op = Number(number()), .clamped = clamp.clamped ? 1u : 0u};
  step.x = program.Read(op.inputs[0]);
  step.w = program.Read(op.inputs[1]);
  step.y = program.Write(op.outputs[0]);
  step.SetItems(params.items);
  step.SetParams(params);
  program.AddStep(step);
  return nullptr;
}

Refusal LowerSoftmax(const SottoDelegateOp& op, Program& program) {
  if (const Refusal r = CheckUnary(op, program)) return r;
  const SottoDelegateTensor& x = program.tensor(op.inputs[0]);
  if (x.rank < 1) return "a scalar";
  ElementParams params = {};
  params.width = x.dims[x.rank - 1];
  params.items = program.Elements(op.inputs[0]) / params.width;
  params.alpha = op.options->beta;
  Step step;
  step.shader = Shader::kSoftmax;
  step.groups = static_cast<std::uint32_t>(params.items);
  step.x = program.Read(op.inputs[0]);
  step.y = program.Write(op.outputs[0]);
  step.SetParams(params);
  program.AddStep(step);
  return nullptr;
}

Refusal LowerReshape(const SottoDelegateOp& op, Program& program) {
  if (const Refusal r = CheckUnary(op, program)) return r;
  program.Alias(op.outputs[0], op.inputs[0]);
  return nullptr;
}

Refusal LowerConcatenation(const SottoDelegateOp& op, Program& program) {
  const SottoDelegateTensor& y = program.tensor(op.outputs[0]);
  const std::int32_t axis =
      op.options->axis < 0 ? op.options->axis + y.rank : op.options->axis;
  if (axis < 0 || axis >= y.rank) return "an axis out of range";
  if (op.options->activation != 0) return "a fused activation";
  std::int32_t inner = 1, outer = 1, filled = 0;
  for (std::int32_t i = 0; i < y.rank; ++i) {
    if (i < axis) outer *= y.dims[i];
    if (i > axis) inner *= y.dims[i];
  }
  for (std::int32_t i = 0; i < op.num_inputs; ++i) {
    const std::int32_t input = op.inputs[i];
    if (input < 0 || program.tensor(input).type != 0) return "only f32";
    const SottoDelegateTensor& x = program.tensor(input);
    const std::int32_t elements = program.Elements(input);
    if (elements == 0 || x.rank != y.rank ||
        std::int64_t{outer} * inner * x.dims[axis] != elements ||
        x.dims[axis] > y.dims[axis] - filled) {
      return "an operand that does not fit";
    }
    ElementParams params = {};
    params.items = elements;
    params.width = x.dims[axis] * inner;
    params.pitch = y.dims[axis] * inner;
    params.offset = filled * inner;
    Step step;
    step.shader = Shader::kJoin;
    step.x = program.Read(input);
    step.y = program.Write(op.outputs[0]);
    step.beside_previous = i > 0;
    step.SetItems(params.items);
    step.SetParams(params);
    program.AddStep(step);
    filled += x.dims[axis];
  }
  return filled == y.dims[axis] ? nullptr : "operands that do not fill it";
}

Refusal LowerPad(const SottoDelegateOp& op, Program& program) {
  const SottoDelegateTensor& x = program.tensor(op.inputs[0]);
  const SottoDelegateTensor& y = program.tensor(op.outputs[0]);
  if (x.data != nullptr) return "its input is a constant";
  if (x.rank > 4 || y.rank != x.rank) return "of rank above 4";
  const std::span<const std::int32_t> pads = IntsOf(op, 1, program);
  if (pads.size() != 2 * static_cast<std::size_t>(x.rank)) {
    return "the paddings are not constant int32";
  }
  PadParams params = {};
  params.items = program.Elements(op.outputs[0]);
  std::fill_n(params.from, 4, 1);
  std::fill_n(params.to, 4, 1);
  for (std::int32_t i = 0; i < x.rank; ++i) {
    const std::int32_t at = 4 - x.rank + i;
    const std::int32_t before = pads[2 * static_cast<std::size_t>(i)];
    const std::int32_t after = pads[2 * static_cast<std::size_t>(i) + 1];
    if (before < 0 || after < 0 ||
        std::int64_t{before} + after + x.dims[i] != y.dims[i]) {
      return "paddings that do not give the output's shape";
    }
    params.from[at] = x.dims[i];
    params.to[at] = y.dims[i];
    params.before[at] = before;
  }
  Step step;
  step.shader = Shader::kPad;
  step.x = program.Read(op.inputs[0]);
  step.y = program.Write(op.outputs[0]);
  step.SetItems(params.items);
  step.SetParams(params);
  program.AddStep(step);
  return nullptr;
}

}  // namespace sotto::runtime::vulkan
