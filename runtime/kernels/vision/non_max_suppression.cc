// NON_MAX_SUPPRESSION_V4 and V5: the best boxes, none of which overlaps a
// better one too much.
//
//   in 0   boxes            f32 [n, 4]: two opposite corners y, x, y, x
//   in 1   scores           f32 [n]
//   in 2   max              int32, one element, >= 0; a constant, or known
//                           when the op runs
//   in 3   iou_threshold    f32, one element
//   in 4   score_threshold  f32, one element
//   in 5   sigma            V5 only: f32, one element, >= 0
//   out    V4: indices int32 [max], count int32 []
//          V5: indices, scores f32 [max], count. Unused places are 0.
//
// Candidates score above score_threshold and come in falling order of their
// scores, of equal ones the first first. One whose intersection over union with
// a selected box reaches iou_threshold is dropped. sigma > 0 (soft): every
// selected box multiplies a candidate's score by exp(-iou^2 / (2 sigma)) once,
// and the candidate waits for its new turn. NaN scores are no candidates.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/vision/box.h"

namespace sotto::runtime {
namespace {

struct Candidate {
  float score;
  std::int32_t index;
  std::int32_t compared;  // selected boxes that already had their effect
};

bool IsScalar(const Tensor* t, ElementType type) {
  return t != nullptr && t->type == type && t->shape.Elements() == 1;
}

StatusCode Prepare(PrepareContext& context, Op& op, bool soft) {
  const std::size_t outputs = soft ? 3 : 2;
  if (op.inputs.size() != (soft ? 6u : 5u) || op.outputs.size() != outputs ||
      !op.input(0) || !op.input(1) || op.outputs[0] == nullptr ||
      op.outputs[1] == nullptr || op.outputs[outputs - 1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants boxes, scores, max, thresholds -> indices");
  }
  const Tensor &boxes = *op.inputs[0], &scores = *op.inputs[1];
  if (boxes.type != ElementType::kFloat32 ||
      scores.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "types");
  }
  if (boxes.shape.rank != 2 || boxes.shape[1] != 4 || scores.shape.rank != 1 ||
      scores.shape[0] != boxes.shape[0] ||
      !IsScalar(op.inputs[2], ElementType::kInt32) ||
      !IsScalar(op.inputs[3], ElementType::kFloat32) ||
      !IsScalar(op.inputs[4], ElementType::kFloat32) ||
      (soft && !IsScalar(op.inputs[5], ElementType::kFloat32))) {
    return context.Fail(StatusCode::kInvalidArgument, "types or shapes");
  }
  Tensor& count = *op.outputs[outputs - 1];
  if (op.outputs[0]->type != ElementType::kInt32 ||
      count.type != ElementType::kInt32 ||
      (soft && op.outputs[1]->type != ElementType::kFloat32)) {
    return context.Fail(StatusCode::kInvalidArgument, "types of the outputs");
  }
  count.shape = {};
  count.is_dynamic = false;
  const Tensor& max = *op.inputs[2];
  for (std::size_t i = 0; i + 1 < outputs; ++i) {
    op.outputs[i]->is_dynamic = !max.is_constant;
    if (!max.is_constant) continue;
    if (*max.int32s() < 0) {
      return context.Fail(StatusCode::kInvalidArgument, "max is negative");
    }
    op.outputs[i]->shape = {1, {*max.int32s()}};
  }
  context.RequestScratch(static_cast<std::size_t>(boxes.shape[0]) *
                         sizeof(Candidate));
  return StatusCode::kOk;
}

Box BoxAt(const float* corners, std::int32_t i) {
  const float* at = corners + 4 * static_cast<std::size_t>(i);
  return {std::min(at[0], at[2]), std::min(at[1], at[3]),
          std::max(at[0], at[2]), std::max(at[1], at[3])};
}

StatusCode Eval(EvalContext& context, const Op& op, bool soft) {
  const std::int32_t max = *op.inputs[2]->int32s();
  if (max < 0) {
    return context.Fail(StatusCode::kInvalidArgument, "max is negative");
  }
  const std::size_t last = op.outputs.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    if (!op.outputs[i]->is_dynamic) continue;
    const StatusCode code = context.Resize(*op.outputs[i], {1, {max}});
    if (code != StatusCode::kOk) return code;
  }
  const float* boxes = op.inputs[0]->floats();
  const float iou_threshold = *op.inputs[3]->floats();
  const float score_threshold = *op.inputs[4]->floats();
  const float sigma = soft ? *op.inputs[5]->floats() : 0.0f;
  if (soft && !(sigma >= 0.0f)) {
    return context.Fail(StatusCode::kInvalidArgument, "sigma is negative");
  }
  const float falloff = sigma > 0.0f ? -0.5f / sigma : 0.0f;
  auto* selected = op.outputs[0]->as<std::int32_t>();
  float* kept = soft ? op.outputs[1]->floats() : nullptr;

  auto* queue = static_cast<Candidate*>(op.scratch);
  std::size_t waiting = 0;
  for (std::int32_t i = 0; i < op.inputs[0]->shape[0]; ++i) {
    const float score = op.inputs[1]->floats()[i];
    if (score > score_threshold) queue[waiting++] = {score, i, 0};
  }
  const auto later = [](const Candidate& a, const Candidate& b) {
    return a.score < b.score || (a.score == b.score && a.index > b.index);
  };
  std::make_heap(queue, queue + waiting, later);
  std::int32_t count = 0;
  while (count < max && waiting > 0) {
    std::pop_heap(queue, queue + waiting, later);
    Candidate next = queue[--waiting];
    const float score = next.score;
    const Box box = BoxAt(boxes, next.index);
    bool dropped = false;
    for (std::int32_t j = count - 1; j >= next.compared && !dropped; --j) {
      const float iou = IntersectionOverUnion(box, BoxAt(boxes, selected[j]));
      dropped = iou >= iou_threshold;
      if (dropped || sigma == 0.0f) continue;
      next.score *= std::exp(falloff * iou * iou);
      dropped = !(next.score > score_threshold);
    }
    next.compared = count;
    if (dropped) continue;
    if (next.score == score) {
      selected[count] = next.index;
      if (soft) kept[count] = score;
      ++count;
    } else {
      queue[waiting++] = next;
      std::push_heap(queue, queue + waiting, later);
    }
  }
  for (std::int32_t i = count; i < max; ++i) {
    selected[i] = 0;
    if (soft) kept[i] = 0.0f;
  }
  *op.outputs[last]->as<std::int32_t>() = count;
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kNonMaxSuppressionV4Reference = {
    [](PrepareContext& context, Op& op) { return Prepare(context, op, false); },
    [](EvalContext& context, const Op& op) {
      return Eval(context, op, false);
    }};
extern const Kernel kNonMaxSuppressionV5Reference = {
    [](PrepareContext& context, Op& op) { return Prepare(context, op, true); },
    [](EvalContext& context, const Op& op) { return Eval(context, op, true); }};

}  // namespace sotto::runtime
