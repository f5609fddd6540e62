// The checks that element-wise kernels share: arity, types, shapes,
// quantisation.

#ifndef SOTTO_RUNTIME_KERNELS_ELEMENTWISE_OPERANDS_H_
#define SOTTO_RUNTIME_KERNELS_ELEMENTWISE_OPERANDS_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {

// A set of element types; bit i is the type of number i.
using TypeSet = std::uint32_t;
template <typename... Types>
constexpr TypeSet TypesOf(Types... types) {
  return ((TypeSet{1} << static_cast<unsigned>(types)) | ...);
}
inline bool Contains(TypeSet set, ElementType type) {
  return (set >> static_cast<unsigned>(type) & 1) != 0;
}
inline constexpr TypeSet kEightBit =
    TypesOf(ElementType::kInt8, ElementType::kUint8);
inline constexpr TypeSet kQuantizedTypes =
    kEightBit | TypesOf(ElementType::kInt16);

// The same scale and zero point, or none on either.
bool SameQuantization(const Tensor& a, const Tensor& b);

// `inputs` inputs, none absent, and one output; the first input is of one of
// `types` (UNIMPLEMENTED otherwise).
StatusCode CheckArity(PrepareContext& context, const Op& op, std::size_t inputs,
                      TypeSet types);

// x -> y of x's shape and of type `out`. Allows y in place of x where their
// elements are equally wide.
StatusCode PrepareUnary(PrepareContext& context, Op& op, TypeSet types,
                        ElementType out);
// y of x's type.
StatusCode PrepareUnary(PrepareContext& context, Op& op, TypeSet types);

// a, b -> y: a and b of one type, y of their broadcast shape and of type `out`.
// Allows y in place of a where their shapes and widths are equal.
StatusCode PrepareBinary(PrepareContext& context, Op& op, TypeSet types,
                         ElementType out);
// y of a's type.
StatusCode PrepareBinary(PrepareContext& context, Op& op, TypeSet types);

// INVALID_ARGUMENT unless every input and output has one scale and a zero point
// inside its type.
StatusCode CheckQuantized(PrepareContext& context, const Op& op);

// y[i] = f(x[i]).
template <typename In, typename Out, typename F>
void ApplyUnary(const Op& op, const F& f) {
  const In* x = op.inputs[0]->as<const In>();
  Out* y = op.outputs[0]->as<Out>();
  const std::size_t size = op.inputs[0]->shape.Elements();
  for (std::size_t i = 0; i < size; ++i) y[i] = f(x[i]);
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_ELEMENTWISE_OPERANDS_H_
