// Runs a .tflite model in a static arena: no heap, no exceptions, no RTTI, no
// threads; errors are one byte. The kernels are the host's reference kernels,
// so the outputs are the same bits.
//
//   alignas(16) static std::uint8_t arena[kArenaBytes];
//   MicroInterpreter net(model, kernels, {.arena = arena});
//   if (net.Prepare() != StatusCode::kOk) ...
//   copy into net.input(0).data → net.Invoke() → read net.output(0).data
//
//   Prepare → (write every input → Invoke → read outputs)*
//
// The file is read in place, from flash: constants, scales and option tables
// stay there, and operators are decoded and prepared anew each time that they
// run. RAM holds, all of it in the arena:
//
//   tables     2 bytes a tensor and 2 an operator: where each lies
//   variables  state that lasts from one Invoke to the next
//   scratch    activations, planned by lifetime; for each operator while it
//              runs, its tensors, its kernel's state (fixed-point factors) and
//              scratch; during Prepare, the plan
//
// Inputs share the arena's memory with activations: write them before every
// Invoke. Outputs are valid until the next Invoke or Prepare. With
// `Memory::tables` several interpreters that run one after the other share one
// scratch arena (examples/cascade); then an output is valid until another
// prepares or invokes.
//
// Besides the arena an interpreter is sizeof(MicroInterpreter) bytes and takes
// about a kilobyte of stack.
//
// What it has not: operators without a row in the registry, custom operators,
// shapes that depend on data, subgraphs, sparse and 4-bit constants, strings,
// tensors of rank above 6. Such files get UNIMPLEMENTED.
//
// Files need not be trusted: Prepare checks every offset, shape and index, and
// kernels check their own operators.

#ifndef SOTTO_RUNTIME_MICRO_INTERPRETER_H_
#define SOTTO_RUNTIME_MICRO_INTERPRETER_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status_code.h"
#include "runtime/core/tensor.h"
#include "runtime/micro/model_view.h"
#include "runtime/micro/plan.h"
#include "runtime/micro/registry.h"

namespace sotto::runtime {

class MicroInterpreter {
 public:
  // Both begin at multiples of 16 bytes.
  struct Memory {
    std::span<std::uint8_t> arena = {};
    // Where tables and variables go; empty: to the start of the arena.
    std::span<std::uint8_t> tables = {};
  };
  static constexpr std::size_t kUnit = 16;  // of addresses and sizes

  // All is borrowed for the life of the interpreter; `model` begins at a
  // multiple of 16 bytes and does not change. Nothing is read before Prepare.
  MicroInterpreter(std::span<const std::uint8_t> model, MicroRegistry registry,
                   Memory memory)
      : model_(model), registry_(registry), memory_(memory) {}
  MicroInterpreter(const MicroInterpreter&) = delete;
  MicroInterpreter& operator=(const MicroInterpreter&) = delete;

  // Checks the model and plans its memory; variables become zero. Again at any
  // time, with the same result.
  // INVALID_ARGUMENT: not a .tflite file, inconsistent, or memory or model not
  // aligned. UNIMPLEMENTED: see above. RESOURCE_EXHAUSTED: the memory is too
  // small; activations are limited to 1 MiB.
  StatusCode Prepare();

  // FAILED_PRECONDITION: Prepare has not succeeded. INVALID_ARGUMENT: a value
  // in the data (an index) is out of range; the outputs are then unspecified.
  StatusCode Invoke();

  // Variables to zero; nothing before Prepare.
  void ResetVariables();

  std::size_t num_inputs() const { return model_.inputs().count; }
  std::size_t num_outputs() const { return model_.outputs().count; }
  // Type, shape, quantisation and memory; data is null before Prepare and for
  // an index that does not exist.
  Tensor input(std::size_t index) const;
  Tensor output(std::size_t index) const;

  // The bytes of the arena, and of `tables`, with which Prepare succeeds, and
  // no fewer; 0 before.
  std::size_t arena_used() const { return arena_used_; }
  std::size_t tables_used() const { return tables_used_; }

  // After an error: the operator it is about, or -1.
  std::int32_t failed_operator() const { return failed_operator_; }

 private:
  struct Step;  // one operator, decoded

  StatusCode OpenModel();
  StatusCode PlaceTables();
  StatusCode PlanScratch();
  StatusCode Trace(std::span<MicroLifetime> lives,
                   std::span<std::uint8_t> room);
  StatusCode TraceOperator(std::uint32_t index, std::span<MicroLifetime> lives,
                           std::span<std::uint8_t> room);
  StatusCode ShareInPlace(std::span<MicroLifetime> lives);
  StatusCode ReadStep(std::uint32_t index, std::span<std::uint8_t> room,
                      Step& step);
  StatusCode PrepareStep(Step& step) const;
  StatusCode ReadValue(std::int32_t index, Tensor& tensor) const;
  StatusCode ReadResult(std::int32_t index, Tensor& tensor);
  Tensor Bound(const FlatVector& list, std::size_t index) const;
  std::uint16_t& PlaceOfStep(std::uint32_t index) const {
    return places_[model_.num_tensors() + index];
  }

  ModelView model_;
  MicroRegistry registry_;
  Memory memory_;
  std::uint16_t* places_ = nullptr;  // in units; of tensors, then operators
  std::span<std::uint8_t> variables_ = {}, scratch_ = {};
  std::size_t arena_used_ = 0, tables_used_ = 0;
  std::int32_t failed_operator_ = -1;
  bool ready_ = false;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_MICRO_INTERPRETER_H_
