// A kernel that is prepared once and then run several times, as it is in an
// interpreter; and the options of custom operators.

#ifndef SOTTO_RUNTIME_KERNELS_SIGNAL_KERNEL_SESSION_TEST_SUPPORT_H_
#define SOTTO_RUNTIME_KERNELS_SIGNAL_KERNEL_SESSION_TEST_SUPPORT_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "flatbuffers/flexbuffers.h"
#include "gtest/gtest.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

using FlexOptions = std::initializer_list<std::pair<const char*, std::int64_t>>;

inline std::vector<std::uint8_t> FlexBytes(const FlexOptions& values) {
  flexbuffers::Builder builder;
  builder.Map([&] {
    for (const auto& [name, value] : values) builder.Int(name, value);
  });
  builder.Finish();
  return builder.GetBuffer();
}

class KernelSession {
 public:
  KernelSession(const Kernel& kernel, const FlexOptions& values)
      : kernel_(kernel), custom_(FlexBytes(values)) {}

  StatusCode Prepare(std::vector<TestTensor*> inputs,
                     std::vector<TestTensor*> outputs) {
    for (TestTensor* t : inputs) in_.push_back(&t->tensor);
    for (TestTensor* t : outputs) out_.push_back(&t->tensor);
    op_.inputs = in_;
    op_.outputs = out_;
    op_.options.custom = custom_;
    const StatusCode code = kernel_.Prepare(preparation_, op_);
    if (code != StatusCode::kOk) return code;
    for (TestTensor* t : outputs) t->Allocate(t->tensor.bytes());
    outputs_ = outputs;
    scratch_ = GuardedBytes(preparation_.scratch_bytes());
    op_.scratch = scratch_.data();
    return code;
  }
  StatusCode Eval() {
    Evaluation evaluation;
    const StatusCode code = kernel_.Eval(evaluation, op_);
    EXPECT_TRUE(scratch_.Intact());
    if (preparation_.state) {
      EXPECT_TRUE(preparation_.state->Intact());
    }
    for (TestTensor* t : outputs_) {
      EXPECT_TRUE(t->memory->Intact());
    }
    return code;
  }
  const char* reason() const { return preparation_.reason(); }

 private:
  struct Preparation final : PrepareContext {
    void* AllocateState(std::size_t bytes) override {
      state = std::make_unique<GuardedBytes>(bytes);
      return state->data();
    }
    std::unique_ptr<GuardedBytes> state;
  };
  struct Evaluation final : EvalContext {};

  const Kernel& kernel_;
  std::vector<std::uint8_t> custom_;
  std::vector<Tensor*> in_, out_;
  std::vector<TestTensor*> outputs_;
  Preparation preparation_;
  GuardedBytes scratch_;
  Op op_;
};

inline TestTensor Typed(ElementType type) {
  TestTensor t;
  t.tensor.type = type;
  return t;
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_SIGNAL_KERNEL_SESSION_TEST_SUPPORT_H_
