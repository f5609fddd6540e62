#include "runtime/kernels/selection.h"

namespace sotto::runtime {

extern const Kernel kAddF32, kAveragePool2DF32, kConv2DF32, kDepthwiseConv2DF32,
    kFullyConnectedF32, kLogisticF32, kMaxPool2DF32, kMeanF32, kMulF32,
    kRelu6F32, kReluF32, kReluN1To1F32, kSoftmaxF32, kSubF32, kTanhF32;

extern const Kernel kConv2DAddF32, kDepthwisePointwiseF32, kPackedConv2DF32,
    kPackedDepthwiseConv2DF32, kPackedFullyConnectedF32,
    kVectorAveragePool2DF32, kVectorLogisticF32, kVectorMaxPool2DF32,
    kVectorMeanF32, kVectorSoftmaxF32, kVectorTanhF32;

extern const Kernel kVectorAddF32, kVectorHardSwishF32, kVectorLeakyReluF32,
    kVectorMulF32, kVectorPreluF32, kVectorRelu6F32, kVectorReluF32,
    kVectorReluN1To1F32, kVectorSubF32, kPackedSequenceLstmF32;

extern const Kernel kAddInt8, kAveragePool2DInt8, kConv2DInt8,
    kDepthwiseConv2DInt8, kDepthwiseConv2DInt8OneChannel,
    kDepthwisePointwiseInt8, kDequantizeInt8, kFullyConnectedInt8,
    kMaxPool2DInt8, kMeanInt8, kQuantizeInt8, kRequantizeInt8, kSoftmaxInt8,
    kSoftmaxUint8;

extern const Kernel kConv2DHybrid, kDepthwiseConv2DHybrid,
    kFullyConnectedHybrid;

namespace {

constexpr KernelTier kPacked = KernelTier::kPacked;
constexpr KernelTier kVector = KernelTier::kVector;

constexpr KernelRow kRows[] = {
    {OpCode::kAdd, kPacked, &kAddInt8, "add_int8"},
    {OpCode::kAveragePool2D, kPacked, &kAveragePool2DInt8,
     "average_pool_2d_int8"},
    {OpCode::kMaxPool2D, kPacked, &kMaxPool2DInt8, "max_pool_2d_int8"},
    {OpCode::kMean, kPacked, &kMeanInt8, "mean_int8"},
    {OpCode::kDequantize, kPacked, &kDequantizeInt8, "dequantize_int8"},
    {OpCode::kQuantize, kPacked, &kQuantizeInt8, "quantize_int8"},
    {OpCode::kQuantize, kPacked, &kRequantizeInt8, "requantize_int8"},
    {OpCode::kSoftmax, kPacked, &kSoftmaxInt8, "softmax_int8"},
    {OpCode::kSoftmax, kPacked, &kSoftmaxUint8, "softmax_uint8"},
    {OpCode::kFullyConnected, kPacked, &kFullyConnectedInt8,
     "fully_connected_int8"},
    {OpCode::kDepthwisePointwise, kPacked, &kDepthwisePointwiseInt8,
     "depthwise_pointwise_int8"},
    {OpCode::kConv2D, kPacked, &kConv2DInt8, "conv_2d_int8"},
    {OpCode::kDepthwiseConv2D, kPacked, &kDepthwiseConv2DInt8OneChannel,
     "depthwise_conv_2d_int8_one_channel"},
    {OpCode::kDepthwiseConv2D, kPacked, &kDepthwiseConv2DInt8,
     "depthwise_conv_2d_int8"},
    {OpCode::kConv2D, kPacked, &kPackedConv2DF32, "conv_2d_f32_packed"},
    {OpCode::kConv2DAdd, kPacked, &kConv2DAddF32, "conv_2d_add_f32"},
    {OpCode::kDepthwiseConv2D, kPacked, &kPackedDepthwiseConv2DF32,
     "depthwise_conv_2d_f32_packed"},
    {OpCode::kDepthwisePointwise, kPacked, &kDepthwisePointwiseF32,
     "depthwise_pointwise_f32"},
    {OpCode::kFullyConnected, kPacked, &kPackedFullyConnectedF32,
     "fully_connected_f32_packed"},
    {OpCode::kConv2D, kPacked, &kConv2DHybrid, "conv_2d_hybrid"},
    {OpCode::kDepthwiseConv2D, kPacked, &kDepthwiseConv2DHybrid,
     "depthwise_conv_2d_hybrid"},
    {OpCode::kFullyConnected, kPacked, &kFullyConnectedHybrid,
     "fully_connected_hybrid"},
    {OpCode::kAveragePool2D, kPacked, &kVectorAveragePool2DF32,
     "average_pool_2d_f32_vector"},
    {OpCode::kMaxPool2D, kPacked, &kVectorMaxPool2DF32,
     "max_pool_2d_f32_vector"},
    {OpCode::kMean, kPacked, &kVectorMeanF32, "mean_f32_vector"},
    {OpCode::kSoftmax, kPacked, &kVectorSoftmaxF32, "softmax_f32_vector"},
    {OpCode::kLogistic, kPacked, &kVectorLogisticF32, "logistic_f32_vector"},
    {OpCode::kTanh, kPacked, &kVectorTanhF32, "tanh_f32_vector"},
    {OpCode::kAdd, kPacked, &kVectorAddF32, "add_f32_vector"},
    {OpCode::kHardSwish, kPacked, &kVectorHardSwishF32,
     "hard_swish_f32_vector"},
    {OpCode::kLeakyRelu, kPacked, &kVectorLeakyReluF32,
     "leaky_relu_f32_vector"},
    {OpCode::kMul, kPacked, &kVectorMulF32, "mul_f32_vector"},
    {OpCode::kPrelu, kPacked, &kVectorPreluF32, "prelu_f32_vector"},
    {OpCode::kRelu, kPacked, &kVectorReluF32, "relu_f32_vector"},
    {OpCode::kReluN1To1, kPacked, &kVectorReluN1To1F32,
     "relu_n1_to_1_f32_vector"},
    {OpCode::kRelu6, kPacked, &kVectorRelu6F32, "relu6_f32_vector"},
    {OpCode::kSub, kPacked, &kVectorSubF32, "sub_f32_vector"},
    {OpCode::kUnidirectionalSequenceLstm, kPacked, &kPackedSequenceLstmF32,
     "unidirectional_sequence_lstm_f32_packed"},
    {OpCode::kAdd, kVector, &kAddF32, "add_f32"},
    {OpCode::kAveragePool2D, kVector, &kAveragePool2DF32,
     "average_pool_2d_f32"},
    {OpCode::kConv2D, kVector, &kConv2DF32, "conv_2d_f32"},
    {OpCode::kDepthwiseConv2D, kVector, &kDepthwiseConv2DF32,
     "depthwise_conv_2d_f32"},
    {OpCode::kFullyConnected, kVector, &kFullyConnectedF32,
     "fully_connected_f32"},
    {OpCode::kLogistic, kVector, &kLogisticF32, "logistic_f32"},
    {OpCode::kMaxPool2D, kVector, &kMaxPool2DF32, "max_pool_2d_f32"},
    {OpCode::kMul, kVector, &kMulF32, "mul_f32"},
    {OpCode::kRelu, kVector, &kReluF32, "relu_f32"},
    {OpCode::kReluN1To1, kVector, &kReluN1To1F32, "relu_n1_to_1_f32"},
    {OpCode::kRelu6, kVector, &kRelu6F32, "relu6_f32"},
    {OpCode::kSoftmax, kVector, &kSoftmaxF32, "softmax_f32"},
    {OpCode::kTanh, kVector, &kTanhF32, "tanh_f32"},
    {OpCode::kMean, kVector, &kMeanF32, "mean_f32"},
    {OpCode::kSub, kVector, &kSubF32, "sub_f32"},
};

}  // namespace

KernelTable CpuKernels() { return SelectedRows<kRows>(); }

}  // namespace sotto::runtime
