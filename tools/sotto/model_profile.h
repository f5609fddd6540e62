// What each step of a model takes: recorded while it runs, printed as a table
// or as a trace.

#ifndef SOTTO_TOOLS_SOTTO_MODEL_PROFILE_H_
#define SOTTO_TOOLS_SOTTO_MODEL_PROFILE_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runtime/host/interpreter.h"

namespace sotto::tools {

// A node as it was when it last ran.
struct NodeProfile {
  std::size_t subgraph = 0;
  std::int32_t op_index = 0;
  std::string name;   // "CONV_2D"
  std::string label;  // the kernel's, or the delegate's name
  std::string shape;  // of the first output
  std::uint64_t macs = 0, bytes = 0, calls = 0;
  double seconds = 0;       // of all calls
  double best_seconds = 0;  // of the shortest
};

class ProfileRecorder final : public runtime::NodeObserver {
 public:
  // Begins again; with `keep_trace` each step is kept, up to a million.
  void Start(bool keep_trace);
  void OnNode(const runtime::Node& node, std::size_t subgraph,
              std::int64_t begin_ns, std::int64_t end_ns) override;

  // In order of graphs and operators. Macs of a delegate's part come from
  // `runner`, whose steps these are.
  std::vector<NodeProfile> Nodes(const runtime::Interpreter& runner) const;
  // The format that Perfetto and chrome://tracing read.
  nlohmann::json Trace(const runtime::Interpreter& runner) const;

 private:
  struct Step {
    std::size_t subgraph;
    std::int32_t op_index;
    std::int64_t begin_ns, end_ns;
  };
  using Key = std::pair<std::size_t, std::int32_t>;

  std::map<Key, NodeProfile> nodes_;
  std::vector<Step> steps_;
  bool recording_ = false, keep_trace_ = false;
};

// What a table calls a node, and the bytes of all that it reads and writes.
const char* NodeName(const runtime::Node& node);
std::uint64_t NodeBytes(const runtime::Node& node);

// Of one operator of a prepared graph, by the shapes of its tensors now.
std::uint64_t MacsOf(const runtime::Graph& graph, std::size_t op,
                     const std::vector<const runtime::Tensor*>& tensors);

// Who computes each operator: with delegates, their decisions and reasons.
nlohmann::json DecisionsJson(const runtime::Interpreter& runner);
nlohmann::json ProfileJson(const std::vector<NodeProfile>& nodes,
                           std::size_t runs);
void PrintProfile(const std::vector<NodeProfile>& nodes, std::size_t runs,
                  const runtime::Interpreter& runner);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_MODEL_PROFILE_H_
