#include "runtime/kernels/kernels.h"

namespace sotto::runtime {
namespace {

struct Row {
  OpCode code;
  const char* name;
  const Kernel* kernel;
};

constexpr Row kTable[] = {
    {OpCode::kAdd, "ADD", &kAdd},
    {OpCode::kAveragePool2D, "AVERAGE_POOL_2D", &kAveragePool2D},
    {OpCode::kConcatenation, "CONCATENATION", &kConcatenation},
    {OpCode::kConv2D, "CONV_2D", &kConv2D},
    {OpCode::kDepthwiseConv2D, "DEPTHWISE_CONV_2D", &kDepthwiseConv2D},
    {OpCode::kDequantize, "DEQUANTIZE", nullptr},
    {OpCode::kFullyConnected, "FULLY_CONNECTED", &kFullyConnected},
    {OpCode::kLogistic, "LOGISTIC", &kLogistic},
    {OpCode::kMaxPool2D, "MAX_POOL_2D", &kMaxPool2D},
    {OpCode::kMul, "MUL", &kMul},
    {OpCode::kRelu, "RELU", &kRelu},
    {OpCode::kReluN1To1, "RELU_N1_TO_1", &kReluN1To1},
    {OpCode::kRelu6, "RELU6", &kRelu6},
    {OpCode::kReshape, "RESHAPE", &kReshape},
    {OpCode::kSoftmax, "SOFTMAX", &kSoftmax},
    {OpCode::kTanh, "TANH", &kTanh},
    {OpCode::kPad, "PAD", &kPad},
    {OpCode::kMean, "MEAN", &kMean},
    {OpCode::kSub, "SUB", &kSub},
    {OpCode::kSqueeze, "SQUEEZE", &kSqueeze},
};

}  // namespace

const Kernel* FindKernel(OpCode code) {
  for (const Row& row : kTable) {
    if (row.code == code) return row.kernel;
  }
  return nullptr;
}

const char* OpName(OpCode code) {
  for (const Row& row : kTable) {
    if (row.code == code) return row.name;
  }
  return "unknown operator";
}

}  // namespace sotto::runtime
