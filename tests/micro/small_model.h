// A small int8 network of our own, written by the model writer: every operator
// of the shared micro models, and ADD of a tensor to itself.

#ifndef SOTTO_TESTS_MICRO_SMALL_MODEL_H_
#define SOTTO_TESTS_MICRO_SMALL_MODEL_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/loader/model_writer.h"
#include "tests/support/graph_builder.h"

namespace sotto::runtime {

class SmallModel {
 public:
  // [1, 12, 10, 1] → shares [1, 5] and the scores before SOFTMAX, as file
  // bytes.
  static Bytes Write() {
    SmallModel m;
    const auto x = m.graph_.Input(ElementType::kInt8, {4, {1, 12, 10, 1}});
    m.Quantize(x, 0.02f, -3);
    Options window;
    window.stride_w = window.stride_h = 2;
    window.activation = Activation::kRelu;
    const auto conv =
        m.Layer(OpCode::kConv2D, x, m.Weights({4, {8, 3, 3, 1}}, 0), 8,
                {4, {1, 6, 5, 8}}, window);
    Options depth;
    depth.padding = Padding::kValid;
    const auto depthwise =
        m.Layer(OpCode::kDepthwiseConv2D, conv, m.Weights({4, {1, 3, 3, 8}}, 3),
                8, {4, {1, 4, 3, 8}}, depth);
    const auto twice =
        m.Op(OpCode::kAdd, {depthwise, depthwise}, {4, {1, 4, 3, 8}}, 0.11f, 2);
    Options pool;
    pool.padding = Padding::kValid;
    pool.filter_h = 4;
    pool.filter_w = 3;
    const auto mean = m.Op(OpCode::kAveragePool2D, {twice}, {4, {1, 1, 1, 8}},
                           0.11f, 2, pool);
    const auto flat = m.Op(OpCode::kReshape, {mean, m.graph_.Ints({1, 8})},
                           {2, {1, 8}}, 0.11f, 2);
    const auto scores = m.Layer(OpCode::kFullyConnected, flat,
                                m.Weights({2, {5, 8}}, 0), 5, {2, {1, 5}}, {});
    const auto shares =
        m.Op(OpCode::kSoftmax, {scores}, {2, {1, 5}}, 1.0f / 256, -128);
    return WriteModel(std::move(m.graph_).Finish({shares, scores}));
  }

 private:
  std::uint8_t Random() {
    seed_ = seed_ * 1664525u + 1013904223u;
    return static_cast<std::uint8_t>(seed_ >> 24);
  }
  void Quantize(std::int32_t t, float scale, std::int64_t zero) {
    graph_.tensor(t).quantization = {{scale}, {zero}, 0};
  }
  std::int32_t Weights(const Shape& shape, std::int32_t dimension) {
    std::vector<std::int8_t> values(shape.Elements());
    for (auto& v : values) v = static_cast<std::int8_t>(Random() % 255 - 127);
    const auto w = graph_.Constant(ElementType::kInt8, shape, values);
    Quantization q;
    const auto count = shape[static_cast<std::size_t>(dimension)];
    for (std::int32_t i = 0; i < count; ++i) {
      q.scale.push_back(0.004f + 0.0001f * static_cast<float>(Random()));
    }
    q.zero_point.assign(q.scale.size(), 0);
    q.dimension = dimension;
    graph_.tensor(w).quantization = q;
    return w;
  }
  std::int32_t Op(OpCode code, std::vector<std::int32_t> inputs,
                  const Shape& shape, float scale, std::int64_t zero,
                  const Options& options = {}) {
    const auto y =
        graph_.Op(code, std::move(inputs), ElementType::kInt8, options);
    graph_.tensor(y).shape = shape;
    Quantize(y, scale, zero);
    return y;
  }
  std::int32_t Layer(OpCode code, std::int32_t x, std::int32_t w,
                     std::size_t channels, const Shape& shape,
                     const Options& options) {
    std::vector<std::int32_t> values(channels);
    for (auto& v : values) v = Random() * 8 - 1000;
    const auto bias =
        graph_.Constant(ElementType::kInt32,
                        {1, {static_cast<std::int32_t>(channels)}}, values);
    return Op(code, {x, w, bias}, shape, 0.09f, 4, options);
  }

  GraphBuilder graph_;
  std::uint32_t seed_ = 7;
};

}  // namespace sotto::runtime

#endif  // SOTTO_TESTS_MICRO_SMALL_MODEL_H_
