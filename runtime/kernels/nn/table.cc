#include "runtime/kernels/registry.h"

namespace sotto::runtime {

extern const Kernel kAveragePool2DF32Reference, kAveragePool2DS16Reference,
    kAveragePool2DS8Reference, kAveragePool2DU8Reference, kConv2DF32Reference,
    kConv2DHybridReference, kConv2DS16Reference, kConv2DS8Reference,
    kConv2DU8Reference, kDepthwiseConv2DF32Reference,
    kDepthwiseConv2DHybridReference, kDepthwiseConv2DS16Reference,
    kDepthwiseConv2DS8Reference, kDepthwiseConv2DU8Reference,
    kFullyConnectedF32Reference, kFullyConnectedHybridReference,
    kFullyConnectedS16Reference, kFullyConnectedS8Reference,
    kFullyConnectedU8Reference, kMaxPool2DF32Reference, kMaxPool2DS16Reference,
    kMaxPool2DS8Reference, kMaxPool2DU8Reference;

namespace {

constexpr KernelTier kPlain = KernelTier::kReference;

constexpr KernelRow kRows[] = {
    {OpCode::kAveragePool2D, kPlain, &kAveragePool2DF32Reference,
     "average_pool_2d_f32_reference"},
    {OpCode::kAveragePool2D, kPlain, &kAveragePool2DS8Reference,
     "average_pool_2d_s8_reference"},
    {OpCode::kAveragePool2D, kPlain, &kAveragePool2DU8Reference,
     "average_pool_2d_u8_reference"},
    {OpCode::kAveragePool2D, kPlain, &kAveragePool2DS16Reference,
     "average_pool_2d_s16_reference"},
    {OpCode::kConv2D, kPlain, &kConv2DF32Reference, "conv_2d_f32_reference"},
    {OpCode::kConv2D, kPlain, &kConv2DS8Reference, "conv_2d_s8_reference"},
    {OpCode::kConv2D, kPlain, &kConv2DU8Reference, "conv_2d_u8_reference"},
    {OpCode::kConv2D, kPlain, &kConv2DS16Reference, "conv_2d_s16_reference"},
    {OpCode::kConv2D, kPlain, &kConv2DHybridReference,
     "conv_2d_hybrid_reference"},
    {OpCode::kDepthwiseConv2D, kPlain, &kDepthwiseConv2DF32Reference,
     "depthwise_conv_2d_f32_reference"},
    {OpCode::kDepthwiseConv2D, kPlain, &kDepthwiseConv2DS8Reference,
     "depthwise_conv_2d_s8_reference"},
    {OpCode::kDepthwiseConv2D, kPlain, &kDepthwiseConv2DU8Reference,
     "depthwise_conv_2d_u8_reference"},
    {OpCode::kDepthwiseConv2D, kPlain, &kDepthwiseConv2DS16Reference,
     "depthwise_conv_2d_s16_reference"},
    {OpCode::kDepthwiseConv2D, kPlain, &kDepthwiseConv2DHybridReference,
     "depthwise_conv_2d_hybrid_reference"},
    {OpCode::kFullyConnected, kPlain, &kFullyConnectedF32Reference,
     "fully_connected_f32_reference"},
    {OpCode::kFullyConnected, kPlain, &kFullyConnectedS8Reference,
     "fully_connected_s8_reference"},
    {OpCode::kFullyConnected, kPlain, &kFullyConnectedU8Reference,
     "fully_connected_u8_reference"},
    {OpCode::kFullyConnected, kPlain, &kFullyConnectedS16Reference,
     "fully_connected_s16_reference"},
    {OpCode::kFullyConnected, kPlain, &kFullyConnectedHybridReference,
     "fully_connected_hybrid_reference"},
    {OpCode::kMaxPool2D, kPlain, &kMaxPool2DF32Reference,
     "max_pool_2d_f32_reference"},
    {OpCode::kMaxPool2D, kPlain, &kMaxPool2DS8Reference,
     "max_pool_2d_s8_reference"},
    {OpCode::kMaxPool2D, kPlain, &kMaxPool2DU8Reference,
     "max_pool_2d_u8_reference"},
    {OpCode::kMaxPool2D, kPlain, &kMaxPool2DS16Reference,
     "max_pool_2d_s16_reference"},
};

}  // namespace

KernelTable NnKernels() { return kRows; }

}  // namespace sotto::runtime
