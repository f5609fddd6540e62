// AVERAGE_POOL_2D, MAX_POOL_2D and MEAN.

#include <array>

#include "runtime/delegates/vulkan/window_step.h"
#include "runtime/kernels/op_code.h"

namespace sotto::runtime::vulkan {
namespace {

Refusal AddPool(const SottoDelegateOp& op, WindowParams params, Step step,
                Program& program) {
  step.shader = params.in_c % 4 == 0 ? Shader::kPoolVector : Shader::kPool;
  if (const Refusal r = Spread(1, &params, &step)) return r;
  step.x = program.Read(op.inputs[0]);
  step.y = program.Write(op.outputs[0]);
  step.SetParams(params);
  program.AddStep(step);
  return nullptr;
}

}  // namespace

Refusal LowerPool(const SottoDelegateOp& op, Program& program) {
  WindowParams params;
  Step step;
  if (const Refusal r =
          MakeParams(op, program, op.options->filter_h, op.options->filter_w,
                     &params, &step.variant)) {
    return r;
  }
  if (params.in_c != params.out_c) return "an output of other channels";
  const bool largest = static_cast<OpCode>(op.code) == OpCode::kMaxPool2D;
  step.variant.op = largest ? 1 : 0;
  return AddPool(op, params, step, program);
}

// A mean over neighbouring dimensions is a pool over [outer, reduced, 1,
// inner].
Refusal LowerMean(const SottoDelegateOp& op, Program& program) {
  const SottoDelegateTensor& x = program.tensor(op.inputs[0]);
  if (x.data != nullptr) return "its input is a constant";
  const std::span<const std::int32_t> axes = IntsOf(op, 1, program);
  if (axes.empty()) return "the axes are not constant int32";
  std::array<bool, SOTTO_DELEGATE_MAX_RANK> dropped = {};
  for (const std::int32_t axis : axes) {
    const std::int32_t at = axis < 0 ? axis + x.rank : axis;
    if (at < 0 || at >= x.rank) return "an axis out of range";
    dropped[static_cast<std::size_t>(at)] = true;
  }
  std::int32_t outer = 1, reduced = 1, inner = 1;
  bool seen = false, ended = false;
  for (std::int32_t i = 0; i < x.rank; ++i) {
    if (dropped[static_cast<std::size_t>(i)]) {
      if (ended) return "axes that are not neighbours";
      seen = true;
      reduced *= x.dims[i];
    } else {
      ended = seen;
      (seen ? inner : outer) *= x.dims[i];
    }
  }
  if (std::int64_t{outer} * inner != program.Elements(op.outputs[0])) {
    return "an output of another size";
  }
  return AddPool(op, WholeWindow(outer, reduced, inner, inner), {}, program);
}

}  // namespace sotto::runtime::vulkan
