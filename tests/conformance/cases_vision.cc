// Image resizing, non-maximum suppression, the Fourier transform.

#include "flatbuffers/flexbuffers.h"
#include "tests/conformance/case.h"

namespace sotto::conformance {
namespace {

// Boxes against anchors, scores of three classes and of the background.
Case Detections(bool regular) {
  constexpr std::int32_t kBoxes = 14, kClasses = 3;
  flexbuffers::Builder builder;
  builder.Map([&builder, regular] {
    builder.Int("max_detections", 5);
    builder.Int("max_classes_per_detection", 1);
    builder.Int("detections_per_class", 4);
    builder.Int("num_classes", kClasses);
    builder.Bool("use_regular_nms", regular);
    builder.Float("nms_score_threshold", 0.3f);
    builder.Float("nms_iou_threshold", 0.4f);
    builder.Float("y_scale", 10.0f);
    builder.Float("x_scale", 10.0f);
    builder.Float("h_scale", 5.0f);
    builder.Float("w_scale", 5.0f);
  });
  builder.Finish();
  CaseBuilder made(regular ? "detection_post_process_regular"
                           : "detection_post_process_fast");
  Options options;
  options.custom = made.model().Keep(builder.GetBuffer());
  const std::int32_t boxes =
      made.Add(Input(kF32, {1, kBoxes, 4}, Range{-3, 3}));
  const std::int32_t scores =
      made.Add(Input(kF32, {1, kBoxes, kClasses + 1}, Range{0, 1}));
  const std::int32_t anchors = made.Add(Drawn(kF32, {kBoxes, 4}, {0.2, 0.8}));
  std::vector<std::int32_t> outputs;
  for (int i = 0; i < 4; ++i) outputs.push_back(made.Add(Output(kF32)));
  made.Op(OpCode::kDetectionPostProcess, {boxes, scores, anchors}, outputs,
          options);
  return made.Take();
}

}  // namespace

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
  cases.push_back(Detections(false));
  cases.push_back(Detections(true));
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
