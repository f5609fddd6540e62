#include "runtime/micro/step.h"

#include <algorithm>
#include <new>

namespace sotto::runtime {
namespace {

constexpr std::size_t kUnit = MicroInterpreter::kUnit;

constexpr std::size_t RoundUp(std::size_t bytes) {
  return (bytes + kUnit - 1) / kUnit * kUnit;
}

// Hands out the room after the tensors.
class StepPreparation final : public PrepareContext {
 public:
  explicit StepPreparation(std::span<std::uint8_t> room) : room_(room) {}
  void* AllocateState(std::size_t bytes) override {
    starved_ = bytes > kMaxStateBytes || RoundUp(bytes) > room_.size();
    if (starved_) return nullptr;
    state_bytes_ = RoundUp(bytes);
    return room_.data();
  }
  std::size_t state_bytes() const { return state_bytes_; }
  bool starved() const { return starved_; }

 private:
  // So that rounding up cannot wrap.
  static constexpr std::size_t kMaxStateBytes = std::size_t{1} << 30;

  std::span<std::uint8_t> room_;
  std::size_t state_bytes_ = 0;
  bool starved_ = false;
};

// No threads, no dynamic memory, no subgraphs.
class StepEvaluation final : public EvalContext {};

// Fills `list` with the tensors that `indices` names, from `next` on.
Tensor* Point(const FlatVector& indices, Tensor** list, Tensor* next) {
  for (std::uint32_t i = 0; i < indices.count; ++i) {
    const bool absent = indices.At<std::int32_t>(i) < 0;
    list[i] = absent ? nullptr : new (next++) Tensor;
  }
  return next;
}

}  // namespace

bool MicroInterpreter::Step::Place(std::span<std::uint8_t> room) {
  const std::uint64_t count = std::uint64_t{view.inputs.count} +
                              view.outputs.count + view.intermediates.count;
  const std::uint64_t bytes = count * (sizeof(Tensor) + sizeof(Tensor*));
  if (bytes > room.size()) return false;
  head_bytes_ = RoundUp(static_cast<std::size_t>(bytes));
  if (head_bytes_ > room.size()) return false;
  auto* tensor = reinterpret_cast<Tensor*>(room.data());
  auto** list = reinterpret_cast<Tensor**>(tensor + count);
  tensor = Point(view.inputs, list, tensor);
  op.inputs = {list, view.inputs.count};
  list += view.inputs.count;
  tensor = Point(view.outputs, list, tensor);
  op.outputs = {list, view.outputs.count};
  list += view.outputs.count;
  Point(view.intermediates, list, tensor);
  op.intermediates = {list, view.intermediates.count};
  rest_ = room.subspan(head_bytes_);
  return true;
}

StatusCode MicroInterpreter::Step::Try(const Kernel& candidate) {
  if (candidate.Pack != nullptr) return StatusCode::kUnimplemented;
  StepPreparation context(rest_);
  op.state = nullptr;
  const StatusCode code = candidate.Prepare(context, op);
  state_bytes_ = std::max(state_bytes_, context.state_bytes());
  starved = context.starved();
  kernel = &candidate;
  scratch_bytes = context.scratch_bytes();
  in_place_output = context.in_place_output();
  in_place_input = context.in_place_input();
  return code;
}

std::size_t MicroInterpreter::Step::RoomBytes() const {
  return head_bytes_ + state_bytes_;
}

StatusCode MicroInterpreter::Step::Run() {
  op.scratch = rest_.data() + state_bytes_;
  StepEvaluation context;
  return kernel->Eval(context, op);
}

}  // namespace sotto::runtime
