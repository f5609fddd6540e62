#include "runtime/kernels/cpu/int8_sweep_test_support.h"

namespace sotto::runtime {

extern const Kernel kFullyConnectedInt8, kFullyConnectedS8Reference,
    kFullyConnectedU8Reference, kDepthwisePointwiseInt8, kConv2DS8Reference,
    kConv2DU8Reference, kDepthwiseConv2DS8Reference,
    kDepthwiseConv2DU8Reference;

namespace {

constexpr ElementType kTypes[] = {ElementType::kInt8, ElementType::kUint8};
constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu,
                                       Activation::kRelu6,
                                       Activation::kReluN1To1};

TEST(FullyConnectedInt8, EqualsTheReferenceAroundEveryTileEdge) {
  std::uint32_t seed = 1;
  for (const ElementType type : kTypes) {
    for (const std::int32_t batch : {0, 1, 2, 5, 15, 30}) {
      for (const std::int32_t depth : {1, 3, 4, 13, 16, 17, 64, 150}) {
        for (const std::int32_t out : {1, 10, 16, 17, 48, 64, 70}) {
          QuantizedProduct p =
              RandomProduct(type, {2, {batch, depth}}, {2, {out, depth}}, 0,
                            seed % 3 == 0, seed);
          Options options;
          options.activation = kActivations[seed % 4];
          std::vector<TestTensor*> inputs = {&p.x, &p.w};
          if (seed % 5 != 0) inputs.push_back(&p.bias);
          SCOPED_TRACE(testing::Message() << batch << " " << depth << " " << out
                                          << " seed " << seed);
          ExpectSame(kFullyConnectedInt8,
                     type == ElementType::kInt8 ? kFullyConnectedS8Reference
                                                : kFullyConnectedU8Reference,
                     inputs, p.y, options);
          ++seed;
        }
      }
    }
  }
}

TEST(FullyConnectedInt8, WeightsWithAZeroPointAreLeftToTheReference) {
  QuantizedProduct p =
      RandomProduct(ElementType::kInt8, {2, {1, 8}}, {2, {4, 8}}, 0, false, 1);
  KernelRunner run(kFullyConnectedInt8);
  EXPECT_EQ(run({&p.x, &p.w, &p.bias}, {&p.y}), StatusCode::kOk);
  p.w.tensor.quantization.zero_point = 1;
  EXPECT_EQ(run({&p.x, &p.w, &p.bias}, {&p.y}), StatusCode::kUnimplemented);
}

// The fused kernel with its intermediate tensor in place.
StatusCode RunFused(const std::vector<TestTensor*>& inputs,
                    const TestTensor& middle, TestTensor& y,
                    const Options& options, int threads) {
  static Tensor intermediate;
  intermediate = middle.tensor;
  static Tensor* list[] = {&intermediate};
  static const Kernel kernel = {
      [](PrepareContext& context, Op& op) {
        op.intermediates = list;
        return kDepthwisePointwiseInt8.Prepare(context, op);
      },
      kDepthwisePointwiseInt8.Eval, kDepthwisePointwiseInt8.Pack};
  KernelRunner run(kernel, threads);
  return run(inputs, {&y}, options);
}

TEST(DepthwisePointwiseInt8, EqualsTheTwoReferencesAfterOneAnother) {
  std::uint32_t seed = 1;
  for (const ElementType type : kTypes) {
    const bool is_signed = type == ElementType::kInt8;
    for (const std::int32_t channels : {3, 16, 32, 65}) {
      for (const std::int32_t out : {5, 32, 70}) {
        for (const std::int32_t stride : {1, 2}) {
          SCOPED_TRACE(testing::Message()
                       << "type " << int(type) << " " << channels << " -> "
                       << out << " stride " << stride);
          QuantizedProduct first =
              RandomProduct(type, {4, {2, 9, 7, channels}},
                            {4, {1, 3, 3, channels}}, 3, true, seed++);
          Options options;
          options.stride_h = options.stride_w = stride;
          options.activation = kActivations[seed % 4];
          KernelRunner depthwise(is_signed ? kDepthwiseConv2DS8Reference
                                           : kDepthwiseConv2DU8Reference);
          ASSERT_EQ(
              depthwise({&first.x, &first.w, &first.bias}, {&first.y}, options),
              StatusCode::kOk);
          QuantizedProduct second =
              RandomProduct(type, first.y.tensor.shape,
                            {4, {out, 1, 1, channels}}, 0, true, seed++);
          // Of the first result's scale, so that its sums fit the output.
          const float ratio =
              second.y.scales->front() / second.x.scales->front();
          second.y.Quantize({ratio * first.y.scales->front()},
                            second.y.tensor.quantization.zero_point);
          Options plain;
          plain.activation = options.second_activation =
              kActivations[seed / 4 % 4];
          TestTensor want = second.y;
          KernelRunner pointwise(is_signed ? kConv2DS8Reference
                                           : kConv2DU8Reference);
          ASSERT_EQ(
              pointwise({&first.y, &second.w, &second.bias}, {&want}, plain),
              StatusCode::kOk);
          ForEachInt8Target([&] {
            for (const int threads : {1, 2, 3}) {
              TestTensor got = second.y;
              ASSERT_EQ(RunFused({&first.x, &first.w, &first.bias, &second.w,
                                  &second.bias},
                                 first.y, got, options, threads),
                        StatusCode::kOk);
              ASSERT_EQ(got.values<std::uint8_t>(),
                        want.values<std::uint8_t>());
            }
          });
        }
      }
    }
  }
}

TEST(DepthwisePointwiseInt8, WithoutAnIntermediateIsInvalid) {
  QuantizedProduct p = RandomProduct(ElementType::kInt8, {4, {1, 4, 4, 8}},
                                     {4, {1, 3, 3, 8}}, 3, true, 1);
  KernelRunner run(kDepthwisePointwiseInt8);
  EXPECT_EQ(run({&p.x, &p.w, &p.bias, &p.w}, {&p.y}),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
