// SUM, MEAN, REDUCE_MAX, REDUCE_MIN, REDUCE_PROD over plain numbers, and
// REDUCE_ANY, REDUCE_ALL over booleans.
//
//   in 0   x     f32, int32, int64 (bool for ANY, ALL; MAX and MIN: int8,
//                uint8, int16 of one quantisation with y as well)
//   in 1   axes  int32 [n]; a constant, or known when the op runs
//   out 0  y     type of x; x's shape without the folded axes, or with 1 there
//
// f32 folds in double precision. Integers wrap around, as the format's own
// kernels do. Of no elements: SUM 0, MEAN NaN or 0, PROD 1, ANY false, ALL
// true, MAX and MIN the lowest and the highest value of the type. A NaN in MAX
// or MIN is passed over. Reads keep_dims.

#include <cstdint>
#include <limits>
#include <type_traits>

#include "runtime/kernels/reduction/axes.h"

namespace sotto::runtime {
namespace {

// What a fold accumulates in: double, or the unsigned integer that wraps.
template <typename T>
struct Accumulator {
  using Type = std::make_unsigned_t<T>;
};
template <>
struct Accumulator<float> {
  using Type = double;
};

struct Sum {
  template <typename T>
  static void Run(const Shape& shape, const Axes& axes, const T* x, T* y) {
    using A = typename Accumulator<T>::Type;
    Reduce(
        shape, axes, x, y, A{0}, [](A a, T b) { return a + static_cast<A>(b); },
        [](A a) { return static_cast<T>(a); });
  }
};

struct Product {
  template <typename T>
  static void Run(const Shape& shape, const Axes& axes, const T* x, T* y) {
    using A = typename Accumulator<T>::Type;
    Reduce(
        shape, axes, x, y, A{1}, [](A a, T b) { return a * static_cast<A>(b); },
        [](A a) { return static_cast<T>(a); });
  }
};

// Integers: the sum in 64 bits, divided towards zero.
struct Mean {
  template <typename T>
  static void Run(const Shape& shape, const Axes& axes, const T* x, T* y) {
    const std::size_t count = FoldCount(shape, axes);
    if constexpr (std::is_floating_point_v<T>) {
      const auto divisor = static_cast<double>(count);
      Reduce(
          shape, axes, x, y, 0.0, [](double a, T b) { return a + b; },
          [divisor](double a) {
            return divisor > 0 ? static_cast<T>(a / divisor)
                               : std::numeric_limits<T>::quiet_NaN();
          });
    } else {
      const auto divisor = static_cast<std::int64_t>(count > 0 ? count : 1);
      Reduce(
          shape, axes, x, y, std::uint64_t{0},
          [](std::uint64_t a, T b) {
            return a + static_cast<std::uint64_t>(b);
          },
          [divisor](std::uint64_t a) {
            return static_cast<T>(static_cast<std::int64_t>(a) / divisor);
          });
    }
  }
};

struct Max {
  template <typename T>
  static void Run(const Shape& shape, const Axes& axes, const T* x, T* y) {
    Reduce(
        shape, axes, x, y, std::numeric_limits<T>::lowest(),
        [](T a, T b) { return b > a ? b : a; }, [](T a) { return a; });
  }
};

struct Min {
  template <typename T>
  static void Run(const Shape& shape, const Axes& axes, const T* x, T* y) {
    Reduce(
        shape, axes, x, y, std::numeric_limits<T>::max(),
        [](T a, T b) { return b < a ? b : a; }, [](T a) { return a; });
  }
};

template <typename Fold, typename T>
void RunAs(const Op& op, const Axes& axes) {
  Fold::Run(op.inputs[0]->shape, axes, op.inputs[0]->as<const T>(),
            op.outputs[0]->as<T>());
}

StatusCode PrepareNumbers(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareReduction(context, op);
  if (code != StatusCode::kOk) return code;
  switch (op.inputs[0]->type) {
    case ElementType::kFloat32:
    case ElementType::kInt32:
    case ElementType::kInt64:
      return StatusCode::kOk;
    default:
      return context.Fail(StatusCode::kUnimplemented, "type of x");
  }
}

bool SameQuantization(const TensorQuantization& a,
                      const TensorQuantization& b) {
  if (a.count == 0 && b.count == 0) return true;
  return a.count == 1 && b.count == 1 && a.scale[0] == b.scale[0] &&
         a.zero_point == b.zero_point;
}

StatusCode PrepareExtremes(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareReduction(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  switch (x.type) {
    case ElementType::kFloat32:
    case ElementType::kInt32:
    case ElementType::kInt64:
      return StatusCode::kOk;
    case ElementType::kInt8:
    case ElementType::kUint8:
    case ElementType::kInt16:
      if (!SameQuantization(x.quantization, y.quantization)) {
        return context.Fail(StatusCode::kInvalidArgument,
                            "x and y are quantised differently");
      }
      return StatusCode::kOk;
    default:
      return context.Fail(StatusCode::kUnimplemented, "type of x");
  }
}

template <typename Fold>
StatusCode EvalNumbers(EvalContext& context, const Op& op) {
  Axes axes;
  const StatusCode code = BeginReduction(context, op, &axes);
  if (code != StatusCode::kOk) return code;
  switch (op.inputs[0]->type) {
    case ElementType::kFloat32:
      RunAs<Fold, float>(op, axes);
      break;
    case ElementType::kInt32:
      RunAs<Fold, std::int32_t>(op, axes);
      break;
    default:
      RunAs<Fold, std::int64_t>(op, axes);
      break;
  }
  return StatusCode::kOk;
}

template <typename Fold>
StatusCode EvalExtremes(EvalContext& context, const Op& op) {
  const ElementType type = op.inputs[0]->type;
  if (type != ElementType::kInt8 && type != ElementType::kUint8 &&
      type != ElementType::kInt16) {
    return EvalNumbers<Fold>(context, op);
  }
  Axes axes;
  const StatusCode code = BeginReduction(context, op, &axes);
  if (code != StatusCode::kOk) return code;
  if (type == ElementType::kInt8) {
    RunAs<Fold, std::int8_t>(op, axes);
  } else if (type == ElementType::kUint8) {
    RunAs<Fold, std::uint8_t>(op, axes);
  } else {
    RunAs<Fold, std::int16_t>(op, axes);
  }
  return StatusCode::kOk;
}

StatusCode PrepareBooleans(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareReduction(context, op);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->type != ElementType::kBool) {
    return context.Fail(StatusCode::kInvalidArgument, "x is not bool");
  }
  return StatusCode::kOk;
}

// Booleans are read as bytes: a hostile file may hold other values than 0, 1.
template <bool kStart>
StatusCode EvalBooleans(EvalContext& context, const Op& op) {
  Axes axes;
  const StatusCode code = BeginReduction(context, op, &axes);
  if (code != StatusCode::kOk) return code;
  Reduce(
      op.inputs[0]->shape, axes, op.inputs[0]->as<const std::uint8_t>(),
      op.outputs[0]->as<std::uint8_t>(), kStart,
      [](bool a, std::uint8_t b) { return kStart ? a && b != 0 : a || b != 0; },
      [](bool a) { return static_cast<std::uint8_t>(a ? 1 : 0); });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSumReference = {PrepareNumbers, EvalNumbers<Sum>};
extern const Kernel kMeanReference = {PrepareNumbers, EvalNumbers<Mean>};
extern const Kernel kReduceProdReference = {PrepareNumbers,
                                            EvalNumbers<Product>};
extern const Kernel kReduceMaxReference = {PrepareExtremes, EvalExtremes<Max>};
extern const Kernel kReduceMinReference = {PrepareExtremes, EvalExtremes<Min>};
extern const Kernel kReduceAnyReference = {PrepareBooleans,
                                           EvalBooleans<false>};
extern const Kernel kReduceAllReference = {PrepareBooleans, EvalBooleans<true>};

}  // namespace sotto::runtime
