#include "runtime/kernels/elementwise/kernel_sweep_test_support.h"

#include <cmath>
#include <cstring>

#include "runtime/kernels/elementwise/half.h"
#include "runtime/kernels/registry.h"

namespace sotto::runtime {

double StoredAt(const Tensor& t, std::size_t i) {
  switch (t.type) {
    case ElementType::kFloat32:
      return t.as<float>()[i];
    case ElementType::kFloat16:
      return HalfToFloat(t.as<std::uint16_t>()[i]);
    case ElementType::kFloat64:
      return t.as<double>()[i];
    case ElementType::kComplex64:
      return t.as<float>()[2 * i];
    case ElementType::kInt8:
      return t.as<std::int8_t>()[i];
    case ElementType::kUint8:
      return t.as<std::uint8_t>()[i];
    case ElementType::kBool:
      return t.as<std::uint8_t>()[i] != 0;
    case ElementType::kInt16:
      return t.as<std::int16_t>()[i];
    case ElementType::kUint16:
      return t.as<std::uint16_t>()[i];
    case ElementType::kUint32:
      return t.as<std::uint32_t>()[i];
    case ElementType::kInt64:
      return static_cast<double>(t.as<std::int64_t>()[i]);
    case ElementType::kUint64:
      return static_cast<double>(t.as<std::uint64_t>()[i]);
    default:
      return t.as<std::int32_t>()[i];
  }
}

void SetStored(const Tensor& t, std::size_t i, double value) {
  switch (t.type) {
    case ElementType::kFloat32:
      t.as<float>()[i] = static_cast<float>(value);
      break;
    case ElementType::kFloat16:
      t.as<std::uint16_t>()[i] = DoubleToHalf(value);
      break;
    case ElementType::kFloat64:
      t.as<double>()[i] = value;
      break;
    case ElementType::kComplex64:
      t.as<float>()[2 * i] = static_cast<float>(value);
      t.as<float>()[2 * i + 1] = 3.0f;
      break;
    case ElementType::kInt8:
      t.as<std::int8_t>()[i] = static_cast<std::int8_t>(value);
      break;
    case ElementType::kUint8:
    case ElementType::kBool:
      t.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(value);
      break;
    case ElementType::kInt16:
      t.as<std::int16_t>()[i] = static_cast<std::int16_t>(value);
      break;
    case ElementType::kUint16:
      t.as<std::uint16_t>()[i] = static_cast<std::uint16_t>(value);
      break;
    case ElementType::kUint32:
      t.as<std::uint32_t>()[i] = static_cast<std::uint32_t>(value);
      break;
    case ElementType::kInt64:
      t.as<std::int64_t>()[i] = static_cast<std::int64_t>(value);
      break;
    case ElementType::kUint64:
      t.as<std::uint64_t>()[i] = static_cast<std::uint64_t>(value);
      break;
    default:
      t.as<std::int32_t>()[i] = static_cast<std::int32_t>(value);
      break;
  }
}

double RealAt(const Tensor& t, std::size_t i) {
  const double stored = StoredAt(t, i);
  if (t.quantization.count == 0) return stored;
  return double{*t.quantization.scale} * (stored - t.quantization.zero_point);
}

TestTensor Filled(ElementType type, const Shape& shape, std::uint32_t seed,
                  double low, double high) {
  TestTensor made;
  made.tensor.type = type;
  made.tensor.shape = shape;
  made.Allocate(made.tensor.bytes());
  const bool is_real =
      type == ElementType::kFloat32 || type == ElementType::kFloat16 ||
      type == ElementType::kFloat64 || type == ElementType::kComplex64;
  for (std::size_t i = 0; i < shape.Elements(); ++i) {
    seed = seed * 1664525u + 1013904223u;
    double value = low + (high - low) * (seed >> 8) / 0x1p24;
    if (i == 0) value = low;
    if (i == 1) value = high;
    SetStored(made.tensor, i, is_real ? value : std::floor(value + 0.5));
  }
  return made;
}

TestTensor Output(ElementType type, float scale, std::int32_t zero) {
  TestTensor made;
  made.tensor.type = type;
  if (scale != 0.0f) made.Quantize({scale}, zero);
  return made;
}

std::size_t BroadcastIndex(const Shape& result, const Shape& operand,
                           std::size_t i) {
  std::size_t index = 0, step = 1;
  for (std::size_t d = result.rank; d-- > 0;) {
    const auto dim = static_cast<std::size_t>(result[d]);
    const std::size_t at = i % dim;
    i /= dim;
    const std::size_t missing = result.rank - operand.rank;
    if (d < missing || operand[d - missing] == 1) continue;
    index += at * step;
    step *= dim;
  }
  return index;
}

Outcome RunOperator(OpCode code, std::vector<TestTensor> inputs,
                    const TestTensor& y, const Options& options,
                    bool in_place) {
  const KernelChoice choice = FindKernels(code, KernelTier::kReference);
  Outcome outcome = {
      .code = StatusCode::kNotFound, .reason = "no kernel", .y = y};
  for (std::size_t k = 0; k < choice.count; ++k) {
    outcome.y = y;
    std::vector<TestTensor*> in;
    for (TestTensor& x : inputs) in.push_back(&x);
    KernelRunner run(*choice.rows[k]->kernel);
    outcome.code = run(in, {&outcome.y}, options, in_place);
    outcome.reason = run.reason();
    if (outcome.code != StatusCode::kUnimplemented) break;
  }
  return outcome;
}

}  // namespace sotto::runtime
