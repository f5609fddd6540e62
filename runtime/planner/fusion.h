// Joins neighbouring nodes whose first result nobody else reads, where a kernel
// exists that does both:
//
//   DEPTHWISE_CONV_2D → 1x1 CONV_2D     a few rows stay in cache
//   CONV_2D → ADD                       the sum is part of the epilogue

#ifndef SOTTO_RUNTIME_PLANNER_FUSION_H_
#define SOTTO_RUNTIME_PLANNER_FUSION_H_

#include <functional>
#include <vector>

#include "runtime/host/node.h"

namespace sotto::runtime {

// `nodes` in execution order; `outputs` are the tensors that must exist at the
// end. `prepare` prepares a made-up node; false keeps the nodes as they are.
void FuseNodes(std::vector<Node>& nodes,
               const std::vector<const Tensor*>& outputs,
               const std::function<bool(Node&)>& prepare);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_PLANNER_FUSION_H_
