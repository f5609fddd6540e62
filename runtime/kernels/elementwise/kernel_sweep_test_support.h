// What the tests of the element-wise kernels share: tensors of pseudo-random
// values, their elements as real numbers, and one operator run as the
// interpreter would, through the registry.

#ifndef SOTTO_RUNTIME_KERNELS_ELEMENTWISE_KERNEL_SWEEP_TEST_SUPPORT_H_
#define SOTTO_RUNTIME_KERNELS_ELEMENTWISE_KERNEL_SWEEP_TEST_SUPPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/core/kernel.h"
#include "runtime/kernels/op_code.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

// Element `i` as it is stored: of f16 the value, of bool 0 or 1, of complex64
// the real part.
double StoredAt(const Tensor& tensor, std::size_t i);
void SetStored(const Tensor& tensor, std::size_t i, double value);
// Element `i` less its zero point, times its scale, where there is one.
double RealAt(const Tensor& tensor, std::size_t i);

// Values in [low, high], both met; integers where the type is one.
TestTensor Filled(ElementType type, const Shape& shape, std::uint32_t seed,
                  double low, double high);
// An output to be: type and quantisation.
TestTensor Output(ElementType type, float scale = 0.0f, std::int32_t zero = 0);

// The element of an operand of shape `operand` that broadcasting puts beside
// element `i` of `result`.
std::size_t BroadcastIndex(const Shape& result, const Shape& operand,
                           std::size_t i);

struct Outcome {
  StatusCode code = StatusCode::kOk;
  std::string reason;
  TestTensor y;
};
// The first reference kernel that does not answer UNIMPLEMENTED. With
// `in_place` y lies in its input's memory if the kernel allows that.
Outcome RunOperator(OpCode code, std::vector<TestTensor> inputs,
                    const TestTensor& y, const Options& options = {},
                    bool in_place = false);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_ELEMENTWISE_KERNEL_SWEEP_TEST_SUPPORT_H_
