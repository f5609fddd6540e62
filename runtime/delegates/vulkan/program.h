// A part of a graph as a list of dispatches, without any device: operators
// become steps, constants are packed as the shaders read them.

#ifndef SOTTO_RUNTIME_DELEGATES_VULKAN_PROGRAM_H_
#define SOTTO_RUNTIME_DELEGATES_VULKAN_PROGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <vector>

#include "runtime/delegates/sotto_delegate.h"
#include "runtime/delegates/vulkan/shaders.h"

namespace sotto::runtime::vulkan {

// Why an operator is refused; null when it is not.
using Refusal = const char*;

// What a binding of a shader is.
struct Operand {
  enum class Kind : std::uint8_t { kNone, kTensor, kConstant, kStaging };
  Kind kind = Kind::kNone;
  std::int32_t index = 0;  // staging: of the part's inputs, then outputs
};

// Push constants; the layouts are those of shaders/window.glsl, element.glsl
// and pad.comp.
struct WindowParams {
  std::int32_t items, pixels;
  std::int32_t in_h, in_w, in_c, out_h, out_w, out_c;
  std::int32_t filter_h, filter_w, stride_h, stride_w, dilation_h, dilation_w;
  std::int32_t pad_top, pad_left, multiplier;
  float low, high;
};
struct ElementParams {
  std::int32_t items;
  std::int32_t a_count, b_count;
  std::int32_t width, pitch, offset;
  float low, high, alpha;
};
struct PadParams {
  std::int32_t items, unused[3];
  std::int32_t from[4], to[4], before[4];
};

// Numbers of unary.comp and binary.comp.
enum class UnaryOperator : std::uint8_t {
  kClamp,
  kLogistic,
  kTanh,
  kHardSwish,
  kLeakyRelu,
  kAbs,
};
enum class BinaryOperator : std::uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMaximum,
  kMinimum,
  kPrelu,
};

// Specialisation constants (shaders/common.glsl).
struct Variant {
  std::uint32_t op = 0;
  std::uint32_t clamped = 0;
  std::int32_t pixels = 1;
  auto operator<=>(const Variant&) const = default;
};

// One dispatch.
struct Step {
  static constexpr std::size_t kParamBytes = 128;  // every device has as many

  Shader shader = Shader::kConv;
  Variant variant = {};
  std::array<std::uint8_t, kParamBytes> params = {};
  std::uint32_t groups = 0;
  Operand x, w, bias, y;  // bindings 0 to 3
  // Reads nothing that the step before writes: needs no barrier between.
  bool beside_previous = false;

  template <typename Params>
  void SetParams(const Params& value) {
    static_assert(sizeof(Params) <= kParamBytes);
    std::memcpy(params.data(), &value, sizeof(Params));
  }
  // A group for so many invocations.
  void SetItems(std::int32_t items) {
    groups = (static_cast<std::uint32_t>(items) + kGroup - 1) / kGroup;
  }
};

// `fill` gets zeros.
struct Constant {
  std::size_t count = 0;
  std::function<void(std::span<float>)> fill;
};

class Program {
 public:
  // `tensors` outlive the program, constants' bytes too. No tensor may be
  // larger than `max_bytes` as f32.
  Program(std::span<const SottoDelegateTensor> tensors, std::size_t max_bytes);

  // After a refusal the program is of no use.
  Refusal Add(const SottoDelegateOp& op);

  const SottoDelegateTensor& tensor(std::int32_t index) const {
    return tensors_[static_cast<std::size_t>(index)];
  }
  // 0: not a tensor that fits.
  std::int32_t Elements(std::int32_t tensor) const;
  // The tensor whose memory `tensor` shares.
  std::int32_t RootOf(std::int32_t tensor) const;
  std::span<const Step> steps() const { return steps_; }
  std::span<const Constant> constants() const { return constants_; }
  double macs() const { return macs_; }

  // For the lowering functions.
  Operand Read(std::int32_t tensor);  // a constant is copied as it is
  Operand Write(std::int32_t tensor) const {
    return {Operand::Kind::kTensor, tensor};
  }
  Operand AddConstant(std::size_t count,
                      std::function<void(std::span<float>)> fill);
  void Alias(std::int32_t output, std::int32_t input);
  void AddStep(const Step& step) { steps_.push_back(step); }
  void CountMacs(double macs) { macs_ += macs; }

 private:
  Refusal Check(const SottoDelegateOp& op) const;

  std::span<const SottoDelegateTensor> tensors_;
  std::size_t max_bytes_;
  std::vector<std::int32_t> alias_;
  std::vector<Step> steps_;
  std::vector<Constant> constants_;
  double macs_ = 0;
};

// Lower one operator (lower_*.cc). Inputs that are not constants, and the one
// output, are f32 and not empty.
Refusal LowerConvolution(const SottoDelegateOp& op, Program& program);
Refusal LowerFullyConnected(const SottoDelegateOp& op, Program& program);
Refusal LowerPool(const SottoDelegateOp& op, Program& program);
Refusal LowerMean(const SottoDelegateOp& op, Program& program);
Refusal LowerUnary(const SottoDelegateOp& op, Program& program);
Refusal LowerBinary(const SottoDelegateOp& op, Program& program);
Refusal LowerSoftmax(const SottoDelegateOp& op, Program& program);
Refusal LowerReshape(const SottoDelegateOp& op, Program& program);
Refusal LowerConcatenation(const SottoDelegateOp& op, Program& program);
Refusal LowerPad(const SottoDelegateOp& op, Program& program);

// Range of a fused activation; false for what is no clamp.
struct Clamp {
  bool clamped;
  float low, high;
};
bool ClampOf(std::int32_t activation, Clamp* clamp);
// Values of a constant int32 tensor of the op; empty for anything else.
std::span<const std::int32_t> IntsOf(const SottoDelegateOp& op,
                                     std::int32_t input,
                                     const Program& program);

}  // namespace sotto::runtime::vulkan

#endif  // SOTTO_RUNTIME_DELEGATES_VULKAN_PROGRAM_H_
