// One part of a graph as a delegate sees it, and the compiled result.

#ifndef SOTTO_RUNTIME_DELEGATES_DELEGATE_PART_H_
#define SOTTO_RUNTIME_DELEGATES_DELEGATE_PART_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/delegates/delegate_library.h"
#include "runtime/host/node.h"

namespace sotto::runtime {

class DelegatePart {
 public:
  explicit DelegatePart(std::shared_ptr<DelegateLibrary> library)
      : library_(std::move(library)) {}
  DelegatePart(const DelegatePart&) = delete;
  DelegatePart& operator=(const DelegatePart&) = delete;
  ~DelegatePart();

  void AddOp(const Node& node, std::int32_t version);
  // Tensors that cross the border; added ops only.
  void SetBorder(std::vector<Tensor*> inputs, std::vector<Tensor*> outputs);

  // Whether the delegate takes the op that was added last.
  bool SupportsLast(std::string* reason);
  double CostNs(int threads);
  // False: the delegate's reason is in `reason`.
  bool Compile(int threads, std::string* reason);
  StatusCode Invoke(std::span<Tensor* const> inputs,
                    std::span<Tensor* const> outputs, const char** reason);

  const std::vector<Tensor*>& inputs() const { return inputs_; }
  const std::vector<Tensor*>& outputs() const { return outputs_; }
  const char* name() const { return library_->table().name; }

 private:
  std::int32_t IndexOf(const Tensor* tensor);
  SottoDelegatePart View(int threads);

  std::shared_ptr<DelegateLibrary> library_;
  std::map<const Tensor*, std::int32_t> index_;
  std::vector<SottoDelegateTensor> tensors_;
  // Of each op; the C structs point into them.
  struct OpStorage {
    std::vector<std::int32_t> inputs, outputs;
    SottoDelegateOptions options;
    std::int32_t code, version;
  };
  std::vector<std::unique_ptr<OpStorage>> storage_;
  std::vector<SottoDelegateOp> ops_;
  std::vector<Tensor*> inputs_, outputs_;
  std::vector<std::int32_t> input_indices_, output_indices_;
  // One per border tensor; filled at each Invoke, allocated once.
  std::vector<const void*> input_data_;
  std::vector<void*> output_data_;
  SottoDelegateMessage message_ = {};
  void* compiled_ = nullptr;
};

// The kernel of nodes of code kDelegate: op.state is their DelegatePart.
extern const Kernel kDelegatePartKernel;

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_DELEGATES_DELEGATE_PART_H_
