// GraphRunner's memory: who lies where in the arena, then the arena itself and
// the packed weights.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/status.h"
#include "runtime/host/graph_runner.h"
#include "runtime/host/pack_cache.h"
#include "runtime/host/secret_memory.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kNoSlot = std::numeric_limits<std::size_t>::max();
constexpr int kNever = std::numeric_limits<int>::max();
// The sum over all tensors, before any memory is shared: beyond it a plan is
// not even tried, so that its sums cannot overflow.
constexpr std::size_t kMaxTotalBytes = std::size_t{1} << 40;

// Tells the system about the pages of a mapped constant, whole ones.
void AdvisePages(const Model& model, const Tensor& tensor, int advice) {
  static const auto kPage = static_cast<std::uintptr_t>(::getpagesize());
  const auto begin = reinterpret_cast<std::uintptr_t>(tensor.data);
  const auto file = reinterpret_cast<std::uintptr_t>(model.mapped.data());
  const std::uintptr_t end = begin + tensor.bytes();
  if (model.mapped.empty() || begin < file ||
      end > file + model.mapped.size()) {
    return;
  }
  const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage;
  const std::uintptr_t last = end / kPage * kPage;
  if (first < last) {
    (void)::madvise(reinterpret_cast<void*>(first), last - first, advice);
  }
}

// Constants that Pack or a hash reads from end to end: all pages at once.
void BringSources(const Model& model, const Node& node) {
#if defined(MADV_POPULATE_READ)
  // Where a fault brings as much (16 pages, on Linux) it is no worse.
  constexpr std::size_t kMinBytes = std::size_t{128} << 10;
  for (const Tensor* t : node.inputs) {
    if (t != nullptr && t->is_constant && t->bytes() >= kMinBytes) {
      AdvisePages(model, *t, MADV_POPULATE_READ);
    }
  }
#endif
}

// Gives back what was copied into a packed layout: it comes from the file again
// should anyone read it.
void ReleaseSources(const Model& model, const Node& node) {
  for (const Tensor* t : node.inputs) {
    if (t != nullptr && t->is_constant && t->bytes() <= node.packed_bytes) {
      AdvisePages(model, *t, MADV_DONTNEED);
    }
  }
}

// The packed weights of one graph.
struct PackedRegion {
  AlignedBuffer memory;
  std::shared_ptr<const void> guard;  // destroyed first: it wipes
};

// When each tensor is needed, tensors that share memory under one root.
class Lifetimes {
 public:
  explicit Lifetimes(std::size_t count)
      : root_(count), first_(count, kNever), last_(count, -1) {
    for (std::size_t i = 0; i < count; ++i) root_[i] = i;
  }
  void Touch(std::size_t tensor, int step) {
    first_[tensor] = std::min(first_[tensor], step);
    last_[tensor] = std::max(last_[tensor], step);
  }
  bool touched(std::size_t tensor) const { return first_[tensor] != kNever; }
  std::size_t root(std::size_t tensor) const { return root_[tensor]; }
  int first(std::size_t tensor) const { return first_[tensor]; }
  int last(std::size_t tensor) const { return last_[tensor]; }
  // `output` of `step` takes over the memory of `input`, unless that is needed
  // later.
  void Share(std::size_t output, std::size_t input, int step) {
    const std::size_t root = root_[input];
    if (last_[root] > step || first_[output] < step) return;
    root_[output] = root;
    last_[root] = std::max(last_[root], last_[output]);
  }

 private:
  std::vector<std::size_t> root_;
  std::vector<int> first_, last_;
};

}  // namespace

absl::Status GraphRunner::Plan() {
  const int end = static_cast<int>(nodes_.size());
  const InterpreterOptions& options = shared_.options;
  Lifetimes lives(tensors_.size());
  for (const auto t : graph_.inputs) {
    // Inputs keep what the caller wrote over repeated invocations.
    lives.Touch(static_cast<std::size_t>(t), -1);
    lives.Touch(static_cast<std::size_t>(t), end);
  }
  for (const auto t : graph_.outputs) {
    lives.Touch(static_cast<std::size_t>(t), end);
  }
  std::size_t total = 0;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (node.folded) continue;
    const int step = static_cast<int>(i);
    for (const Tensor* t : node.inputs) {
      if (t != nullptr) lives.Touch(IndexOf(t), step);
    }
    for (const Tensor* t : node.outputs) {
      lives.Touch(IndexOf(t), step);
      if (!dynamic_[IndexOf(t)]) total += t->bytes();
    }
    total += node.scratch_bytes;
    if (total > kMaxTotalBytes) {
      return absl::ResourceExhaustedError(
          absl::StrFormat("%s: the tensors up to it need %d bytes",
                          NameOf(node), static_cast<std::int64_t>(total)));
    }
  }
  const auto in_arena = [&](std::size_t t) {
    return lives.touched(t) && !tensors_[t].is_constant &&
           !tensors_[t].is_variable && !dynamic_[t];
  };
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (node.folded || node.deferred || node.in_place_output < 0 ||
        options.keep_activations) {
      continue;
    }
    const Tensor* from =
        node.inputs[static_cast<std::size_t>(node.in_place_input)];
    const Tensor* to =
        node.outputs[static_cast<std::size_t>(node.in_place_output)];
    const std::size_t input = IndexOf(from), output = IndexOf(to);
    if (in_arena(input) && in_arena(output) && from->bytes() == to->bytes()) {
      lives.Share(output, input, static_cast<int>(i));
    }
  }
  std::vector<Lifetime> plan;
  slot_.assign(tensors_.size(), kNoSlot);
  for (std::size_t t = 0; t < tensors_.size(); ++t) {
    if (!in_arena(t) || lives.root(t) != t) continue;
    slot_[t] = plan.size();
    plan.push_back(
        options.keep_activations
            ? Lifetime{tensors_[t].bytes(), -1, end}
            : Lifetime{tensors_[t].bytes(), lives.first(t), lives.last(t)});
  }
  for (std::size_t t = 0; t < tensors_.size(); ++t) {
    if (in_arena(t)) slot_[t] = slot_[lives.root(t)];
  }
  scratch_slot_.assign(nodes_.size(), kNoSlot);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (node.folded || node.deferred) continue;
    memory_.packed += node.packed_bytes;
    memory_.constants += node.state.capacity();
    if (node.scratch_bytes == 0) continue;
    scratch_slot_[i] = plan.size();
    const int step = static_cast<int>(i);
    plan.push_back({node.scratch_bytes, step, step});
  }
  plan_ = PlanArena(plan);
  memory_.arena = plan_.total_bytes;
  if (memory_.total() > options.max_arena_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("the plan needs %d bytes, the limit is %d",
                        static_cast<std::int64_t>(memory_.total()),
                        static_cast<std::int64_t>(options.max_arena_bytes)));
  }
  return absl::OkStatus();
}

absl::Status GraphRunner::Allocate() {
  std::uint8_t* const start = arena_.Reserve(plan_.total_bytes);
  for (std::size_t t = 0; t < tensors_.size(); ++t) {
    if (slot_[t] != kNoSlot) tensors_[t].data = start + plan_.offsets[slot_[t]];
    if (dynamic_[t]) {
      // Nothing reads it before Run gives it a shape; still never null.
      tensors_[t].data = own_[t]->Reserve(0);
      tensors_[t].shape = {.rank = 1, .dims = {}};
    }
  }
  for (const auto t : graph_.inputs) {
    const Tensor& input = tensors_[static_cast<std::size_t>(t)];
    if (!input.is_variable && input.bytes() > 0) {
      std::memset(input.data, 0, input.bytes());
    }
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    if (node.folded || node.deferred) continue;
    node.op.scratch = scratch_slot_[i] == kNoSlot
                          ? nullptr
                          : start + plan_.offsets[scratch_slot_[i]];
  }
  PackWeights();
  packed_before_.clear();
  ready_ = true;
  return absl::OkStatus();
}

bool GraphRunner::KeepPacked(Node& node) {
  const auto kept = packed_before_.find({node.code, node.op_index});
  if (kept == packed_before_.end() || kept->second.kernel != node.kernel ||
      kept->second.packed_layout != node.packed_layout ||
      kept->second.packed_bytes != node.packed_bytes) {
    return false;
  }
  node.op.packed = kept->second.op.packed;
  node.owner = kept->second.owner;
  return true;
}

void GraphRunner::PackWeights() {
  const auto aligned = [](std::size_t bytes) {
    constexpr std::size_t kAlign = AlignedBuffer::kAlignment;
    return (bytes + kAlign - 1) / kAlign * kAlign;
  };
  PackCache* const cache = shared_.options.pack_cache;
  struct Fresh {
    Node* node;
    PackCache::Key key;
  };
  std::vector<Fresh> all;
  std::size_t total = 0;
  for (Node& node : nodes_) {
    if (node.folded || node.deferred || node.packed_bytes == 0) continue;
    if (KeepPacked(node)) {
      ReleaseSources(*shared_.model, node);
      continue;
    }
    Fresh fresh = {&node, {}};
    if (cache != nullptr && node.packed_layout != 0) {
      BringSources(*shared_.model, node);
      const PackCache::Entry entry = cache->Find(node);
      if (entry.data != nullptr) {
        node.op.packed = const_cast<std::uint8_t*>(entry.data);
        node.owner = entry.owner;
        ReleaseSources(*shared_.model, node);
        continue;
      }
      fresh.key = entry.key;
    }
    all.push_back(fresh);
    total += aligned(node.packed_bytes);
  }
  if (all.empty()) return;
  const auto region = std::make_shared<PackedRegion>();
  // Layouts pad: the padding is the same every time.
  std::uint8_t* at = region->memory.ReserveZeros(total);
  if (shared_.options.secret_weights) region->guard = GuardSecret(at, total);
  for (const auto& [node, key] : all) {
    node->op.packed = at;
    node->owner = region;
    at += aligned(node->packed_bytes);
    if (node->kernel->Pack != nullptr) {
      BringSources(*shared_.model, *node);
      node->kernel->Pack(node->op);
    }
    if (cache != nullptr && node->packed_layout != 0) cache->Add(key, *node);
    ReleaseSources(*shared_.model, *node);
  }
}

}  // namespace sotto::runtime
