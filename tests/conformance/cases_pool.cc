// Pools, SOFTMAX, LOG_SOFTMAX, L2_NORMALIZATION.

#include "tests/conformance/case.h"

namespace sotto::conformance {
namespace {

using runtime::Activation;
using runtime::Padding;

Quantization Of(ElementType type) {
  if (type == kF32) return {};
  if (type == kI16) return Scale(0.0005f);
  return Scale(0.05f, type == kU8 ? 121 : 7);
}

}  // namespace

std::vector<Case> PoolCases() {
  std::vector<Case> cases;
  struct Pool {
    std::string name;
    Dims x;
    Options options;
  };
  const std::vector<Pool> pools = {
      {"2x2",
       {1, 6, 6, 5},
       {.padding = Padding::kValid,
        .stride_w = 2,
        .stride_h = 2,
        .filter_w = 2,
        .filter_h = 2}},
      {"3x3_same",
       {2, 5, 7, 3},
       {.stride_w = 2,
        .stride_h = 1,
        .filter_w = 3,
        .filter_h = 3,
        .activation = Activation::kRelu}},
      {"whole",
       {1, 7, 5, 19},
       {.padding = Padding::kValid, .filter_w = 5, .filter_h = 7}},
  };
  for (const ElementType type : {kF32, kI8, kU8, kI16}) {
    for (const Pool& p : pools) {
      for (const OpCode code : {OpCode::kAveragePool2D, OpCode::kMaxPool2D}) {
        const std::string op =
            code == OpCode::kMaxPool2D ? "max_pool_2d_" : "average_pool_2d_";
        cases.push_back(OneOp({.name = op + TypeName(type) + "_" + p.name,
                               .code = code,
                               .version = type == kI8 ? 2 : 1,
                               .options = p.options,
                               .inputs = {Input(type, p.x, Of(type))},
                               .outputs = {Output(type, Of(type))}}));
      }
    }
  }
  const std::vector<Dims> shapes = {{1, 10}, {3, 2, 7}, {1, 2, 3, 33}};
  for (const Dims& dims : shapes) {
    const std::string rank = "_rank" + std::to_string(dims.size());
    const float beta = dims.size() == 3 ? 0.5f : 1.0f;
    struct Variant {
      ElementType in, out;
      Quantization x, y;
    };
    const std::vector<Variant> softmax = {
        {kF32, kF32, {}, {}},
        {kI8, kI8, Scale(0.1f, 3), Scale(1.0f / 256, -128)},
        {kU8, kU8, Scale(0.1f, 130), Scale(1.0f / 256, 0)},
        {kI16, kI16, Scale(10.0f / 32768), Scale(1.0f / 32768)},
        {kI8, kI16, Scale(0.1f, 3), Scale(1.0f / 65536, -32768)},
    };
    for (const Variant& v : softmax) {
      cases.push_back(
          OneOp({.name = "softmax_" + TypeName(v.in) +
                         (v.in == v.out ? "" : "_to_" + TypeName(v.out)) + rank,
                 .code = OpCode::kSoftmax,
                 .version = v.in == kF32 || v.in == kU8 ? 1 : 2,
                 .options = {.beta = beta},
                 .inputs = {v.in == kF32 ? Input(kF32, dims, Range{-6, 6})
                                         : Input(v.in, dims, v.x)},
                 .outputs = {Output(v.out, v.y)}}));
    }
    const std::vector<Variant> log_softmax = {
        {kF32, kF32, {}, {}},
        {kI8, kI8, Scale(0.1f, 3), Scale(16.0f / 256, 127)},
        {kU8, kU8, Scale(0.1f, 130), Scale(16.0f / 256, 255)},
    };
    for (const Variant& v : log_softmax) {
      cases.push_back(
          OneOp({.name = "log_softmax_" + TypeName(v.in) + rank,
                 .code = OpCode::kLogSoftmax,
                 .version = v.in == kI8 ? 2 : 1,
                 .inputs = {v.in == kF32 ? Input(kF32, dims, Range{-6, 6})
                                         : Input(v.in, dims, v.x)},
                 .outputs = {Output(v.out, v.y)}}));
    }
    const std::vector<Variant> l2 = {
        {kF32, kF32, {}, {}},
        {kI8, kI8, Scale(0.1f, 3), Scale(1.0f / 128, 0)},
        {kU8, kU8, Scale(0.1f, 130), Scale(1.0f / 128, 128)},
    };
    for (const Variant& v : l2) {
      cases.push_back(
          OneOp({.name = "l2_normalization_" + TypeName(v.in) + rank,
                 .code = OpCode::kL2Normalization,
                 .version = v.in == kI8 ? 2 : 1,
                 .inputs = {Input(v.in, dims, v.x)},
                 .outputs = {Output(v.out, v.y)}}));
    }
  }
  return cases;
}

}  // namespace sotto::conformance
