#include "tools/sotto/model_profile.h"

#include <algorithm>
#include <cstdio>

#include "tools/sotto/model_session.h"

namespace sotto::tools {
namespace {

using nlohmann::json;
using runtime::Interpreter;

constexpr std::size_t kMaxSteps = 1'000'000;

std::vector<const runtime::Tensor*> TensorsOf(const Interpreter& runner) {
  std::vector<const runtime::Tensor*> tensors;
  for (std::size_t i = 0; i < runner.graph().tensors.size(); ++i) {
    tensors.push_back(&runner.tensor(static_cast<std::int32_t>(i)));
  }
  return tensors;
}

std::size_t MainGraph(const Interpreter& runner) {
  const runtime::Model& model = runner.model();
  std::size_t number = 0;
  while (&model.graph(number) != &runner.graph()) ++number;
  return number;
}

// Gives each part of a delegate the work of the operators that were handed
// over since the part before.
void FillParts(
    const Interpreter& runner,
    std::map<std::pair<std::size_t, std::int32_t>, NodeProfile>& nodes) {
  const std::size_t main = MainGraph(runner);
  const auto tensors = TensorsOf(runner);
  for (const runtime::DelegateDecision& decision : runner.decisions()) {
    if (decision.delegate.empty()) continue;
    auto at = nodes.lower_bound({main, decision.op_index});
    while (at != nodes.end() && at->first.first == main &&
           at->second.name != "part") {
      ++at;
    }
    if (at == nodes.end() || at->first.first != main) continue;
    at->second.label = decision.delegate;
    at->second.macs += MacsOf(
        runner.graph(), static_cast<std::size_t>(decision.op_index), tensors);
  }
}

double TotalSeconds(const std::vector<NodeProfile>& nodes) {
  double total = 0;
  // Called subgraphs are part of their callers.
  for (const NodeProfile& node : nodes) {
    if (node.subgraph == nodes.front().subgraph) total += node.seconds;
  }
  return total;
}

struct Summary {
  std::string name;
  std::size_t count = 0;
  std::uint64_t macs = 0;
  double seconds = 0;
};

std::vector<Summary> ByOperator(const std::vector<NodeProfile>& nodes) {
  std::map<std::string, Summary> sums;
  for (const NodeProfile& node : nodes) {
    const std::string name =
        node.name == "part" ? "part of " + node.label : node.name;
    Summary& sum = sums[name];
    sum.name = name;
    ++sum.count;
    sum.macs += node.macs * node.calls;
    sum.seconds += node.seconds;
  }
  std::vector<Summary> list;
  for (auto& [name, sum] : sums) list.push_back(std::move(sum));
  std::ranges::sort(list, std::greater<>(), &Summary::seconds);
  return list;
}

double Rate(std::uint64_t macs, double seconds) {
  return seconds > 0 ? static_cast<double>(macs) / seconds / 1e9 : 0;
}

}  // namespace

std::uint64_t NodeBytes(const runtime::Node& node) {
  std::uint64_t bytes = 0;
  for (const runtime::Tensor* t : node.inputs) {
    if (t != nullptr) bytes += t->bytes();
  }
  for (const runtime::Tensor* t : node.outputs) {
    if (t != nullptr) bytes += t->bytes();
  }
  return bytes;
}

const char* NodeName(const runtime::Node& node) {
  switch (node.code) {
    case runtime::OpCode::kDelegate:
      return "part";
    case runtime::OpCode::kDepthwisePointwise:
      return "DEPTHWISE+CONV_2D";
    case runtime::OpCode::kConv2DAdd:
      return "CONV_2D+ADD";
    default:
      return runtime::OpName(node.code);
  }
}

std::uint64_t MacsOf(const runtime::Graph& graph, std::size_t op,
                     const std::vector<const runtime::Tensor*>& tensors) {
  const runtime::OpInfo& info = graph.ops[op];
  runtime::Node node;
  node.code = info.code;
  node.op.options = info.options;
  // CountMacs reads; the pointers are of the form that nodes have.
  const auto add = [&](const std::vector<std::int32_t>& from,
                       std::vector<runtime::Tensor*>& to) {
    for (const std::int32_t index : from) {
      to.push_back(index == runtime::kAbsent
                       ? nullptr
                       : const_cast<runtime::Tensor*>(
                             tensors[static_cast<std::size_t>(index)]));
    }
  };
  add(info.inputs, node.inputs);
  add(info.outputs, node.outputs);
  node.Bind();
  return runtime::CountMacs(node);
}

void ProfileRecorder::Start(bool keep_trace) {
  nodes_.clear();
  steps_.clear();
  if (keep_trace) steps_.reserve(1 << 16);
  keep_trace_ = keep_trace;
  recording_ = true;
}

void ProfileRecorder::OnNode(const runtime::Node& node, std::size_t subgraph,
                             std::int64_t begin_ns, std::int64_t end_ns) {
  if (!recording_) return;
  const auto [at, added] = nodes_.try_emplace({subgraph, node.op_index});
  NodeProfile& profile = at->second;
  if (added) {
    profile.subgraph = subgraph;
    profile.op_index = node.op_index;
    profile.name = NodeName(node);
    profile.label = node.label;
    profile.bytes = NodeBytes(node);
    profile.macs = runtime::CountMacs(node);
    if (!node.outputs.empty() && node.outputs[0] != nullptr) {
      profile.shape = ShapeText(node.outputs[0]->shape);
    }
  }
  ++profile.calls;
  const double seconds = static_cast<double>(end_ns - begin_ns) * 1e-9;
  profile.seconds += seconds;
  profile.best_seconds =
      added ? seconds : std::min(profile.best_seconds, seconds);
  if (keep_trace_ && steps_.size() < kMaxSteps) {
    steps_.push_back({subgraph, node.op_index, begin_ns, end_ns});
  }
}

std::vector<NodeProfile> ProfileRecorder::Nodes(
    const Interpreter& runner) const {
  std::map<Key, NodeProfile> nodes = nodes_;
  FillParts(runner, nodes);
  const std::size_t main = MainGraph(runner);
  std::vector<NodeProfile> list;
  for (const auto& [key, node] : nodes) list.push_back(node);
  std::ranges::stable_partition(
      list, [&](const NodeProfile& n) { return n.subgraph == main; });
  return list;
}

json ProfileRecorder::Trace(const Interpreter& runner) const {
  std::map<Key, NodeProfile> nodes = nodes_;
  FillParts(runner, nodes);
  json events = json::array();
  const std::int64_t start = steps_.empty() ? 0 : steps_.front().begin_ns;
  for (const Step& step : steps_) {
    const NodeProfile& node = nodes.at({step.subgraph, step.op_index});
    events.push_back(
        {{"name", node.name},
         {"cat", node.label},
         {"ph", "X"},
         {"pid", 1},
         {"tid", 1},
         {"ts", static_cast<double>(step.begin_ns - start) * 1e-3},
         {"dur", static_cast<double>(step.end_ns - step.begin_ns) * 1e-3},
         {"args",
          {{"op", step.op_index},
           {"subgraph", step.subgraph},
           {"kernel", node.label},
           {"shape", node.shape},
           {"macs", node.macs},
           {"bytes", node.bytes}}}});
  }
  return {{"traceEvents", std::move(events)}, {"displayTimeUnit", "ns"}};
}

json DecisionsJson(const Interpreter& runner) {
  json list = json::array();
  for (const runtime::DelegateDecision& decision : runner.decisions()) {
    const auto op = static_cast<std::size_t>(decision.op_index);
    list.push_back({{"op", decision.op_index},
                    {"name", runtime::OpName(runner.graph().ops[op].code)},
                    {"delegate", decision.delegate},
                    {"reason", decision.reason}});
  }
  return list;
}

json ProfileJson(const std::vector<NodeProfile>& nodes, std::size_t runs) {
  const double total = TotalSeconds(nodes);
  json rows = json::array(), operators = json::array();
  for (const NodeProfile& n : nodes) {
    rows.push_back({{"subgraph", n.subgraph},
                    {"op", n.op_index},
                    {"name", n.name},
                    {"kernel", n.label},
                    {"shape", n.shape},
                    {"macs", n.macs},
                    {"bytes", n.bytes},
                    {"calls", n.calls},
                    {"seconds", n.seconds / static_cast<double>(runs)},
                    {"share", total > 0 ? n.seconds / total : 0},
                    {"gmacs_per_second", Rate(n.macs * n.calls, n.seconds)}});
  }
  for (const Summary& sum : ByOperator(nodes)) {
    operators.push_back({{"name", sum.name},
                         {"count", sum.count},
                         {"seconds", sum.seconds / static_cast<double>(runs)},
                         {"share", total > 0 ? sum.seconds / total : 0},
                         {"gmacs_per_second", Rate(sum.macs, sum.seconds)}});
  }
  return {{"nodes", rows}, {"operators", operators}};
}

void PrintProfile(const std::vector<NodeProfile>& nodes, std::size_t runs,
                  const Interpreter& runner) {
  if (nodes.empty()) return;
  const double total = TotalSeconds(nodes);
  const double per_run = 1e6 / static_cast<double>(runs);
  std::printf("\n%4s %-24s %-32s %-16s %12s %10s %10s %6s %8s\n", "op", "name",
              "kernel", "shape", "MACs", "bytes", "mean us", "share", "GMAC/s");
  for (const NodeProfile& n : nodes) {
    std::string name = n.name;
    if (n.subgraph != nodes.front().subgraph) {
      name = "  [" + std::to_string(n.subgraph) + "] " + name;
    }
    std::printf("%4d %-24s %-32s %-16s %12llu %10llu %10.2f %5.1f%% %8.2f\n",
                n.op_index, name.c_str(), n.label.c_str(), n.shape.c_str(),
                static_cast<unsigned long long>(n.macs),
                static_cast<unsigned long long>(n.bytes), n.seconds * per_run,
                total > 0 ? 100 * n.seconds / total : 0,
                Rate(n.macs * n.calls, n.seconds));
  }
  std::printf("\n%-28s %6s %10s %6s %8s\n", "operator", "count", "mean us",
              "share", "GMAC/s");
  for (const Summary& sum : ByOperator(nodes)) {
    std::printf("%-28s %6zu %10.2f %5.1f%% %8.2f\n", sum.name.c_str(),
                sum.count, sum.seconds * per_run,
                total > 0 ? 100 * sum.seconds / total : 0,
                Rate(sum.macs, sum.seconds));
  }
  if (runner.decisions().empty()) return;
  std::printf("\ndelegates:\n");
  for (const runtime::DelegateDecision& d : runner.decisions()) {
    const auto op = static_cast<std::size_t>(d.op_index);
    std::printf("%4d %-24s %s%s%s\n", d.op_index,
                runtime::OpName(runner.graph().ops[op].code),
                d.delegate.empty() ? "cpu" : d.delegate.c_str(),
                d.reason.empty() ? "" : ": ", d.reason.c_str());
  }
}

}  // namespace sotto::tools
