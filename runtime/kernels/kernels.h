// Every kernel of this build, and the operator code that each serves. Codes are
// those of the .tflite format (BuiltinOperator).

#ifndef SOTTO_RUNTIME_KERNELS_KERNELS_H_
#define SOTTO_RUNTIME_KERNELS_KERNELS_H_

#include <cstdint>

#include "runtime/core/kernel.h"

namespace sotto::runtime {

enum class OpCode : std::int32_t {
  kAdd = 0,
  kAveragePool2D = 1,
  kConcatenation = 2,
  kConv2D = 3,
  kDepthwiseConv2D = 4,
  kDequantize = 6,  // of constants only; folded by the loader
  kFullyConnected = 9,
  kLogistic = 14,
  kMaxPool2D = 17,
  kMul = 18,
  kRelu = 19,
  kReluN1To1 = 20,
  kRelu6 = 21,
  kReshape = 22,
  kSoftmax = 25,
  kTanh = 28,
  kPad = 34,
  kMean = 40,
  kSub = 41,
  kSqueeze = 43,
};

extern const Kernel kAdd, kSub, kMul, kRelu, kReluN1To1, kRelu6, kTanh,
    kLogistic, kConv2D, kDepthwiseConv2D, kFullyConnected, kMaxPool2D,
    kAveragePool2D, kSoftmax, kReshape, kSqueeze, kPad, kMean, kConcatenation;

// Null: this build has no kernel for the code.
const Kernel* FindKernel(OpCode code);
// "CONV_2D"; "unknown operator" for codes that are not in the table.
const char* OpName(OpCode code);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_KERNELS_H_
