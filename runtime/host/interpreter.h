// Runs a model.
//
//   Interpreter::Create(model, options) → input(i) ← data → Invoke() →
//   output(i) (ResizeInputs at any time; then the spans are new ones)
//
// Everything static is checked and all memory taken in Create; Invoke allocates
// only where shapes depend on data, and then only until they stop growing. The
// model is borrowed: its constants are used in place and must outlive the
// interpreter.
//
// Not thread-safe; interpreters of one model may run side by side.

#ifndef SOTTO_RUNTIME_HOST_INTERPRETER_H_
#define SOTTO_RUNTIME_HOST_INTERPRETER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/core/kernel.h"
#include "runtime/host/graph_runner.h"
#include "runtime/host/macs.h"
#include "runtime/host/options.h"
#include "runtime/loader/model.h"

namespace sotto::runtime {

class Interpreter {
 public:
  // INVALID_ARGUMENT or UNIMPLEMENTED: an operator refuses its tensors; the
  // message names it. RESOURCE_EXHAUSTED: the plan exceeds max_arena_bytes.
  // NOT_FOUND: the file has no such signature. INVALID_ARGUMENT too: options
  // that exclude each other or are out of range.
  static absl::StatusOr<Interpreter> Create(const Model& model,
                                            const InterpreterOptions& options);

  // Bytes that Create would take, without taking them: the arena, and, where
  // weights are packed or folded, those too. The same errors.
  static absl::StatusOr<MemoryUse> MemoryEstimate(
      const Model& model, const InterpreterOptions& options);

  // New shapes for all inputs, in order, and memory for them; what was written
  // to inputs is lost. Errors of Create; then the interpreter is of no use
  // until a call succeeds.
  absl::Status ResizeInputs(std::span<const Shape> shapes);

  std::size_t num_inputs() const { return graph().inputs.size(); }
  std::size_t num_outputs() const { return graph().outputs.size(); }
  // In the graph's order. Shape and data of a dynamic output are those of the
  // last Invoke.
  const Tensor& input_tensor(std::size_t index) const {
    return tensor(graph().inputs[index]);
  }
  const Tensor& output_tensor(std::size_t index) const {
    return tensor(graph().outputs[index]);
  }
  // Valid until ResizeInputs.
  std::span<std::uint8_t> input_bytes(std::size_t index);
  std::span<const std::uint8_t> output_bytes(std::size_t index) const;
  // The same of f32 tensors, which is asserted.
  std::span<float> input(std::size_t index = 0);
  std::span<const float> output(std::size_t index = 0) const;

  // What an operator refuses at run time (an index out of range, ...), with its
  // name; the outputs are then unspecified.
  absl::Status Invoke();
  // Variable tensors to zero, resource variables to "never assigned".
  void ResetVariables();

  const Tensor& tensor(std::int32_t index) const {
    return runner_->tensors()[static_cast<std::size_t>(index)];
  }
  const Model& model() const { return *shared_->model; }
  const Graph& graph() const { return runner_->graph(); }
  // Steps in order; without keep_activations fewer than the graph has
  // operators, where some were fused or folded.
  const std::vector<Node>& nodes() const { return runner_->nodes(); }
  // With keep_activations: that of graph().ops[index].
  const Op& op(std::size_t index) const { return nodes()[index].op; }
  std::size_t num_ops() const { return nodes().size(); }
  int threads() const { return shared_->pool->threads(); }

  // Makes the constant f32 tensor read `values` instead of the file's; borrowed
  // until the next call for the same tensor. Same count, asserted; only with
  // keep_activations.
  void UseWeights(std::int32_t tensor, std::span<const float> values);

  // Who runs each operator of the file; empty without delegates.
  const std::vector<DelegateDecision>& decisions() const {
    return runner_->decisions();
  }
  const MemoryUse& memory() const { return runner_->memory(); }
  std::size_t arena_bytes() const { return memory().arena; }

 private:
  Interpreter() = default;
  static absl::StatusOr<Interpreter> Prepare(const Model& model,
                                             const InterpreterOptions& options);

  std::unique_ptr<RunnerShared> shared_;
  GraphRunner* runner_ = nullptr;  // of the chosen graph, in shared_
};

// Multiply-accumulates (runtime/host/macs.h) of one Invoke, without called
// subgraphs and without what a delegate runs.
std::uint64_t CountMacs(const Interpreter& interpreter);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_INTERPRETER_H_
