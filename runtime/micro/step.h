// One operator on its way through a MicroInterpreter: decoded into memory of
// the arena, prepared, run, forgotten. Internal.
//
//   room   Tensor[n]  Tensor*[n]  |  kernel's state  |  kernel's scratch
//
// Each part begins at a multiple of 16 bytes. Every kernel that is tried gets
// its state at the same place; scratch begins after the largest.

#ifndef SOTTO_RUNTIME_MICRO_STEP_H_
#define SOTTO_RUNTIME_MICRO_STEP_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/core/kernel.h"
#include "runtime/micro/interpreter.h"

namespace sotto::runtime {

struct MicroInterpreter::Step {
  OperatorView view;
  Op op;
  const Kernel* kernel = nullptr;
  std::size_t scratch_bytes = 0;
  bool starved = false;  // a kernel was refused its state
  std::int32_t in_place_output = -1, in_place_input = -1;

  // Lays out the tensors of `view`; false: the room is too small. Absent inputs
  // and intermediates become null.
  bool Place(std::span<std::uint8_t> room);
  Tensor& Input(std::uint32_t i) const { return *op.inputs[i]; }
  Tensor& Output(std::uint32_t i) const { return *op.outputs[i]; }
  Tensor& Intermediate(std::uint32_t i) const { return *op.intermediates[i]; }

  // Prepares the operator for `kernel` and keeps what it asks for.
  StatusCode Try(const Kernel& candidate);
  // Bytes of the room before the scratch.
  std::size_t RoomBytes() const;
  StatusCode Run();

 private:
  std::span<std::uint8_t> rest_;  // the room after the tensors
  std::size_t head_bytes_ = 0, state_bytes_ = 0;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_MICRO_STEP_H_
