#include "runtime/host/real_values.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

namespace sotto::runtime {
namespace {

// A tensor without quantisation is one of scale 1.
struct Scale {
  double scale, zero;
};

Scale ScaleOf(const Tensor& tensor) {
  const TensorQuantization& q = tensor.quantization;
  if (q.count == 0) return {1.0, 0.0};
  return {q.scale[0], static_cast<double>(q.zero_point)};
}

template <typename T>
void Write(std::span<const float> values, const Tensor& tensor) {
  const auto [scale, zero] = ScaleOf(tensor);
  constexpr double kLow = std::numeric_limits<T>::min();
  constexpr double kHigh = std::numeric_limits<T>::max();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double stored = std::round(values[i] / scale) + zero;
    tensor.as<T>()[i] = static_cast<T>(
        std::isnan(stored) ? zero : std::clamp(stored, kLow, kHigh));
  }
}

template <typename T>
void Read(const Tensor& tensor, std::span<float> values) {
  const auto [scale, zero] = ScaleOf(tensor);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>((tensor.as<const T>()[i] - zero) * scale);
  }
}

}  // namespace

bool HoldsRealValues(const Tensor& tensor) {
  switch (tensor.type) {
    case ElementType::kFloat32:
      return true;
    case ElementType::kInt8:
    case ElementType::kUint8:
    case ElementType::kInt16:
    case ElementType::kInt32:
      return tensor.quantization.count <= 1;
    default:
      return false;
  }
}

void WriteRealValues(std::span<const float> values, const Tensor& tensor) {
  assert(values.size() == tensor.shape.Elements());
  if (values.empty()) return;
  switch (tensor.type) {
    case ElementType::kFloat32:
      std::memcpy(tensor.data, values.data(), values.size_bytes());
      return;
    case ElementType::kInt8:
      return Write<std::int8_t>(values, tensor);
    case ElementType::kUint8:
      return Write<std::uint8_t>(values, tensor);
    case ElementType::kInt16:
      return Write<std::int16_t>(values, tensor);
    case ElementType::kInt32:
      return Write<std::int32_t>(values, tensor);
    default:
      assert(false);
  }
}

void ReadRealValues(const Tensor& tensor, std::span<float> values) {
  assert(values.size() == tensor.shape.Elements());
  if (values.empty()) return;
  switch (tensor.type) {
    case ElementType::kFloat32:
      std::memcpy(values.data(), tensor.data, values.size_bytes());
      return;
    case ElementType::kInt8:
      return Read<std::int8_t>(tensor, values);
    case ElementType::kUint8:
      return Read<std::uint8_t>(tensor, values);
    case ElementType::kInt16:
      return Read<std::int16_t>(tensor, values);
    case ElementType::kInt32:
      return Read<std::int32_t>(tensor, values);
    default:
      assert(false);
  }
}

}  // namespace sotto::runtime
