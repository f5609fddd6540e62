// Hands parts of a prepared graph to delegates.
//
// A part is a run of neighbouring nodes that the delegate supports; each
// delegate in turn looks at what those before it left. What it refuses stays
// with the interpreter's own kernels, and the decision says why.

#ifndef SOTTO_RUNTIME_DELEGATES_PARTITION_H_
#define SOTTO_RUNTIME_DELEGATES_PARTITION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/delegates/delegate_library.h"
#include "runtime/host/node.h"

namespace sotto::runtime {

// Who runs an operator of the file, and why the delegates asked did not.
struct DelegateDecision {
  std::int32_t op_index = 0;
  std::string delegate;  // empty: the interpreter's own kernels
  std::string reason;    // of the last refusal; empty when taken
};

struct PartitionOptions {
  int threads = 1;
  // Leaves a part to the CPU when the delegate estimates more than the CPU
  // would take; otherwise whatever is supported is taken.
  bool by_cost = false;
  // Of an operator of the file: its version.
  std::vector<std::int32_t> versions = {};
};

// `nodes` are prepared and in execution order; `outputs` are the tensors that
// must exist at the end. Parts become nodes of code kDelegate.
std::vector<DelegateDecision> PartitionNodes(
    std::vector<Node>& nodes, const std::vector<const Tensor*>& outputs,
    const std::vector<std::shared_ptr<DelegateLibrary>>& delegates,
    const PartitionOptions& options);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_DELEGATES_PARTITION_H_
