// TFLite_Detection_PostProcess: boxes of an SSD head, decoded and thinned out.
//
//   in 0   encodings  [1, n, >= 4]: y, x, h, w relative to the anchors
//   in 1   scores     [1, n, classes], or one more, the first for background
//   in 2   anchors    [n, 4]: y, x, h, w
//          each f32, or int8 or uint8 with one scale
//   out    boxes f32 [1, m, 4] (y_min, x_min, y_max, x_max), classes f32 [1,
//          m], scores f32 [1, m], count f32 [1]; m = max_detections; unused
//          places are 0
//
//   centre = encoding / scale * anchor's size + anchor's centre
//   half   = exp(encoding / scale) * anchor's size / 2     in double precision
//
// Fast: each box takes its best class, then one non-maximum suppression.
// Regular: one suppression per class, of at most detections_per_class, and the
// best of all. Boxes score at least nms_score_threshold; one overlapping a
// better one by more than nms_iou_threshold is dropped; equal scores keep their
// order. A box without area overlaps none. More than one class for a box
// (max_classes_per_detection) is refused.
//
// The options are a FlexBuffer map: max_detections, max_classes_per_detection,
// detections_per_class (100), use_regular_nms (false), nms_score_threshold,
// nms_iou_threshold, num_classes, y_scale, x_scale, h_scale, w_scale.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/kernels/custom/flexbuffer.h"
#include "runtime/kernels/nn/requantize.h"
#include "runtime/kernels/vision/box.h"

namespace sotto::runtime {
namespace {

constexpr std::int32_t kMostDetections = 1 << 16;

struct Settings {
  std::int32_t detections, classes, per_class = 100;
  bool regular = false;
  float score_threshold, iou_threshold;
  float y_scale, x_scale, h_scale, w_scale;
  std::size_t boxes, columns, background;  // sizes of the tensors
};

struct Detection {
  float score;
  std::int32_t box, label;
  std::int32_t order;  // ties keep it
};

// Scratch of Eval, in this order.
struct Workspace {
  Box* boxes;             // n
  float* scores;          // n, of the class at hand
  std::int32_t* order;    // n
  std::int32_t* labels;   // n
  Detection* detections;  // 2 m
};

std::size_t ScratchBytes(const Settings& s) {
  return s.boxes * (sizeof(Box) + sizeof(float) + 2 * sizeof(std::int32_t)) +
         2 * static_cast<std::size_t>(s.detections) * sizeof(Detection);
}

Workspace Divide(const Settings& s, void* scratch) {
  Workspace w;
  w.boxes = static_cast<Box*>(scratch);
  w.scores = reinterpret_cast<float*>(w.boxes + s.boxes);
  w.order = reinterpret_cast<std::int32_t*>(w.scores + s.boxes);
  w.labels = w.order + s.boxes;
  w.detections = reinterpret_cast<Detection*>(w.labels + s.boxes);
  return w;
}

bool ReadSettings(const Options& options, Settings* s) {
  const FlexMap map(options.custom);
  std::int32_t classes_a_box = 0;
  map.Get("detections_per_class", &s->per_class);
  map.Get("use_regular_nms", &s->regular);
  return map.Get("max_detections", &s->detections) &&
         map.Get("max_classes_per_detection", &classes_a_box) &&
         map.Get("num_classes", &s->classes) &&
         map.Get("nms_score_threshold", &s->score_threshold) &&
         map.Get("nms_iou_threshold", &s->iou_threshold) &&
         map.Get("y_scale", &s->y_scale) && map.Get("x_scale", &s->x_scale) &&
         map.Get("h_scale", &s->h_scale) && map.Get("w_scale", &s->w_scale) &&
         s->detections > 0 && s->detections <= kMostDetections &&
         s->classes > 0 && s->per_class > 0 && classes_a_box > 0 &&
         s->iou_threshold > 0.0f && s->iou_threshold <= 1.0f &&
         s->y_scale != 0.0f && s->x_scale != 0.0f && s->h_scale != 0.0f &&
         s->w_scale != 0.0f;
}

bool IsReadable(const Tensor& t) {
  if (t.type == ElementType::kFloat32) return true;
  return (t.type == ElementType::kInt8 || t.type == ElementType::kUint8) &&
         IsQuantizedPerTensor(t);
}

float ValueAt(const Tensor& t, std::size_t i) {
  if (t.type == ElementType::kFloat32) return t.floats()[i];
  const std::int32_t stored = t.type == ElementType::kInt8
                                  ? t.as<const std::int8_t>()[i]
                                  : t.as<const std::uint8_t>()[i];
  return static_cast<float>(stored - t.quantization.zero_point) *
         t.quantization.scale[0];
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 3 || op.outputs.size() != 4 || !op.input(0) ||
      !op.input(1) || !op.input(2) ||
      std::any_of(op.outputs.begin(), op.outputs.end(),
                  [](const Tensor* t) { return t == nullptr; })) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants encodings, scores, anchors -> four outputs");
  }
  const Tensor &encodings = *op.inputs[0], &scores = *op.inputs[1];
  const Tensor& anchors = *op.inputs[2];
  auto* settings = context.AllocateState<Settings>();
  if (settings == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena too small");
  }
  *settings = {};
  settings->per_class = 100;
  if (!ReadSettings(op.options, settings)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "an option is missing or out of range");
  }
  std::int32_t classes_a_box = 0;
  FlexMap(op.options.custom).Get("max_classes_per_detection", &classes_a_box);
  if (classes_a_box != 1) {
    return context.Fail(StatusCode::kUnimplemented, "several classes a box");
  }
  if (!IsReadable(encodings) || !IsReadable(scores) || !IsReadable(anchors)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "types, or bytes without one scale");
  }
  if (encodings.shape.rank != 3 || encodings.shape[0] != 1 ||
      encodings.shape[2] < 4 || scores.shape.rank != 3 ||
      scores.shape[0] != 1 || scores.shape[1] != encodings.shape[1] ||
      anchors.shape.rank != 2 || anchors.shape[0] != encodings.shape[1] ||
      anchors.shape[1] != 4 || scores.shape[2] < settings->classes ||
      scores.shape[2] - settings->classes > 1) {
    return context.Fail(StatusCode::kInvalidArgument, "shapes");
  }
  settings->boxes = static_cast<std::size_t>(encodings.shape[1]);
  settings->columns = static_cast<std::size_t>(scores.shape[2]);
  settings->background =
      static_cast<std::size_t>(scores.shape[2] - settings->classes);
  const std::int32_t m = settings->detections;
  const Shape shapes[] = {{3, {1, m, 4}}, {2, {1, m}}, {2, {1, m}}, {1, {1}}};
  for (std::size_t i = 0; i < 4; ++i) {
    if (op.outputs[i]->type != ElementType::kFloat32) {
      return context.Fail(StatusCode::kInvalidArgument, "outputs are not f32");
    }
    op.outputs[i]->shape = shapes[i];
    op.outputs[i]->is_dynamic = false;
  }
  op.state = settings;
  context.RequestScratch(ScratchBytes(*settings));
  return StatusCode::kOk;
}

void DecodeBoxes(const Op& op, const Settings& s, Box* boxes) {
  const Tensor &encodings = *op.inputs[0], &anchors = *op.inputs[2];
  const auto columns = static_cast<std::size_t>(encodings.shape[2]);
  for (std::size_t i = 0; i < s.boxes; ++i) {
    const auto encoding = [&](std::size_t k, float scale) {
      return double{ValueAt(encodings, i * columns + k)} / double{scale};
    };
    const auto anchor = [&](std::size_t k) {
      return double{ValueAt(anchors, i * 4 + k)};
    };
    const auto y =
        static_cast<float>(encoding(0, s.y_scale) * anchor(2) + anchor(0));
    const auto x =
        static_cast<float>(encoding(1, s.x_scale) * anchor(3) + anchor(1));
    const auto h =
        static_cast<float>(0.5 * std::exp(encoding(2, s.h_scale)) * anchor(2));
    const auto w =
        static_cast<float>(0.5 * std::exp(encoding(3, s.w_scale)) * anchor(3));
    boxes[i] = {y - h, x - w, y + h, x + w};
  }
}

// Moves the places of at most `most` surviving boxes to the front of w.order.
std::size_t Suppress(const Settings& s, const Workspace& w, std::size_t most) {
  std::size_t waiting = 0;
  for (std::size_t i = 0; i < s.boxes; ++i) {
    if (w.scores[i] >= s.score_threshold) {
      w.order[waiting++] = static_cast<std::int32_t>(i);
    }
  }
  std::sort(w.order, w.order + waiting, [&w](std::int32_t a, std::int32_t b) {
    return w.scores[a] > w.scores[b] || (w.scores[a] == w.scores[b] && a < b);
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < waiting && kept < most; ++i) {
    const std::int32_t candidate = w.order[i];
    bool dropped = false;
    for (std::size_t j = 0; j < kept && !dropped; ++j) {
      dropped = IntersectionOverUnion(w.boxes[w.order[j]], w.boxes[candidate]) >
                s.iou_threshold;
    }
    if (!dropped) w.order[kept++] = candidate;
  }
  return kept;
}

std::size_t RunFast(const Op& op, const Settings& s, const Workspace& w) {
  for (std::size_t i = 0; i < s.boxes; ++i) {
    const std::size_t first = i * s.columns + s.background;
    w.labels[i] = 0;
    w.scores[i] = ValueAt(*op.inputs[1], first);
    for (std::int32_t c = 1; c < s.classes; ++c) {
      const float score =
          ValueAt(*op.inputs[1], first + static_cast<std::size_t>(c));
      if (score > w.scores[i]) {
        w.scores[i] = score;
        w.labels[i] = c;
      }
    }
  }
  const std::size_t kept =
      Suppress(s, w, static_cast<std::size_t>(s.detections));
  for (std::size_t i = 0; i < kept; ++i) {
    const std::int32_t box = w.order[i];
    w.detections[i] = {w.scores[box], box, w.labels[box], 0};
  }
  return kept;
}

std::size_t RunRegular(const Op& op, const Settings& s, const Workspace& w) {
  const auto most = static_cast<std::size_t>(s.detections);
  const auto per_class = std::min(most, static_cast<std::size_t>(s.per_class));
  std::size_t count = 0;
  for (std::int32_t c = 0; c < s.classes; ++c) {
    for (std::size_t i = 0; i < s.boxes; ++i) {
      w.scores[i] = ValueAt(*op.inputs[1], i * s.columns + s.background +
                                               static_cast<std::size_t>(c));
    }
    const std::size_t kept = Suppress(s, w, per_class);
    for (std::size_t i = 0; i < kept; ++i) {
      w.detections[count++] = {w.scores[w.order[i]], w.order[i], c, 0};
    }
    for (std::size_t i = 0; i < count; ++i) {
      w.detections[i].order = static_cast<std::int32_t>(i);
    }
    std::sort(w.detections, w.detections + count,
              [](const Detection& a, const Detection& b) {
                return a.score > b.score ||
                       (a.score == b.score && a.order < b.order);
              });
    count = std::min(count, most);
  }
  return count;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const auto& s = *static_cast<const Settings*>(op.state);
  const Workspace w = Divide(s, op.scratch);
  DecodeBoxes(op, s, w.boxes);
  const std::size_t count =
      s.regular ? RunRegular(op, s, w) : RunFast(op, s, w);
  const auto most = static_cast<std::size_t>(s.detections);
  float *boxes = op.outputs[0]->floats(), *labels = op.outputs[1]->floats();
  float* scores = op.outputs[2]->floats();
  std::fill_n(boxes, 4 * most, 0.0f);
  std::fill_n(labels, most, 0.0f);
  std::fill_n(scores, most, 0.0f);
  for (std::size_t i = 0; i < count; ++i) {
    const Detection& found = w.detections[i];
    const Box& box = w.boxes[found.box];
    const float corners[] = {box.y_min, box.x_min, box.y_max, box.x_max};
    std::copy_n(corners, 4, boxes + 4 * i);
    labels[i] = static_cast<float>(found.label);
    scores[i] = found.score;
  }
  op.outputs[3]->floats()[0] = static_cast<float>(count);
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDetectionPostProcessReference = {Prepare, Eval};

}  // namespace sotto::runtime
