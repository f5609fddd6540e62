// MAX_POOL_2D (pool_2d.h): the largest element of each window, then the
// activation.

#include "runtime/kernels/activation.h"
#include "runtime/kernels/nn/pool_2d.h"

namespace sotto::runtime {
namespace {

template <ElementType kType>
StatusCode Prepare(PrepareContext& context, Op& op) {
  return PreparePool2D(context, op, kType);
}

template <typename T, typename Clamp>
void EvalMax(const Op& op, const Clamp& clamp) {
  Pool<T>(op, [&clamp](const T* first, std::size_t rows, std::size_t columns,
                       std::size_t row_stride, std::size_t stride) {
    T largest = *first;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        largest = std::max(largest, first[r * row_stride + c * stride]);
      }
    }
    return clamp(largest);
  });
}

StatusCode EvalF32(EvalContext&, const Op& op) {
  const ClampRange range = RangeOf(op.options.activation);
  EvalMax<float>(op, [&range](float value) {
    return std::min(std::max(value, range.low), range.high);
  });
  return StatusCode::kOk;
}

template <typename T>
StatusCode EvalInteger(EvalContext&, const Op& op) {
  const PoolClamp range = MakePoolClamp(op);
  EvalMax<T>(op, [&range](T value) {
    return static_cast<T>(
        std::clamp<std::int32_t>(value, range.low, range.high));
  });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kMaxPool2DF32Reference = {Prepare<ElementType::kFloat32>,
                                              EvalF32};
extern const Kernel kMaxPool2DS8Reference = {Prepare<ElementType::kInt8>,
                                             EvalInteger<std::int8_t>};
extern const Kernel kMaxPool2DU8Reference = {Prepare<ElementType::kUint8>,
                                             EvalInteger<std::uint8_t>};
extern const Kernel kMaxPool2DS16Reference = {Prepare<ElementType::kInt16>,
                                              EvalInteger<std::int16_t>};

}  // namespace sotto::runtime
