#include "runtime/micro/interpreter.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "runtime/micro/step.h"

namespace sotto::runtime {
namespace {

// Instead of a place: no value yet; written during Prepare, before the plan.
constexpr std::uint16_t kNoPlace = 0xffff, kTraced = 0xfffe;
constexpr std::size_t kMaxUnits = 0xfff0;
constexpr std::size_t kUnit = MicroInterpreter::kUnit;

constexpr std::size_t RoundUp(std::size_t bytes) {
  return (bytes + kUnit - 1) / kUnit * kUnit;
}
constexpr std::uint32_t Units(std::size_t bytes) {
  return static_cast<std::uint32_t>((bytes + kUnit - 1) / kUnit);
}
bool IsAligned(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) % kUnit == 0;
}

// What an empty constant points to.
alignas(kUnit) constexpr std::uint8_t kNoElements[kUnit] = {};

void Touch(MicroLifetime& life, std::int32_t step) {
  if (life.first != MicroLifetime::kNever) {
    life.last = static_cast<std::int16_t>(step);
  }
}

void Begin(MicroLifetime& life, std::int32_t step, std::size_t bytes) {
  life.first = life.last = static_cast<std::int16_t>(step);
  life.units = Units(bytes);
}

}  // namespace

StatusCode MicroInterpreter::Prepare() {
  ready_ = false;
  failed_operator_ = -1;
  arena_used_ = tables_used_ = 0;
  StatusCode code = OpenModel();
  if (code == StatusCode::kOk) code = PlaceTables();
  if (code == StatusCode::kOk) code = PlanScratch();
  ready_ = code == StatusCode::kOk;
  if (!ready_) arena_used_ = tables_used_ = 0;
  ResetVariables();
  return code;
}

StatusCode MicroInterpreter::OpenModel() {
  if (!IsAligned(memory_.arena.data()) || !IsAligned(memory_.tables.data())) {
    return StatusCode::kInvalidArgument;
  }
  StatusCode code = model_.Open();
  for (std::uint32_t i = 0; code == StatusCode::kOk && i < model_.num_tensors();
       ++i) {
    code = model_.CheckTensor(i);
  }
  return code;
}

StatusCode MicroInterpreter::PlaceTables() {
  const bool own = !memory_.tables.empty();
  std::span<std::uint8_t>& home = own ? memory_.tables : memory_.arena;
  const std::uint32_t tensors = model_.num_tensors();
  const std::size_t count = tensors + model_.num_operators();
  const std::size_t head = RoundUp(count * sizeof(std::uint16_t));
  if (head > home.size()) return StatusCode::kResourceExhausted;
  places_ = reinterpret_cast<std::uint16_t*>(home.data());
  std::fill_n(places_, count, kNoPlace);
  const std::size_t room = (home.size() - head) / kUnit;
  std::size_t units = 0;
  for (std::uint32_t i = 0; i < tensors; ++i) {
    Tensor tensor;
    const StatusCode code = model_.ReadTensor(i, tensor);
    if (code != StatusCode::kOk) return code;
    if (!tensor.is_variable) continue;
    places_[i] = static_cast<std::uint16_t>(units);
    units += Units(tensor.bytes());
    if (units > std::min(room, kMaxUnits)) {
      return StatusCode::kResourceExhausted;
    }
  }
  variables_ = home.subspan(head, units * kUnit);
  const std::size_t used = head + units * kUnit;
  if (own) tables_used_ = used;
  arena_used_ = own ? 0 : used;
  scratch_ = memory_.arena.subspan(arena_used_);
  scratch_ = scratch_.first(scratch_.size() / kUnit * kUnit);
  return StatusCode::kOk;
}

StatusCode MicroInterpreter::PlanScratch() {
  const std::size_t count = model_.num_tensors() + model_.num_operators();
  // The plan is made at the far end.
  const std::size_t plan_bytes =
      RoundUp(count * (sizeof(MicroLifetime) + sizeof(std::uint16_t)));
  if (plan_bytes > scratch_.size()) return StatusCode::kResourceExhausted;
  const std::span<std::uint8_t> end = scratch_.last(plan_bytes);
  const std::span lives(reinterpret_cast<MicroLifetime*>(end.data()), count);
  const std::span order(reinterpret_cast<std::uint16_t*>(lives.data() + count),
                        count);
  for (std::size_t i = 0; i < count; ++i) {
    lives[i] = {.root = static_cast<std::uint16_t>(i)};
  }
  const std::size_t head = arena_used_;
  StatusCode code = Trace(lives, scratch_.first(scratch_.size() - plan_bytes));
  if (code == StatusCode::kOk) code = ShareInPlace(lives);
  if (code != StatusCode::kOk) return code;
  const std::int32_t units = PlanMicroArena(
      lives, order,
      static_cast<std::uint32_t>(std::min(scratch_.size() / kUnit, kMaxUnits)));
  if (units < 0) return StatusCode::kResourceExhausted;
  for (std::size_t i = 0; i < count; ++i) {
    if (lives[i].first != MicroLifetime::kNever) places_[i] = lives[i].place;
  }
  // Trace left there the room that it took.
  arena_used_ = std::max(arena_used_ + plan_bytes,
                         head + static_cast<std::size_t>(units) * kUnit);
  return StatusCode::kOk;
}

StatusCode MicroInterpreter::Trace(std::span<MicroLifetime> lives,
                                   std::span<std::uint8_t> room) {
  for (std::uint32_t i = 0; i < model_.inputs().count; ++i) {
    const auto index = model_.inputs().At<std::uint32_t>(i);
    Tensor tensor;
    const StatusCode code =
        ReadResult(static_cast<std::int32_t>(index), tensor);
    if (code != StatusCode::kOk) return code;
    Begin(lives[index], -1, tensor.bytes());
  }
  const std::uint32_t steps = model_.num_operators();
  for (std::uint32_t i = 0; i < steps; ++i) {
    failed_operator_ = static_cast<std::int32_t>(i);
    const StatusCode code = TraceOperator(i, lives, room);
    if (code != StatusCode::kOk) return code;
  }
  failed_operator_ = -1;
  for (std::uint32_t i = 0; i < model_.outputs().count; ++i) {
    const auto index = model_.outputs().At<std::uint32_t>(i);
    Tensor tensor;
    const StatusCode code = ReadValue(static_cast<std::int32_t>(index), tensor);
    if (code != StatusCode::kOk) return code;
    Touch(lives[index], static_cast<std::int32_t>(steps));
  }
  return StatusCode::kOk;
}

StatusCode MicroInterpreter::TraceOperator(std::uint32_t index,
                                           std::span<MicroLifetime> lives,
                                           std::span<std::uint8_t> room) {
  Step step;
  StatusCode code = ReadStep(index, room, step);
  if (code == StatusCode::kOk) code = PrepareStep(step);
  if (code != StatusCode::kOk) return code;
  const auto now = static_cast<std::int32_t>(index);
  for (std::uint32_t i = 0; i < step.view.inputs.count; ++i) {
    const auto input = step.view.inputs.At<std::int32_t>(i);
    if (input >= 0) Touch(lives[static_cast<std::size_t>(input)], now);
  }
  for (std::uint32_t i = 0; i < step.view.outputs.count; ++i) {
    Begin(lives[step.view.outputs.At<std::uint32_t>(i)], now,
          step.op.outputs[i]->bytes());
  }
  const std::size_t bytes = step.RoomBytes();
  if (step.scratch_bytes > std::size_t{1} << 30) {
    return StatusCode::kResourceExhausted;
  }
  Begin(lives[model_.num_tensors() + index], now,
        bytes + RoundUp(step.scratch_bytes));
  const auto head =
      static_cast<std::size_t>(scratch_.data() - memory_.arena.data());
  arena_used_ = std::max(arena_used_, head + bytes);
  if (step.in_place_output < 0 || step.in_place_input < 0) {
    return StatusCode::kOk;
  }
  // A wish, granted once the last uses are known.
  const auto output = static_cast<std::uint32_t>(step.in_place_output);
  const auto input = static_cast<std::uint32_t>(step.in_place_input);
  if (output < step.view.outputs.count && input < step.view.inputs.count) {
    const auto from = step.view.inputs.At<std::int32_t>(input);
    if (from >= 0) {
      lives[step.view.outputs.At<std::uint32_t>(output)].root =
          static_cast<std::uint16_t>(from);
    }
  }
  return StatusCode::kOk;
}

StatusCode MicroInterpreter::ShareInPlace(std::span<MicroLifetime> lives) {
  for (std::uint32_t step = 0; step < model_.num_operators(); ++step) {
    OperatorView view;
    const StatusCode code = model_.ReadOperator(step, view);
    if (code != StatusCode::kOk) return code;
    for (std::uint32_t i = 0; i < view.outputs.count; ++i) {
      const auto index =
          static_cast<std::uint16_t>(view.outputs.At<std::uint32_t>(i));
      MicroLifetime& output = lives[index];
      if (output.root == index) continue;
      const std::uint16_t root = lives[output.root].root;
      MicroLifetime& memory = lives[root];
      if (memory.first == MicroLifetime::kNever ||
          memory.last > static_cast<std::int32_t>(step)) {
        output.root = index;
        continue;
      }
      output.root = root;
      memory.last = std::max(memory.last, output.last);
      memory.units = std::max(memory.units, output.units);
    }
  }
  return StatusCode::kOk;
}

StatusCode MicroInterpreter::Invoke() {
  if (!ready_) return StatusCode::kFailedPrecondition;
  for (std::uint32_t i = 0; i < model_.num_operators(); ++i) {
    failed_operator_ = static_cast<std::int32_t>(i);
    Step step;
    StatusCode code =
        ReadStep(i, scratch_.subspan(PlaceOfStep(i) * kUnit), step);
    if (code == StatusCode::kOk) code = PrepareStep(step);
    if (code == StatusCode::kOk) code = step.Run();
    if (code != StatusCode::kOk) return code;
  }
  failed_operator_ = -1;
  return StatusCode::kOk;
}

StatusCode MicroInterpreter::ReadStep(std::uint32_t index,
                                      std::span<std::uint8_t> room,
                                      Step& step) {
  StatusCode code = model_.ReadOperator(index, step.view);
  if (code != StatusCode::kOk) return code;
  if (!step.Place(room)) return StatusCode::kResourceExhausted;
  const OperatorView& view = step.view;
  for (std::uint32_t i = 0; i < view.inputs.count; ++i) {
    const auto number = view.inputs.At<std::int32_t>(i);
    if (number < 0) continue;
    code = ReadValue(number, step.Input(i));
    if (code != StatusCode::kOk) return code;
  }
  for (std::uint32_t i = 0; i < view.outputs.count; ++i) {
    code = ReadResult(view.outputs.At<std::int32_t>(i), step.Output(i));
    if (code != StatusCode::kOk) return code;
  }
  for (std::uint32_t i = 0; i < view.intermediates.count; ++i) {
    const auto number = view.intermediates.At<std::int32_t>(i);
    if (number < 0) continue;
    code = model_.ReadTensor(static_cast<std::uint32_t>(number),
                             step.Intermediate(i));
    if (code != StatusCode::kOk) return code;
  }
  code = ReadMicroOptions(
      view, view.outputs.count == 0 ? ElementType::kInt32 : step.Output(0).type,
      step.op.options);
  return code == StatusCode::kOk && model_.bad() ? StatusCode::kInvalidArgument
                                                 : code;
}

StatusCode MicroInterpreter::PrepareStep(Step& step) const {
  StatusCode code = StatusCode::kUnimplemented;
  for (const MicroKernel& row : registry_) {
    if (row.code != step.view.code) continue;
    const StatusCode tried = step.Try(*row.kernel);
    // A larger room must not lead to another kernel.
    if (step.starved) return StatusCode::kResourceExhausted;
    // What is wrong says more than what a further kernel does not take.
    if (tried != StatusCode::kUnimplemented) code = tried;
    if (tried == StatusCode::kOk) break;
  }
  if (code != StatusCode::kOk) return code;
  // What follows was decoded with the file's shapes.
  for (std::uint32_t i = 0; i < step.view.outputs.count; ++i) {
    Tensor stored;
    code = model_.ReadTensor(step.view.outputs.At<std::uint32_t>(i), stored);
    if (code != StatusCode::kOk) return code;
    const Tensor& inferred = step.Output(i);
    if (inferred.is_dynamic) return StatusCode::kUnimplemented;
    if (!(inferred.shape == stored.shape) || inferred.type != stored.type) {
      return StatusCode::kInvalidArgument;
    }
  }
  return StatusCode::kOk;
}

StatusCode MicroInterpreter::ReadValue(std::int32_t index,
                                       Tensor& tensor) const {
  const auto number = static_cast<std::uint32_t>(index);
  const StatusCode code = model_.ReadTensor(number, tensor);
  if (code != StatusCode::kOk || tensor.is_constant) return code;
  const std::uint16_t place = places_[number];
  if (tensor.is_variable) {
    tensor.data = variables_.data() + place * kUnit;
  } else if (place == kNoPlace) {
    if (tensor.shape.Elements() != 0) return StatusCode::kInvalidArgument;
    tensor.is_constant = true;
    tensor.data = const_cast<std::uint8_t*>(kNoElements);
  } else if (place != kTraced) {
    tensor.data = scratch_.data() + place * kUnit;
  }
  return StatusCode::kOk;
}

StatusCode MicroInterpreter::ReadResult(std::int32_t index, Tensor& tensor) {
  const auto number = static_cast<std::uint32_t>(index);
  if (ready_) return ReadValue(index, tensor);
  const StatusCode code = model_.ReadTensor(number, tensor);
  if (code != StatusCode::kOk) return code;
  // A value already.
  if (tensor.is_constant || places_[number] != kNoPlace) {
    return StatusCode::kInvalidArgument;
  }
  places_[number] = kTraced;
  return StatusCode::kOk;
}

void MicroInterpreter::ResetVariables() {
  if (ready_ && !variables_.empty()) {
    std::memset(variables_.data(), 0, variables_.size());
  }
}

Tensor MicroInterpreter::Bound(const FlatVector& list,
                               std::size_t index) const {
  Tensor tensor;
  if (!ready_ || index >= list.count ||
      ReadValue(list.At<std::int32_t>(static_cast<std::uint32_t>(index)),
                tensor) != StatusCode::kOk) {
    return Tensor();
  }
  return tensor;
}

Tensor MicroInterpreter::input(std::size_t index) const {
  return Bound(model_.inputs(), index);
}

Tensor MicroInterpreter::output(std::size_t index) const {
  return Bound(model_.outputs(), index);
}

}  // namespace sotto::runtime
