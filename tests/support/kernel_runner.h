// Runs one kernel on tensors that a test made: memory, contexts and all.
//
//   KernelRunner run(kAddF32);
//   TestTensor x = TestTensor::Floats({1, 4}, {...});
//   TestTensor y;
//   ASSERT_EQ(run({&x, &b}, {&y}, options), StatusCode::kOk) << run.reason();
//   y.values<float>()
//
// Thread count is an argument of the constructor; ParallelFor then really cuts
// the range into that many pieces, one after another, last one first, so that a
// kernel whose result depends on the order is found out.

#ifndef SOTTO_TESTS_SUPPORT_KERNEL_RUNNER_H_
#define SOTTO_TESTS_SUPPORT_KERNEL_RUNNER_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "runtime/core/kernel.h"

namespace sotto::runtime {

// 64-aligned bytes, surrounded by guards that CheckGuards looks at.
class GuardedBytes {
 public:
  explicit GuardedBytes(std::size_t size = 0)
      : size_(size), raw_(size + 3 * kGuard, kFill) {}
  std::uint8_t* data() {
    const auto at = reinterpret_cast<std::uintptr_t>(raw_.data()) + kGuard;
    return reinterpret_cast<std::uint8_t*>((at + kGuard - 1) / kGuard * kGuard);
  }
  std::size_t size() const { return size_; }
  bool Intact() {
    const std::uint8_t* begin = data();
    const std::uint8_t* const raw = raw_.data();
    const auto untouched = [](std::uint8_t b) { return b == kFill; };
    return std::all_of(raw, begin, untouched) &&
           std::all_of(begin + size_, raw + raw_.size(), untouched);
  }

 private:
  static constexpr std::size_t kGuard = 64;
  static constexpr std::uint8_t kFill = 0xA5;
  std::size_t size_;
  std::vector<std::uint8_t> raw_;
};

struct TestTensor {
  Tensor tensor;
  std::shared_ptr<GuardedBytes> memory;
  std::shared_ptr<std::vector<float>> scales;

  template <typename T>
  static TestTensor Of(ElementType type, const Shape& shape,
                       const std::vector<T>& values, bool constant = false) {
    TestTensor made;
    made.tensor.type = type;
    made.tensor.shape = shape;
    made.tensor.is_constant = constant;
    made.Allocate(values.size() * sizeof(T));
    if (!values.empty()) {
      std::memcpy(made.tensor.data, values.data(), values.size() * sizeof(T));
    }
    return made;
  }
  static TestTensor Floats(const Shape& shape, const std::vector<float>& values,
                           bool constant = false) {
    return Of(ElementType::kFloat32, shape, values, constant);
  }
  static TestTensor Ints(const Shape& shape,
                         const std::vector<std::int32_t>& values,
                         bool constant = true) {
    return Of(ElementType::kInt32, shape, values, constant);
  }

  TestTensor& Quantize(std::vector<float> scale, std::int32_t zero_point = 0,
                       std::int32_t dimension = 0) {
    scales = std::make_shared<std::vector<float>>(std::move(scale));
    tensor.quantization = {.scale = scales->data(),
                           .count = static_cast<std::int32_t>(scales->size()),
                           .zero_point = zero_point,
                           .dimension = dimension};
    return *this;
  }
  void Allocate(std::size_t bytes) {
    memory = std::make_shared<GuardedBytes>(bytes);
    tensor.data = memory->data();
  }
  template <typename T>
  std::vector<T> values() const {
    const T* begin = tensor.as<const T>();
    return {begin, begin + tensor.shape.Elements()};
  }
};

class KernelRunner {
 public:
  explicit KernelRunner(const Kernel& kernel, int threads = 1)
      : kernel_(kernel), threads_(threads) {}

  // Prepare, Pack, Eval. Outputs get their memory here; an output whose type or
  // quantisation the kernel reads must be given those before. `in_place` lets
  // the output take the input's memory where Prepare allowed it.
  StatusCode operator()(std::vector<TestTensor*> inputs,
                        std::vector<TestTensor*> outputs,
                        const Options& options = {}, bool in_place = false) {
    std::vector<Tensor*> in, out;
    for (TestTensor* t : inputs) in.push_back(t ? &t->tensor : nullptr);
    for (TestTensor* t : outputs) out.push_back(&t->tensor);
    Op op = {.inputs = in, .outputs = out, .options = options};
    Preparation preparation(threads_);
    StatusCode code = kernel_.Prepare(preparation, op);
    reason_ = preparation.reason();
    if (code != StatusCode::kOk) return code;
    Evaluation evaluation(threads_);
    for (TestTensor* t : outputs) {
      evaluation.owner[&t->tensor] = t;
      if (!t->tensor.is_dynamic) t->Allocate(t->tensor.bytes());
    }
    if (in_place && preparation.in_place_output() >= 0) {
      const auto o = static_cast<std::size_t>(preparation.in_place_output());
      const auto i = static_cast<std::size_t>(preparation.in_place_input());
      outputs[o]->memory = inputs[i]->memory;
      out[o]->data = in[i]->data;
    }
    GuardedBytes scratch(preparation.scratch_bytes());
    GuardedBytes packed(preparation.packed_bytes());
    op.scratch = scratch.data();
    op.packed = packed.data();
    if (kernel_.Pack != nullptr) kernel_.Pack(op);
    code = kernel_.Eval(evaluation, op);
    reason_ = evaluation.reason();
    if (code != StatusCode::kOk) return code;
    bool intact = scratch.Intact() && packed.Intact();
    for (TestTensor* t : inputs) intact = intact && (!t || t->memory->Intact());
    for (TestTensor* t : outputs) intact = intact && t->memory->Intact();
    if (!intact) {
      reason_ = "wrote outside its memory";
      return StatusCode::kInternal;
    }
    return code;
  }
  const char* reason() const { return reason_; }

 private:
  struct Preparation final : PrepareContext {
    explicit Preparation(int count) : num_threads(count) {}
    void* AllocateState(std::size_t bytes) override {
      state = std::make_unique<GuardedBytes>(bytes);
      return state->data();
    }
    int threads() const override { return num_threads; }
    int num_threads;
    std::unique_ptr<GuardedBytes> state;
  };

  struct Evaluation final : EvalContext {
    explicit Evaluation(int count) : num_threads(count) {}
    StatusCode Resize(Tensor& output, const Shape& shape) override {
      output.shape = shape;
      owner[&output]->Allocate(output.bytes());
      return StatusCode::kOk;
    }
    void RunRanges(std::size_t count, std::size_t grain, std::size_t,
                   RangeTask task, const void* closure) override {
      const std::size_t grains = (count + grain - 1) / grain;
      const auto pieces = static_cast<std::size_t>(num_threads);
      for (std::size_t i = pieces; i-- > 0;) {
        const std::size_t begin = std::min(count, grains * i / pieces * grain);
        const std::size_t end =
            std::min(count, grains * (i + 1) / pieces * grain);
        if (begin < end) task(closure, begin, end, static_cast<int>(i));
      }
    }
    int num_threads;
    std::map<Tensor*, TestTensor*> owner;
  };

  const Kernel& kernel_;
  int threads_;
  const char* reason_ = "";
};

}  // namespace sotto::runtime

#endif  // SOTTO_TESTS_SUPPORT_KERNEL_RUNNER_H_
