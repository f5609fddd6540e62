// AVERAGE_POOL_2D (pool_2d.h): the mean of each window, then the activation.
// f32 sums in double precision; integers sum exactly (at most 2^31 elements of
// 16 bits) and round halves away from zero.

#include "runtime/kernels/activation.h"
#include "runtime/kernels/nn/pool_2d.h"

namespace sotto::runtime {
namespace {

template <ElementType kType>
StatusCode Prepare(PrepareContext& context, Op& op) {
  return PreparePool2D(context, op, kType);
}

template <typename Sum, typename T>
Sum SumOf(const T* first, std::size_t rows, std::size_t columns,
          std::size_t row_stride, std::size_t stride) {
  Sum sum = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      sum += first[r * row_stride + c * stride];
    }
  }
  return sum;
}

StatusCode EvalF32(EvalContext&, const Op& op) {
  const ClampRange clamp = RangeOf(op.options.activation);
  Pool<float>(op, [&clamp](const float* first, std::size_t rows,
                           std::size_t columns, std::size_t row_stride,
                           std::size_t stride) {
    const auto sum = SumOf<double>(first, rows, columns, row_stride, stride);
    const auto mean =
        static_cast<float>(sum / static_cast<double>(rows * columns));
    return std::min(std::max(mean, clamp.low), clamp.high);
  });
  return StatusCode::kOk;
}

template <typename T>
StatusCode EvalInteger(EvalContext&, const Op& op) {
  const PoolClamp clamp = MakePoolClamp(op);
  Pool<T>(op, [&clamp](const T* first, std::size_t rows, std::size_t columns,
                       std::size_t row_stride, std::size_t stride) {
    const auto sum =
        SumOf<std::int64_t>(first, rows, columns, row_stride, stride);
    const auto count = static_cast<std::int64_t>(rows * columns);
    const std::int64_t mean =
        (sum < 0 ? sum - count / 2 : sum + count / 2) / count;
    return static_cast<T>(
        std::clamp<std::int64_t>(mean, clamp.low, clamp.high));
  });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kAveragePool2DF32Reference = {
    Prepare<ElementType::kFloat32>, EvalF32};
extern const Kernel kAveragePool2DS8Reference = {Prepare<ElementType::kInt8>,
                                                 EvalInteger<std::int8_t>};
extern const Kernel kAveragePool2DU8Reference = {Prepare<ElementType::kUint8>,
                                                 EvalInteger<std::uint8_t>};
extern const Kernel kAveragePool2DS16Reference = {Prepare<ElementType::kInt16>,
                                                  EvalInteger<std::int16_t>};

}  // namespace sotto::runtime
