// Image resizing, non-maximum suppression, the Fourier transform.

#include "tests/conformance/case.h"

namespace sotto::conformance {

std::vector<Case> VisionCases() {
  std::vector<Case> cases;
  struct Variant {
    std::string name;
    bool align_corners, half_pixel_centers;
  };
  struct Size {
    std::string name;
    double height, width;
  };
  const std::vector<Variant> variants = {{"plain", false, false},
                                         {"corners", true, false},
                                         {"half_pixel", false, true}};
  for (const OpCode code :
       {OpCode::kResizeBilinear, OpCode::kResizeNearestNeighbor}) {
    for (const ElementType type : {kF32, kI8, kU8, kI16}) {
      for (const Variant& v : variants) {
        for (const Size& s : {Size{"up", 7, 10}, Size{"down", 3, 2}}) {
          const Quantization q =
              type == kF32
                  ? Quantization{}
                  : Scale(0.05f, type == kI16 ? 0 : (type == kU8 ? 99 : 4));
          cases.push_back(
              OneOp({.name = std::string(code == OpCode::kResizeBilinear
                                             ? "resize_bilinear_"
                                             : "resize_nearest_neighbor_") +
                             TypeName(type) + "_" + v.name + "_" + s.name,
                     .code = code,
                     .version = type == kI8 ? 2 : 3,
                     .options = {.align_corners = v.align_corners,
                                 .half_pixel_centers = v.half_pixel_centers},
                     .inputs = {Input(type, {1, 4, 5, 3}, q),
                                Values(kI32, {2}, {s.height, s.width})},
                     .outputs = {Output(type, q)}}));
        }
      }
    }
  }
  // Boxes are [y1, x1, y2, x2]; corners in any order.
  for (const bool soft : {false, true}) {
    OpSpec spec = {
        .name = soft ? "non_max_suppression_v5" : "non_max_suppression_v4",
        .code =
            soft ? OpCode::kNonMaxSuppressionV5 : OpCode::kNonMaxSuppressionV4,
        .inputs = {Input(kF32, {12, 4}, Range{0, 1}),
                   Input(kF32, {12}, Range{0, 1}), Values(kI32, {}, {6}),
                   Values(kF32, {}, {0.3}), Values(kF32, {}, {0.2})},
        .outputs = {Output(kI32)}};
    if (soft) {
      spec.inputs.push_back(Values(kF32, {}, {0.5}));
      spec.outputs.push_back(Output(kF32));
    }
    spec.outputs.push_back(Output(kI32));
    cases.push_back(OneOp(spec));
  }
  CaseBuilder spectrum("rfft2d_complex_abs");
  const std::int32_t x = spectrum.Add(Input(kF32, {2, 1, 16}));
  const std::int32_t length = spectrum.Add(Values(kI32, {2}, {1, 16}));
  const std::int32_t bins = spectrum.Between(ElementType::kComplex64);
  const std::int32_t y = spectrum.Add(Output(kF32));
  spectrum.Op(OpCode::kRfft2D, {x, length}, {bins});
  spectrum.Op(OpCode::kComplexAbs, {bins}, {y});
  cases.push_back(spectrum.Take());
  return cases;
}

}  // namespace sotto::conformance
