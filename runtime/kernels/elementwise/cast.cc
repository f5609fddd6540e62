// Cast: y = x in another type; every pair of the types with whole bytes.
//
//   integer -> integer     modulo 2^bits
//   real -> integer        truncated towards zero, saturated; NaN gives 0
//   any -> bool            x != 0, so NaN is true
//   any -> f32, f64, f16   to nearest, halves to even; beyond the range
//   infinity complex64 -> any       of the real part any -> complex64 with an
//   imaginary part of 0
//
// Elements go through blocks of int64 or double, which hold every source type
// exactly (uint64 as its 64 bits, with its sign told apart when it becomes a
// real number).

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/kernels/elementwise/half.h"
#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

constexpr TypeSet kReals =
    TypesOf(ElementType::kFloat32, ElementType::kFloat16, ElementType::kFloat64,
            ElementType::kComplex64);
constexpr TypeSet kCastable =
    kReals |
    TypesOf(ElementType::kInt8, ElementType::kUint8, ElementType::kInt16,
            ElementType::kUint16, ElementType::kInt32, ElementType::kUint32,
            ElementType::kInt64, ElementType::kUint64, ElementType::kBool);

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = CheckArity(context, op, 1, kCastable);
  if (code != StatusCode::kOk) return code;
  if (!Contains(kCastable, op.outputs[0]->type)) {
    return context.Fail(StatusCode::kUnimplemented, "type of the output");
  }
  return PrepareUnary(context, op, kCastable, op.outputs[0]->type);
}

constexpr std::size_t kBlock = 64;
struct Block {
  std::size_t size;
  bool is_unsigned;  // integers are uint64
  std::int64_t integers[kBlock];
  double reals[kBlock];
};

template <typename T>
void Load(const Tensor& x, std::size_t at, Block& block) {
  const T* from = x.as<const T>() + at;
  for (std::size_t i = 0; i < block.size; ++i) {
    block.integers[i] = static_cast<std::int64_t>(from[i]);
  }
}

void LoadIntegers(const Tensor& x, std::size_t at, Block& block) {
  switch (x.type) {
    case ElementType::kInt8:
      return Load<std::int8_t>(x, at, block);
    case ElementType::kUint8:
      return Load<std::uint8_t>(x, at, block);
    case ElementType::kInt16:
      return Load<std::int16_t>(x, at, block);
    case ElementType::kUint16:
      return Load<std::uint16_t>(x, at, block);
    case ElementType::kInt32:
      return Load<std::int32_t>(x, at, block);
    case ElementType::kUint32:
      return Load<std::uint32_t>(x, at, block);
    case ElementType::kInt64:
      return Load<std::int64_t>(x, at, block);
    case ElementType::kUint64:
      return Load<std::uint64_t>(x, at, block);
    default:  // bool: any byte but 0 is true
      for (std::size_t i = 0; i < block.size; ++i) {
        block.integers[i] = x.as<const std::uint8_t>()[at + i] != 0;
      }
  }
}

void LoadReals(const Tensor& x, std::size_t at, Block& block) {
  for (std::size_t i = 0; i < block.size; ++i) {
    switch (x.type) {
      case ElementType::kFloat32:
        block.reals[i] = x.floats()[at + i];
        break;
      case ElementType::kFloat16:
        block.reals[i] = HalfToFloat(x.as<const std::uint16_t>()[at + i]);
        break;
      case ElementType::kFloat64:
        block.reals[i] = x.as<const double>()[at + i];
        break;
      default:
        block.reals[i] = x.floats()[2 * (at + i)];
    }
  }
}

// `high` is 2^63 or a smaller power of two; the result is below it.
std::int64_t Truncate(double value, double low, double high) {
  if (!(value == value)) return 0;
  if (value < low) return static_cast<std::int64_t>(low);
  if (value >= high) {
    return high >= 0x1p63 ? std::numeric_limits<std::int64_t>::max()
                          : static_cast<std::int64_t>(high) - 1;
  }
  return static_cast<std::int64_t>(value);
}

// The real values as integers in the range of `type`, not yet narrowed.
void TruncateInto(ElementType type, Block& block) {
  const auto bits = static_cast<int>(8 * ElementBytes(type));
  if (type == ElementType::kBool) {
    for (std::size_t i = 0; i < block.size; ++i) {
      block.integers[i] = block.reals[i] != 0.0;
    }
    return;
  }
  const bool is_unsigned =
      Contains(TypesOf(ElementType::kUint8, ElementType::kUint16,
                       ElementType::kUint32, ElementType::kUint64),
               type);
  for (std::size_t i = 0; i < block.size; ++i) {
    const double value = block.reals[i];
    if (type == ElementType::kUint64 && value >= 0x1p63) {
      block.integers[i] = static_cast<std::int64_t>(
          value >= 0x1p64 ? std::numeric_limits<std::uint64_t>::max()
                          : static_cast<std::uint64_t>(value));
    } else if (is_unsigned) {
      block.integers[i] =
          Truncate(value, 0.0, std::ldexp(1.0, std::min(bits, 63)));
    } else {
      const double limit = std::ldexp(1.0, bits - 1);
      block.integers[i] = Truncate(value, -limit, limit);
    }
  }
}

template <typename T>
void Store(const Block& block, std::size_t at, const Tensor& y) {
  T* to = y.as<T>() + at;
  for (std::size_t i = 0; i < block.size; ++i) {
    to[i] = static_cast<T>(block.integers[i]);
  }
}

void StoreIntegers(const Block& block, std::size_t at, const Tensor& y) {
  switch (ElementBytes(y.type)) {
    case 1:
      if (y.type == ElementType::kBool) {
        for (std::size_t i = 0; i < block.size; ++i) {
          y.as<std::uint8_t>()[at + i] = block.integers[i] != 0;
        }
        return;
      }
      return Store<std::uint8_t>(block, at, y);
    case 2:
      return Store<std::uint16_t>(block, at, y);
    case 4:
      return Store<std::uint32_t>(block, at, y);
    default:
      return Store<std::uint64_t>(block, at, y);
  }
}

// f32 of an integer is rounded once, not by way of a double.
float ToFloat(const Block& block, bool from_integers, std::size_t i) {
  if (!from_integers) return static_cast<float>(block.reals[i]);
  return block.is_unsigned
             ? static_cast<float>(static_cast<std::uint64_t>(block.integers[i]))
             : static_cast<float>(block.integers[i]);
}

double ToDouble(const Block& block, bool from_integers, std::size_t i) {
  if (!from_integers) return block.reals[i];
  return block.is_unsigned ? static_cast<double>(
                                 static_cast<std::uint64_t>(block.integers[i]))
                           : static_cast<double>(block.integers[i]);
}

void StoreReals(const Block& block, bool from_integers, std::size_t at,
                const Tensor& y) {
  for (std::size_t i = 0; i < block.size; ++i) {
    switch (y.type) {
      case ElementType::kFloat32:
        y.floats()[at + i] = ToFloat(block, from_integers, i);
        break;
      case ElementType::kFloat16:
        y.as<std::uint16_t>()[at + i] =
            DoubleToHalf(ToDouble(block, from_integers, i));
        break;
      case ElementType::kFloat64:
        y.as<double>()[at + i] = ToDouble(block, from_integers, i);
        break;
      default:
        y.floats()[2 * (at + i)] = ToFloat(block, from_integers, i);
        y.floats()[2 * (at + i) + 1] = 0.0f;
    }
  }
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const bool from_integers = !Contains(kReals, x.type);
  const bool to_integers = !Contains(kReals, y.type);
  const std::size_t size = x.shape.Elements();
  if (x.type == y.type) {
    if (x.data != y.data && size != 0) {
      std::memcpy(y.data, x.data, x.bytes());
    }
    return StatusCode::kOk;
  }
  Block block;
  block.is_unsigned = x.type == ElementType::kUint64;
  for (std::size_t at = 0; at < size; at += kBlock) {
    block.size = std::min(kBlock, size - at);
    if (from_integers) {
      LoadIntegers(x, at, block);
    } else {
      LoadReals(x, at, block);
      if (to_integers) TruncateInto(y.type, block);
    }
    if (to_integers) {
      StoreIntegers(block, at, y);
    } else {
      StoreReals(block, from_integers, at, y);
    }
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kCast = {Prepare, Eval};

}  // namespace sotto::runtime
