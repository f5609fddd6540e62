// How an interpreter is to be made.

#ifndef SOTTO_RUNTIME_HOST_OPTIONS_H_
#define SOTTO_RUNTIME_HOST_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sotto::runtime {

struct Node;
class PackCache;
class DelegateLibrary;

enum class Backend : std::uint8_t {
  kCpu,        // the fastest kernel that takes the tensors
  kReference,  // plain loops, exact or in double precision
};

// Sees each step of Invoke. Called on the thread that invokes.
class NodeObserver {
 public:
  virtual ~NodeObserver() = default;
  // Times of the steady clock, in nanoseconds.
  virtual void OnNode(const Node& node, std::size_t subgraph,
                      std::int64_t begin_ns, std::int64_t end_ns) = 0;
};

struct InterpreterOptions {
  // Replaces the first dimension of every graph input; 0 keeps the file's.
  std::int32_t batch = 0;
  // Keeps every intermediate tensor until the next Invoke, for training: no
  // fused operators, no packed or folded weights, so that UseWeights works.
  bool keep_activations = false;
  // Refuses a plan that needs more, packed weights and constants included.
  std::size_t max_arena_bytes = std::size_t{4} << 30;
  // Subgraph calls of one Invoke: a loop that does not end is an error.
  std::int64_t max_calls = std::int64_t{1} << 24;
  int threads = 1;  // in [1, 64], the caller's included
  Backend backend = Backend::kCpu;
  // The weights are decrypted: packed and folded copies are locked in memory
  // where the system allows, and wiped at the end. Excludes a pack cache.
  bool secret_weights = false;
  // Of the file; empty: its main graph.
  std::string signature = {};
  // Borrowed for the life of the interpreter.
  NodeObserver* observer = nullptr;
  // Borrowed for its life too; null: weights are packed at each Create.
  PackCache* pack_cache = nullptr;
  // Tried in this order for parts of the graph; what none takes runs on
  // `backend`.
  std::vector<std::shared_ptr<DelegateLibrary>> delegates = {};
  // Only where a delegate's estimate beats the CPU's.
  bool delegates_by_cost = false;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_OPTIONS_H_
