// Runs a model on the CPU.
//
//   Interpreter::Create(model, {.batch = n}) → input(i) ← data → Invoke() →
//   output(i)
//
// Everything is checked and all memory taken in Create; Invoke does not
// allocate. The model is borrowed: its constants are used in place
// and must outlive the interpreter.
//
// Not thread-safe; interpreters of one model may run side by side.

#ifndef SOTTO_RUNTIME_HOST_INTERPRETER_H_
#define SOTTO_RUNTIME_HOST_INTERPRETER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/core/kernel.h"
#include "runtime/loader/model.h"

namespace sotto::runtime {

struct InterpreterOptions {
  // Replaces the first dimension of every graph input; 0 keeps the file's.
  std::int32_t batch = 0;
  // Keeps every intermediate tensor until the next Invoke, for training.
  bool keep_activations = false;
  // Refuses a plan that needs more.
  std::size_t max_arena_bytes = std::size_t{4} << 30;
};

class Interpreter {
 public:
  // INVALID_ARGUMENT or UNIMPLEMENTED: an operator refuses its tensors; the
  // message names it. RESOURCE_EXHAUSTED: the plan exceeds max_arena_bytes.
  static absl::StatusOr<Interpreter> Create(const Model& model,
                                            const InterpreterOptions& options);

  // Bytes of the arena that Create would take, without taking them. The same
  // errors.
  static absl::StatusOr<std::size_t> MemoryEstimate(
      const Model& model, const InterpreterOptions& options);

  // Valid as long as the interpreter; in the graph's order.
  std::span<float> input(std::size_t index = 0);
  std::span<const float> output(std::size_t index = 0) const;
  const Tensor& tensor(std::int32_t index) const {
    return tensors_[static_cast<std::size_t>(index)];
  }
  const Model& model() const { return *model_; }
  const Op& op(std::size_t index) const { return ops_[index]; }
  std::size_t num_ops() const { return ops_.size(); }

  // Makes the constant f32 tensor read `values` instead of the file's; borrowed
  // until the next call for the same tensor. Same count, asserted.
  void UseWeights(std::int32_t tensor, std::span<const float> values);

  // What an operator refuses at run time (an index out of range, ...), with its
  // name; the outputs are then unspecified.
  absl::Status Invoke();

  std::size_t arena_bytes() const { return arena_bytes_; }

 private:
  Interpreter() = default;

  struct Layout;

  absl::Status Prepare(const InterpreterOptions& options);
  absl::StatusOr<Layout> Plan(const InterpreterOptions& options) const;
  void Allocate(const Layout& layout);

  const Model* model_ = nullptr;
  std::vector<Tensor> tensors_;
  std::vector<std::vector<Tensor*>> inputs_, outputs_;  // per op
  std::vector<Op> ops_;
  std::vector<const Kernel*> kernels_;
  std::vector<std::size_t> scratch_bytes_;
  std::vector<std::unique_ptr<std::uint8_t[]>> states_;
  std::size_t arena_bytes_ = 0;
  std::unique_ptr<std::uint8_t[]> arena_;
};

// Multiply-accumulates of one Invoke, by the usual count for convolutions and
// fully connected layers.
std::uint64_t CountMacs(const Interpreter& interpreter);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_INTERPRETER_H_
