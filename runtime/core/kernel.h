// A kernel: Prepare checks everything that Eval relies on, infers the output
// shapes and asks for memory; Pack brings constant weights into the kernel's
// own layout, once; Eval computes. No heap, no exceptions, no RTTI.
//
//   Prepare → (Pack) → Eval*          again from Prepare when a shape changes

#ifndef SOTTO_RUNTIME_CORE_KERNEL_H_
#define SOTTO_RUNTIME_CORE_KERNEL_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status_code.h"
#include "runtime/core/options.h"
#include "runtime/core/tensor.h"

namespace sotto::runtime {

struct Op {
  std::span<Tensor* const> inputs;  // null where an optional one is absent
  std::span<Tensor* const> outputs;
  Options options = {};
  void* scratch = nullptr;  // of the size that Prepare asked for, 64-aligned
  void* packed = nullptr;   // the same; holds what Pack wrote
  void* state = nullptr;    // set by Prepare, from AllocateState
  // Tensors without memory that lend their type, shape and quantisation:
  // integer LSTM; the first result inside a fused op.
  std::span<Tensor* const> intermediates = {};

  // Null where the input is absent or the list is shorter.
  const Tensor* input(std::size_t i) const {
    return i < inputs.size() ? inputs[i] : nullptr;
  }
};

// What Prepare may ask for. One context serves one Prepare.
class PrepareContext {
 public:
  // Returns `code`; `reason` must be a literal.
  StatusCode Fail(StatusCode code, const char* reason) {
    reason_ = reason;
    return code;
  }
  // Memory that Eval may use and that other ops use before and after.
  void RequestScratch(std::size_t bytes) { scratch_bytes_ = bytes; }
  // Memory for Pack. `layout` names what Pack writes, so that a cache of packed
  // weights can tell layouts apart: equal constant inputs, options and layout
  // must give equal bytes. 0: not to be cached.
  void RequestPacked(std::size_t bytes, std::uint32_t layout) {
    packed_bytes_ = bytes;
    packed_layout_ = layout;
  }
  // Output `output` may share its memory with input `input` when nobody else
  // needs that input afterwards. Eval must be right either way, and either way
  // the two start at the same address or do not overlap.
  void AllowInPlace(std::size_t output, std::size_t input) {
    in_place_output_ = static_cast<std::int32_t>(output);
    in_place_input_ = static_cast<std::int32_t>(input);
  }
  // Uninitialised memory that lives as long as the op, 16-aligned; null when
  // the arena is full (return kResourceExhausted). At most once a Prepare.
  virtual void* AllocateState(std::size_t bytes) = 0;
  template <typename T>
  T* AllocateState(std::size_t count = 1) {
    return static_cast<T*>(AllocateState(count * sizeof(T)));
  }
  // Threads that Eval's ParallelFor may use; at least 1. Scratch per worker is
  // this many times as much.
  virtual int threads() const { return 1; }

  const char* reason() const { return reason_; }
  std::size_t scratch_bytes() const { return scratch_bytes_; }
  std::size_t packed_bytes() const { return packed_bytes_; }
  std::uint32_t packed_layout() const { return packed_layout_; }
  std::int32_t in_place_output() const { return in_place_output_; }
  std::int32_t in_place_input() const { return in_place_input_; }

 protected:
  ~PrepareContext() = default;

 private:
  const char* reason_ = "";
  std::size_t scratch_bytes_ = 0, packed_bytes_ = 0;
  std::uint32_t packed_layout_ = 0;
  std::int32_t in_place_output_ = -1, in_place_input_ = -1;
};

// What Eval may call.
class EvalContext {
 public:
  StatusCode Fail(StatusCode code, const char* reason) {
    reason_ = reason;
    return code;
  }
  const char* reason() const { return reason_; }

  // Gives a dynamic output its shape and memory. RESOURCE_EXHAUSTED: too large;
  // UNIMPLEMENTED: this interpreter has no dynamic memory.
  virtual StatusCode Resize(Tensor& output, const Shape& shape) {
    (void)output;
    (void)shape;
    return Fail(StatusCode::kUnimplemented, "dynamic shapes");
  }
  // Runs a subgraph: inputs are copied in, outputs (all dynamic) resized and
  // copied out. An input may also be an output. Errors of its operators;
  // RESOURCE_EXHAUSTED: more calls in this Invoke than the interpreter allows.
  virtual StatusCode Call(std::int32_t subgraph,
                          std::span<Tensor* const> inputs,
                          std::span<Tensor* const> outputs) {
    (void)subgraph;
    (void)inputs;
    (void)outputs;
    return Fail(StatusCode::kUnimplemented, "subgraphs");
  }
  // Runs a subgraph whose one output is a bool of one element.
  virtual StatusCode CallCondition(std::int32_t subgraph,
                                   std::span<Tensor* const> inputs,
                                   bool* result) {
    (void)subgraph;
    (void)inputs;
    (void)result;
    return Fail(StatusCode::kUnimplemented, "subgraphs");
  }
  // Runs a subgraph without inputs and outputs, at the first call of it in the
  // life of the interpreter only.
  virtual StatusCode CallOnce(std::int32_t subgraph) {
    (void)subgraph;
    return Fail(StatusCode::kUnimplemented, "subgraphs");
  }
  // Resource variable `number`: data is null until it is assigned; Resize
  // takes it too. Null: there is none of this number.
  virtual Tensor* Variable(std::int32_t number) {
    (void)number;
    return nullptr;
  }

  // task(begin, end, worker) over disjoint ranges that cover [0, count), each
  // but the last a multiple of `grain` long, worker in [0, threads). Results
  // must not depend on how the range is cut. `cost_ns` estimates the whole loop
  // on one thread: short loops are not fanned out.
  template <typename Task>
  void ParallelFor(std::size_t count, std::size_t grain, std::size_t cost_ns,
                   const Task& task) {
    RunRanges(
        count, grain, cost_ns,
        [](const void* closure, std::size_t begin, std::size_t end,
           int worker) {
          (*static_cast<const Task*>(closure))(begin, end, worker);
        },
        &task);
  }

 protected:
  using RangeTask = void (*)(const void* closure, std::size_t begin,
                             std::size_t end, int worker);
  virtual void RunRanges(std::size_t count, std::size_t grain,
                         std::size_t cost_ns, RangeTask task,
                         const void* closure) {
    (void)grain;
    (void)cost_ns;
    if (count > 0) task(closure, 0, count, 0);
  }
  ~EvalContext() = default;

 private:
  const char* reason_ = "";
};

struct Kernel {
  // Fills in the outputs' types and shapes. INVALID_ARGUMENT: shapes or arity
  // are wrong. UNIMPLEMENTED: a type or option that the format has and this
  // kernel does not; the interpreter then tries the next kernel of the
  // operator.
  StatusCode (*Prepare)(PrepareContext& context, Op& op);
  // INVALID_ARGUMENT: a value (an index, a shape) is out of range. Kernels
  // whose Prepare checked everything return kOk.
  StatusCode (*Eval)(EvalContext& context, const Op& op);
  // Null: nothing to pack. Reads constant inputs and options, writes op.packed.
  void (*Pack)(const Op& op) = nullptr;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_CORE_KERNEL_H_
