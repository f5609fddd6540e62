// A kernel: Prepare checks everything that Eval relies on and infers the output
// shapes; Eval computes and only asserts. No heap, no exceptions.

#ifndef SOTTO_RUNTIME_CORE_KERNEL_H_
#define SOTTO_RUNTIME_CORE_KERNEL_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status_code.h"
#include "runtime/core/tensor.h"

namespace sotto::runtime {

enum class Activation : std::uint8_t {
  kNone = 0,
  kRelu = 1,
  kReluN1To1 = 2,
  kRelu6 = 3
};
enum class Padding : std::uint8_t { kSame = 0, kValid = 1 };

// The union of what the operators' option tables say; each kernel documents
// which fields it reads.
struct Options {
  Padding padding = Padding::kSame;
  std::int32_t stride_w = 1, stride_h = 1;
  std::int32_t dilation_w = 1, dilation_h = 1;
  std::int32_t filter_w = 1, filter_h = 1;
  std::int32_t depth_multiplier = 1;
  Activation activation = Activation::kNone;
  float beta = 1.0f;
  Shape new_shape = {};  // RESHAPE; SQUEEZE: the dimensions to drop
  bool has_new_shape = false;
  std::int32_t axis = 0;   // CONCATENATION; negative counts from the last
  bool keep_dims = false;  // MEAN

  bool operator==(const Options&) const = default;
};

struct Op {
  std::span<Tensor* const> inputs;  // null where an optional one is absent
  std::span<Tensor* const> outputs;
  Options options;
  float* scratch = nullptr;  // of the size that Prepare asked for
};

// Collects the reason of a refusal and the scratch that an op needs.
class PrepareContext {
 public:
  // Returns `code`; `reason` must be a literal.
  StatusCode Fail(StatusCode code, const char* reason) {
    reason_ = reason;
    return code;
  }
  void RequestScratch(std::size_t num_floats) { scratch_floats_ = num_floats; }

  const char* reason() const { return reason_; }
  std::size_t scratch_floats() const { return scratch_floats_; }

 private:
  const char* reason_ = "";
  std::size_t scratch_floats_ = 0;
};

struct Kernel {
  // Fills in the outputs' types and shapes. INVALID_ARGUMENT: shapes or arity
  // are wrong. UNIMPLEMENTED: a type or option that the format has and this
  // kernel does not.
  StatusCode (*Prepare)(PrepareContext& context, Op& op);
  void (*Eval)(const Op& op);
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_CORE_KERNEL_H_
