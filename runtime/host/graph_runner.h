// One subgraph, prepared and run.
//
//   GraphRunner(model, number, shared) → Prepare(input shapes) → Allocate() →
//   Run()*            again from Prepare when an input's shape changes
//
// Prepare picks kernels, infers shapes, folds constants, fuses, and plans the
// arena; it takes memory for kernels' state and folded constants only. Nodes
// behind a tensor whose shape depends on data are deferred: Run prepares them,
// and again only when a shape changed.

#ifndef SOTTO_RUNTIME_HOST_GRAPH_RUNNER_H_
#define SOTTO_RUNTIME_HOST_GRAPH_RUNNER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "runtime/delegates/partition.h"
#include "runtime/host/aligned_buffer.h"
#include "runtime/host/node.h"
#include "runtime/host/options.h"
#include "runtime/host/thread_pool.h"
#include "runtime/loader/model.h"
#include "runtime/planner/arena_plan.h"

namespace sotto::runtime {

class GraphRunner;

// False: negative dimensions, or 2^30 elements and more.
bool BoundedElements(const Shape& shape, std::size_t* elements);

// A value whose size only running tells: a resource variable, or the memory of
// a dynamic tensor.
struct GrowingTensor {
  Tensor tensor;
  AlignedBuffer memory;
};

// What the runners of one interpreter share.
struct RunnerShared {
  const Model* model = nullptr;
  InterpreterOptions options;
  std::unique_ptr<ThreadPool> pool;
  std::vector<std::unique_ptr<GraphRunner>> runners;  // made when first called
  std::vector<std::unique_ptr<GrowingTensor>> variables;
  std::vector<bool> called_once;
  std::int64_t calls_left = 0;  // of this Invoke
};

// The bytes that a graph takes.
struct MemoryUse {
  std::size_t arena = 0;      // activations and scratch
  std::size_t packed = 0;     // weights in the kernels' layouts
  std::size_t constants = 0;  // folded ones, and kernels' state
  std::size_t total() const { return arena + packed + constants; }
};

class GraphRunner {
 public:
  GraphRunner(const Graph& graph, std::size_t number, RunnerShared& shared);
  GraphRunner(const GraphRunner&) = delete;
  GraphRunner& operator=(const GraphRunner&) = delete;

  // INVALID_ARGUMENT or UNIMPLEMENTED: an operator refuses its tensors; the
  // message names it. RESOURCE_EXHAUSTED: too large. The runner is then of no
  // use until a Prepare succeeds.
  absl::Status Prepare(std::span<const Shape> input_shapes);
  absl::Status Allocate();
  absl::Status Run();

  const Graph& graph() const { return graph_; }
  std::vector<Tensor>& tensors() { return tensors_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<DelegateDecision>& decisions() const { return decisions_; }
  const MemoryUse& memory() const { return memory_; }
  // Shape of each graph input, in order.
  std::vector<Shape> InputShapes() const;
  void ResetVariables();
  bool ready() const { return ready_; }

  // For kernels, by way of EvalContext.
  StatusCode Resize(Tensor& output, const Shape& shape);
  RunnerShared& shared() { return shared_; }

  // Makes constant `tensor` read `values` instead; see Interpreter.
  void UseWeights(std::int32_t tensor, const float* values);

 private:
  friend class NodePreparation;

  void MakeNodes();
  absl::Status PrepareNode(Node& node);
  absl::Status PrepareDeferred(Node& node);
  absl::Status RunNode(Node& node);
  absl::Status Fold(Node& node);
  void Rewrite();  // delegates, then fused nodes
  absl::Status Plan();
  bool KeepPacked(Node& node);  // what an earlier Prepare left
  void PackWeights();
  bool Known(const Node& node) const;
  bool Foldable(const Node& node) const;
  std::string NameOf(const Node& node) const;
  std::size_t IndexOf(const Tensor* tensor) const {
    return static_cast<std::size_t>(tensor - tensors_.data());
  }

  const Graph& graph_;
  const std::size_t number_;
  RunnerShared& shared_;
  std::vector<Tensor> tensors_;
  std::vector<Node> nodes_;
  // Nodes of the last Prepare whose packed weights may be taken over.
  std::map<std::pair<OpCode, std::int32_t>, Node> packed_before_;
  // Per tensor: memory outside the arena (dynamic, variable, folded).
  std::vector<std::unique_ptr<AlignedBuffer>> own_;
  // What Resize last made room for in own_, and how often that changed: while
  // it does not, deferred nodes need no look at their inputs.
  std::vector<Shape> sized_;
  std::uint64_t shape_changes_ = 1;
  std::vector<std::shared_ptr<const void>> guards_;  // of secrets in own_
  std::vector<bool> dynamic_;  // per tensor: its shape comes from Run
  // Where the arena's tensors and scratches lie; made by Plan.
  ArenaPlan plan_;
  std::vector<std::size_t> slot_, scratch_slot_;
  AlignedBuffer arena_;
  MemoryUse memory_;
  std::vector<DelegateDecision> decisions_;
  bool ready_ = false;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_GRAPH_RUNNER_H_
