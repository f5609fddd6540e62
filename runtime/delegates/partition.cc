#include "runtime/delegates/partition.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"
#include "runtime/delegates/delegate_part.h"
#include "runtime/host/macs.h"

namespace sotto::runtime {
namespace {

// What the CPU is assumed to do: multiply-accumulates and bytes a nanosecond.
// An assumption, not a measurement: only the order of magnitude matters.
constexpr double kCpuMacsPerNs = 40.0;
constexpr double kCpuBytesPerNs = 8.0;

double CpuNs(std::span<const Node> nodes) {
  double ns = 0;
  for (const Node& node : nodes) {
    ns += static_cast<double>(CountMacs(node)) / kCpuMacsPerNs;
    for (const Tensor* t : node.outputs) {
      ns += static_cast<double>(t->bytes()) / kCpuBytesPerNs;
    }
  }
  return ns;
}

bool Delegable(const Node& node) {
  const auto known = [](const Tensor* t) {
    return t == nullptr || (!t->is_dynamic && !t->is_variable);
  };
  return !node.deferred && !node.folded && node.code < OpCode::kDelegate &&
         !node.outputs.empty() && std::ranges::all_of(node.inputs, known) &&
         std::ranges::all_of(node.outputs, known);
}

// Nodes [begin, end) of the list.
struct Run {
  std::size_t begin, end;
};

// What the run reads from outside and what others read from it.
void FindBorder(std::span<const Node> nodes, const Run& run,
                const std::vector<const Tensor*>& outputs, DelegatePart& part) {
  std::set<const Tensor*> made, seen, used;
  std::vector<Tensor*> in, out;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i >= run.begin && i < run.end) continue;
    for (const Tensor* t : nodes[i].inputs) used.insert(t);
  }
  used.insert(outputs.begin(), outputs.end());
  for (std::size_t i = run.begin; i < run.end; ++i) {
    for (Tensor* t : nodes[i].inputs) {
      if (t == nullptr || t->is_constant || made.contains(t)) continue;
      if (seen.insert(t).second) in.push_back(t);
    }
    for (Tensor* t : nodes[i].outputs) {
      made.insert(t);
      if (used.contains(t)) out.push_back(t);
    }
  }
  part.SetBorder(std::move(in), std::move(out));
}

class Partitioner {
 public:
  Partitioner(std::vector<Node>& nodes,
              const std::vector<const Tensor*>& outputs,
              const PartitionOptions& options,
              std::vector<DelegateDecision>& decisions)
      : nodes_(nodes),
        outputs_(outputs),
        options_(options),
        decisions_(decisions) {}

  void Offer(const std::shared_ptr<DelegateLibrary>& library) {
    std::vector<Run> runs;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!Delegable(nodes_[i])) continue;
      DelegatePart probe(library);
      probe.AddOp(nodes_[i], VersionOf(nodes_[i]));
      std::string reason;
      if (!probe.SupportsLast(&reason)) {
        Decide(nodes_[i], "", library->name() + ": " + reason);
      } else if (!runs.empty() && runs.back().end == i) {
        ++runs.back().end;
      } else {
        runs.push_back({i, i + 1});
      }
    }
    // From the back, so that the places of the others stay.
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
      Take(library, *run);
    }
  }

 private:
  std::int32_t VersionOf(const Node& node) const {
    const auto i = static_cast<std::size_t>(node.op_index);
    return i < options_.versions.size() ? options_.versions[i] : 1;
  }
  void Decide(const Node& node, std::string delegate, std::string reason) {
    for (DelegateDecision& decision : decisions_) {
      if (decision.op_index != node.op_index) continue;
      decision.delegate = std::move(delegate);
      decision.reason = std::move(reason);
      return;
    }
  }

  void Take(const std::shared_ptr<DelegateLibrary>& library, const Run& run) {
    auto part = std::make_shared<DelegatePart>(library);
    const std::span nodes(nodes_);
    const std::span members = nodes.subspan(run.begin, run.end - run.begin);
    for (const Node& node : members) part->AddOp(node, VersionOf(node));
    FindBorder(nodes, run, outputs_, *part);
    std::string reason;
    bool take = true;
    if (options_.by_cost) {
      const double cost = part->CostNs(options_.threads);
      const double cpu = CpuNs(members);
      if (cost >= cpu) {
        take = false;
        reason = absl::StrFormat("estimated %.0f us, the CPU %.0f us",
                                 cost / 1e3, cpu / 1e3);
      }
    }
    take = take && part->Compile(options_.threads, &reason);
    for (const Node& node : members) {
      Decide(node, take ? library->name() : "",
             take ? "" : library->name() + ": " + reason);
    }
    if (!take) return;
    Node joined;
    joined.code = OpCode::kDelegate;
    joined.op_index = members.back().op_index;
    joined.inputs = part->inputs();
    joined.outputs = part->outputs();
    joined.kernel = &kDelegatePartKernel;
    joined.label = part->name();
    joined.op.state = part.get();
    joined.owner = std::move(part);
    joined.Bind();
    const auto at = nodes_.begin() + static_cast<std::ptrdiff_t>(run.begin);
    *at = std::move(joined);
    nodes_.erase(at + 1, nodes_.begin() + static_cast<std::ptrdiff_t>(run.end));
  }

  std::vector<Node>& nodes_;
  const std::vector<const Tensor*>& outputs_;
  const PartitionOptions& options_;
  std::vector<DelegateDecision>& decisions_;
};

}  // namespace

std::vector<DelegateDecision> PartitionNodes(
    std::vector<Node>& nodes, const std::vector<const Tensor*>& outputs,
    const std::vector<std::shared_ptr<DelegateLibrary>>& delegates,
    const PartitionOptions& options) {
  std::vector<DelegateDecision> decisions;
  for (const Node& node : nodes) {
    decisions.push_back({node.op_index, "",
                         node.folded     ? "a constant"
                         : node.deferred ? "its shapes depend on data"
                                         : "works on variables or subgraphs"});
  }
  Partitioner partitioner(nodes, outputs, options, decisions);
  for (const auto& delegate : delegates) partitioner.Offer(delegate);
  return decisions;
}

}  // namespace sotto::runtime
