// SOFTMAX in f32 (softmax.h), in double precision.

#include <algorithm>
#include <cmath>

#include "runtime/kernels/nn/softmax.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code =
      PrepareSoftmax(context, op, ElementType::kFloat32, ElementType::kFloat32);
  if (code == StatusCode::kOk) context.AllowInPlace(0, 0);
  return code;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const double beta = op.options.beta;
  ForEachRow<float, float>(
      op, [beta](const float* x, float* y, std::size_t size) {
        const double largest = *std::max_element(x, x + size);
        double sum = 0.0;
        for (std::size_t i = 0; i < size; ++i) {
          sum += std::exp(beta * (x[i] - largest));
        }
        for (std::size_t i = 0; i < size; ++i) {
          y[i] = static_cast<float>(std::exp(beta * (x[i] - largest)) / sum);
        }
      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSoftmaxF32Reference = {Prepare, Eval};

}  // namespace sotto::runtime
