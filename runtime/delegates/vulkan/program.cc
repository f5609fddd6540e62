#include "runtime/delegates/vulkan/program.h"

#include <limits>

#include "runtime/kernels/op_code.h"

namespace sotto::runtime::vulkan {
namespace {

// Shaders count in int32, with room for what a window adds at the border.
constexpr std::int64_t kMaxElements = std::int64_t{1} << 30;

}  // namespace

bool ClampOf(std::int32_t activation, Clamp* clamp) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation) {
    case 0:
      *clamp = {false, -kInfinity, kInfinity};
      return true;
    case 1:
      *clamp = {true, 0.0f, kInfinity};
      return true;
    case 2:
      *clamp = {true, -1.0f, 1.0f};
      return true;
    case 3:
      *clamp = {true, 0.0f, 6.0f};
      return true;
    default:
      return false;
  }
}

std::span<const std::int32_t> IntsOf(const SottoDelegateOp& op,
                                     std::int32_t input,
                                     const Program& program) {
  if (input >= op.num_inputs || op.inputs[input] < 0) return {};
  const SottoDelegateTensor& t = program.tensor(op.inputs[input]);
  const std::int32_t count = program.Elements(op.inputs[input]);
  if (t.type != 2 || t.data == nullptr || count == 0) return {};
  return {static_cast<const std::int32_t*>(t.data),
          static_cast<std::size_t>(count)};
}

Program::Program(std::span<const SottoDelegateTensor> tensors,
                 std::size_t max_bytes)
    : tensors_(tensors), max_bytes_(max_bytes), alias_(tensors.size(), -1) {}

std::int32_t Program::Elements(std::int32_t index) const {
  const SottoDelegateTensor& t = tensor(index);
  if (t.rank < 0 || t.rank > SOTTO_DELEGATE_MAX_RANK) return 0;
  std::int64_t count = 1;
  for (std::int32_t i = 0; i < t.rank; ++i) {
    if (t.dims[i] <= 0 || count > kMaxElements / t.dims[i]) return 0;
    count *= t.dims[i];
  }
  if (static_cast<std::size_t>(count) > max_bytes_ / sizeof(float)) return 0;
  return static_cast<std::int32_t>(count);
}

std::int32_t Program::RootOf(std::int32_t index) const {
  while (alias_[static_cast<std::size_t>(index)] >= 0) {
    index = alias_[static_cast<std::size_t>(index)];
  }
  return index;
}

Operand Program::Read(std::int32_t index) {
  const SottoDelegateTensor& t = tensor(index);
  if (t.data == nullptr) return {Operand::Kind::kTensor, index};
  const auto count = static_cast<std::size_t>(Elements(index));
  const void* const from = t.data;
  return AddConstant(count, [from, count](std::span<float> to) {
    std::memcpy(to.data(), from, count * sizeof(float));
  });
}

Operand Program::AddConstant(std::size_t count,
                             std::function<void(std::span<float>)> fill) {
  constants_.push_back({count, std::move(fill)});
  return {Operand::Kind::kConstant,
          static_cast<std::int32_t>(constants_.size()) - 1};
}

void Program::Alias(std::int32_t output, std::int32_t input) {
  alias_[static_cast<std::size_t>(output)] = input;
}

Refusal Program::Check(const SottoDelegateOp& op) const {
  if (op.num_inputs < 1 || op.num_outputs != 1 || op.inputs[0] < 0) {
    return "wants inputs and one output";
  }
  if (tensor(op.outputs[0]).type != 0) return "only f32";
  if (Elements(op.outputs[0]) == 0) return "an empty or too large output";
  for (std::int32_t i = 0; i < op.num_inputs; ++i) {
    if (op.inputs[i] < 0) continue;
    if (tensor(op.inputs[i]).data != nullptr) continue;
    if (tensor(op.inputs[i]).type != 0) return "only f32";
    if (Elements(op.inputs[i]) == 0) return "an empty or too large input";
  }
  return nullptr;
}

Refusal Program::Add(const SottoDelegateOp& op) {
  if (const Refusal refusal = Check(op)) return refusal;
  const auto lower = [&]() -> Refusal {
    switch (static_cast<OpCode>(op.code)) {
      case OpCode::kConv2D:
      case OpCode::kDepthwiseConv2D:
        return LowerConvolution(op, *this);
      case OpCode::kFullyConnected:
        return LowerFullyConnected(op, *this);
      case OpCode::kAveragePool2D:
      case OpCode::kMaxPool2D:
        return LowerPool(op, *this);
      case OpCode::kMean:
        return LowerMean(op, *this);
      case OpCode::kAdd:
      case OpCode::kSub:
      case OpCode::kMul:
      case OpCode::kDiv:
      case OpCode::kMaximum:
      case OpCode::kMinimum:
      case OpCode::kPrelu:
        return LowerBinary(op, *this);
      case OpCode::kRelu:
      case OpCode::kRelu6:
      case OpCode::kReluN1To1:
      case OpCode::kLogistic:
      case OpCode::kTanh:
      case OpCode::kHardSwish:
      case OpCode::kLeakyRelu:
      case OpCode::kAbs:
        return LowerUnary(op, *this);
      case OpCode::kSoftmax:
        return LowerSoftmax(op, *this);
      case OpCode::kReshape:
      case OpCode::kSqueeze:
      case OpCode::kExpandDims:
        return LowerReshape(op, *this);
      case OpCode::kConcatenation:
        return LowerConcatenation(op, *this);
      case OpCode::kPad:
        return LowerPad(op, *this);
      default:
        return "there is no shader for it";
    }
  };
  if (const Refusal refusal = lower()) return refusal;
  for (const Constant& constant : constants_) {
    if (constant.count > max_bytes_ / sizeof(float)) {
      return "a constant larger than the device's storage buffers";
    }
  }
  return nullptr;
}

}  // namespace sotto::runtime::vulkan
