// LogicalAnd, LogicalOr (with any numpy broadcast), LogicalNot on bool. Any
// byte but 0 is true; results are 0 or 1.

#include "runtime/kernels/elementwise/broadcast.h"
#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

constexpr TypeSet kBools = TypesOf(ElementType::kBool);

StatusCode PrepareTwo(PrepareContext& context, Op& op) {
  return PrepareBinary(context, op, kBools);
}

StatusCode PrepareOne(PrepareContext& context, Op& op) {
  return PrepareUnary(context, op, kBools);
}

StatusCode EvalAnd(EvalContext&, const Op& op) {
  ApplyBinary<std::uint8_t, std::uint8_t>(
      *op.inputs[0], *op.inputs[1], *op.outputs[0],
      [](std::uint8_t a, std::uint8_t b) -> std::uint8_t {
        return a != 0 && b != 0;
      });
  return StatusCode::kOk;
}

StatusCode EvalOr(EvalContext&, const Op& op) {
  ApplyBinary<std::uint8_t, std::uint8_t>(
      *op.inputs[0], *op.inputs[1], *op.outputs[0],
      [](std::uint8_t a, std::uint8_t b) -> std::uint8_t {
        return a != 0 || b != 0;
      });
  return StatusCode::kOk;
}

StatusCode EvalNot(EvalContext&, const Op& op) {
  ApplyUnary<std::uint8_t, std::uint8_t>(
      op, [](std::uint8_t x) -> std::uint8_t { return x == 0; });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kLogicalAnd = {PrepareTwo, EvalAnd};
extern const Kernel kLogicalOr = {PrepareTwo, EvalOr};
extern const Kernel kLogicalNot = {PrepareOne, EvalNot};

}  // namespace sotto::runtime
