// Binary arithmetic on numbers that are not quantised, y = act(a op b), with
// any numpy broadcast:
//
//   Add, Sub, Mul, SquaredDifference   f32, int32, int64
//   Div         f32; integers are truncated towards zero
//   FloorDiv    the quotient rounded down
//   FloorMod    a - floor(a / b) * b, of b's sign
//   Pow         f32; an integer's exponent must not be negative
//
// Integers wrap (they are computed unsigned); dividing one by zero, or a
// negative exponent of one, is INVALID_ARGUMENT at Eval. Add, Sub, Mul and Div
// read activation, which must be a clamp.

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "runtime/kernels/elementwise/broadcast.h"
#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

constexpr TypeSet kNumbers =
    TypesOf(ElementType::kFloat32, ElementType::kInt32, ElementType::kInt64);

template <typename T>
constexpr bool kIsInteger = std::is_integral_v<T>;
template <typename T>
using Unsigned = std::make_unsigned_t<T>;

// Accepts: whether b may be the right operand.
struct AnyOperand {
  static constexpr bool kChecksRight = false;
};

struct AddOf : AnyOperand {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (kIsInteger<T>) {
      return static_cast<T>(static_cast<Unsigned<T>>(a) +
                            static_cast<Unsigned<T>>(b));
    } else {
      return a + b;
    }
  }
};

struct SubOf : AnyOperand {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (kIsInteger<T>) {
      return static_cast<T>(static_cast<Unsigned<T>>(a) -
                            static_cast<Unsigned<T>>(b));
    } else {
      return a - b;
    }
  }
};

struct MulOf : AnyOperand {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (kIsInteger<T>) {
      return static_cast<T>(static_cast<Unsigned<T>>(a) *
                            static_cast<Unsigned<T>>(b));
    } else {
      return a * b;
    }
  }
};

struct SquaredDifferenceOf : AnyOperand {
  template <typename T>
  T operator()(T a, T b) const {
    const T difference = SubOf{}(a, b);
    return MulOf{}(difference, difference);
  }
};

struct NonZeroRight {
  static constexpr bool kChecksRight = true;
  static constexpr const char* kReason = "an integer is divided by zero";
  template <typename T>
  static bool Accepts(T b) {
    return b != 0;
  }
};

struct DivOf : NonZeroRight {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (kIsInteger<T>) {
      if (b == -1) return SubOf{}(T{0}, a);  // the only quotient that overflows
    }
    return a / b;
  }
};

struct FloorDivOf : NonZeroRight {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (kIsInteger<T>) {
      const T quotient = DivOf{}(a, b);
      const bool exact = b == -1 || a % b == 0;
      return !exact && (a < 0) != (b < 0) ? static_cast<T>(quotient - 1)
                                          : quotient;
    } else {
      return std::floor(a / b);
    }
  }
};

struct FloorModOf : NonZeroRight {
  template <typename T>
  T operator()(T a, T b) const {
    T rest;
    if constexpr (kIsInteger<T>) {
      if (b == -1) return 0;
      rest = static_cast<T>(a % b);
    } else {
      rest = std::fmod(a, b);
    }
    return rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
  }
};

struct PowOf {
  static constexpr bool kChecksRight = true;
  static constexpr const char* kReason = "an integer's exponent is negative";
  template <typename T>
  static bool Accepts(T b) {
    return b >= 0;
  }
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (kIsInteger<T>) {
      T result = 1;
      for (auto rest = static_cast<Unsigned<T>>(b); rest != 0; rest >>= 1) {
        if ((rest & 1) != 0) result = MulOf{}(result, a);
        a = MulOf{}(a, a);
      }
      return result;
    } else {
      return std::pow(a, b);
    }
  }
};

template <bool clamps>
StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareBinary(context, op, kNumbers);
  if (code != StatusCode::kOk) return code;
  if (clamps && !IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented, "fused activation");
  }
  return StatusCode::kOk;
}

template <typename T, typename F>
StatusCode EvalAs(EvalContext& context, const Op& op, bool clamps) {
  const Tensor &a = *op.inputs[0], &b = *op.inputs[1], &y = *op.outputs[0];
  const F f = {};
  if constexpr (F::kChecksRight && kIsInteger<T>) {
    const T* right = b.as<const T>();
    const std::size_t size = b.shape.Elements();
    for (std::size_t i = 0; i < size; ++i) {
      if (!F::Accepts(right[i])) {
        return context.Fail(StatusCode::kInvalidArgument, F::kReason);
      }
    }
  }
  if (!clamps || op.options.activation == Activation::kNone) {
    ApplyBinary<T, T>(a, b, y, f);
    return StatusCode::kOk;
  }
  const ClampRange range = RangeOf(op.options.activation);
  const T low = static_cast<T>(range.low);
  const T high = std::isfinite(range.high) ? static_cast<T>(range.high)
                                           : std::numeric_limits<T>::max();
  ApplyBinary<T, T>(a, b, y, [low, high, f](T p, T q) {
    return std::min(std::max(f(p, q), low), high);
  });
  return StatusCode::kOk;
}

template <typename F, bool clamps>
StatusCode Eval(EvalContext& context, const Op& op) {
  switch (op.inputs[0]->type) {
    case ElementType::kInt32:
      return EvalAs<std::int32_t, F>(context, op, clamps);
    case ElementType::kInt64:
      return EvalAs<std::int64_t, F>(context, op, clamps);
    default:
      return EvalAs<float, F>(context, op, clamps);
  }
}

}  // namespace

extern const Kernel kAdd = {Prepare<true>, Eval<AddOf, true>};
extern const Kernel kSub = {Prepare<true>, Eval<SubOf, true>};
extern const Kernel kMul = {Prepare<true>, Eval<MulOf, true>};
extern const Kernel kDiv = {Prepare<true>, Eval<DivOf, true>};
extern const Kernel kFloorDiv = {Prepare<false>, Eval<FloorDivOf, false>};
extern const Kernel kFloorMod = {Prepare<false>, Eval<FloorModOf, false>};
extern const Kernel kPow = {Prepare<false>, Eval<PowOf, false>};
extern const Kernel kSquaredDifference = {Prepare<false>,
                                          Eval<SquaredDifferenceOf, false>};

}  // namespace sotto::runtime
