#include "runtime/host/interpreter.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "base/status.h"
#include "runtime/planner/arena_plan.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kMaxElements = std::size_t{1} << 30;
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kNoSlot = std::numeric_limits<std::size_t>::max();
// The sum over all tensors, before any memory is shared: beyond it a plan is
// not even tried, so that its sums cannot overflow.
constexpr std::size_t kMaxTotalBytes = std::size_t{1} << 40;

// Elements of a shape that a kernel made up, without overflow.
bool Bounded(const Shape& shape) {
  std::size_t elements = 1;
  for (std::size_t i = 0; i < shape.rank; ++i) {
    if (shape[i] < 1) return false;
    const auto dim = static_cast<std::size_t>(shape[i]);
    if (dim > kMaxElements / elements) return false;
    elements *= dim;
  }
  return true;
}

class Preparation final : public PrepareContext {
 public:
  explicit Preparation(std::vector<std::unique_ptr<std::uint8_t[]>>& states)
      : states_(states) {}
  void* AllocateState(std::size_t bytes) override {
    states_.push_back(std::make_unique<std::uint8_t[]>(bytes));
    return states_.back().get();
  }

 private:
  std::vector<std::unique_ptr<std::uint8_t[]>>& states_;
};

class Evaluation final : public EvalContext {};

}  // namespace

// Where everything lies: entries of the plan, scratch after the tensors.
struct Interpreter::Layout {
  ArenaPlan plan;
  std::vector<std::size_t> slot;  // per tensor; kNoSlot for constants
  std::size_t first_scratch = 0;
};

absl::StatusOr<Interpreter> Interpreter::Create(
    const Model& model, const InterpreterOptions& options) {
  Interpreter made;
  made.model_ = &model;
  SOTTO_RETURN_IF_ERROR(made.Prepare(options));
  SOTTO_ASSIGN_OR_RETURN(const Layout layout, made.Plan(options));
  made.Allocate(layout);
  return made;
}

absl::StatusOr<std::size_t> Interpreter::MemoryEstimate(
    const Model& model, const InterpreterOptions& options) {
  Interpreter planned;
  planned.model_ = &model;
  SOTTO_RETURN_IF_ERROR(planned.Prepare(options));
  SOTTO_ASSIGN_OR_RETURN(const Layout layout, planned.Plan(options));
  return layout.plan.total_bytes;
}

absl::Status Interpreter::Prepare(const InterpreterOptions& options) {
  const Model& model = *model_;
  tensors_.resize(model.tensors.size());
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const TensorInfo& info = model.tensors[i];
    tensors_[i] = {.type = info.type,
                   .shape = info.shape,
                   // Kernels never write through a constant's pointer.
                   .data = const_cast<std::uint8_t*>(info.data.data()),
                   .is_constant = info.is_constant()};
  }
  for (const std::int32_t input : model.inputs) {
    Tensor& tensor = tensors_[static_cast<std::size_t>(input)];
    if (tensor.type != ElementType::kFloat32) {
      return absl::UnimplementedError(
          absl::StrFormat("graph input %d is not f32", input));
    }
    if (options.batch > 0 && tensor.shape.rank > 0) {
      tensor.shape.dims[0] = options.batch;
    }
    if (!Bounded(tensor.shape)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("graph input %d is too large", input));
    }
  }
  inputs_.resize(model.ops.size());
  outputs_.resize(model.ops.size());
  scratch_bytes_.resize(model.ops.size());
  std::size_t total = 0;
  for (std::size_t i = 0; i < model.ops.size(); ++i) {
    const OpInfo& info = model.ops[i];
    for (const std::int32_t index : info.inputs) {
      inputs_[i].push_back(index == kAbsent
                               ? nullptr
                               : &tensors_[static_cast<std::size_t>(index)]);
    }
    // Trailing absent inputs are the same as none.
    while (!inputs_[i].empty() && inputs_[i].back() == nullptr) {
      inputs_[i].pop_back();
    }
    for (const std::int32_t index : info.outputs) {
      outputs_[i].push_back(&tensors_[static_cast<std::size_t>(index)]);
    }
    ops_.push_back({.inputs = inputs_[i],
                    .outputs = outputs_[i],
                    .options = info.options,
                    .scratch = nullptr});
    // Kernels that pack weights are not used here: UseWeights changes them.
    const KernelChoice choice = FindKernels(info.code, KernelTier::kVector);
    assert(choice.count > 0);  // the loader refused the others
    const Kernel* kernel = choice.rows[0]->kernel;
    kernels_.push_back(kernel);
    Preparation context(states_);
    const StatusCode code = kernel->Prepare(context, ops_.back());
    if (code != StatusCode::kOk) {
      return absl::Status(
          ToAbslCode(code),
          absl::StrFormat("operator %d %s: %s", static_cast<int>(i),
                          OpName(info.code), context.reason()));
    }
    for (const Tensor* output : outputs_[i]) {
      if (!Bounded(output->shape)) {
        return absl::InvalidArgumentError(
            absl::StrFormat("operator %d %s: its output is too large",
                            static_cast<int>(i), OpName(info.code)));
      }
      total += output->shape.Elements() * sizeof(float);
    }
    scratch_bytes_[i] = context.scratch_bytes();
    total += scratch_bytes_[i];
    if (total > kMaxTotalBytes) {
      return absl::ResourceExhaustedError(
          absl::StrFormat("operator %d %s: the tensors up to it need %d bytes",
                          static_cast<int>(i), OpName(info.code),
                          static_cast<std::int64_t>(total)));
    }
  }
  for (const std::int32_t output : model.outputs) {
    if (tensors_[static_cast<std::size_t>(output)].type !=
        ElementType::kFloat32) {
      return absl::UnimplementedError(
          absl::StrFormat("graph output %d is not f32", output));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Interpreter::Layout> Interpreter::Plan(
    const InterpreterOptions& options) const {
  const int end = static_cast<int>(ops_.size());
  constexpr int kNever = std::numeric_limits<int>::max();
  std::vector<Lifetime> lives;
  Layout layout;
  layout.slot.assign(tensors_.size(), kNoSlot);
  std::vector<int> first(tensors_.size(), kNever), last(tensors_.size(), -1);
  const auto touch = [&](std::int32_t index, int step) {
    const auto i = static_cast<std::size_t>(index);
    first[i] = std::min(first[i], step);
    last[i] = std::max(last[i], step);
  };
  for (const std::int32_t index : model_->inputs) touch(index, -1);
  for (std::size_t i = 0; i < ops_.size(); ++i) {
    const int step = static_cast<int>(i);
    for (const std::int32_t t : model_->ops[i].inputs) {
      if (t != kAbsent) touch(t, step);
    }
    for (const std::int32_t t : model_->ops[i].outputs) touch(t, step);
  }
  for (const std::int32_t index : model_->outputs) touch(index, end);
  // Inputs keep what the caller wrote over repeated invocations.
  for (const std::int32_t index : model_->inputs) touch(index, end);
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (tensors_[i].is_constant || first[i] == kNever) continue;
    layout.slot[i] = lives.size();
    const std::size_t bytes =
        tensors_[i].shape.Elements() * ElementBytes(tensors_[i].type);
    if (options.keep_activations) {
      lives.push_back({bytes, -1, end});
    } else {
      lives.push_back({bytes, first[i], last[i]});
    }
  }
  layout.first_scratch = lives.size();
  for (std::size_t i = 0; i < ops_.size(); ++i) {
    const int step = static_cast<int>(i);
    lives.push_back({scratch_bytes_[i], step, step});
  }
  layout.plan = PlanArena(lives);
  if (layout.plan.total_bytes > options.max_arena_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("the plan needs %d bytes, the limit is %d",
                        static_cast<std::int64_t>(layout.plan.total_bytes),
                        static_cast<std::int64_t>(options.max_arena_bytes)));
  }
  return layout;
}

void Interpreter::Allocate(const Layout& layout) {
  arena_bytes_ = layout.plan.total_bytes;
  arena_ = std::make_unique<std::uint8_t[]>(arena_bytes_ + kAlignment);
  auto base = reinterpret_cast<std::uintptr_t>(arena_.get());
  base = (base + kAlignment - 1) / kAlignment * kAlignment;
  auto* const start = reinterpret_cast<std::uint8_t*>(base);
  const std::vector<std::size_t>& offsets = layout.plan.offsets;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (layout.slot[i] != kNoSlot) {
      tensors_[i].data = start + offsets[layout.slot[i]];
    }
  }
  for (std::size_t i = 0; i < ops_.size(); ++i) {
    ops_[i].scratch = start + offsets[layout.first_scratch + i];
  }
}

std::span<float> Interpreter::input(std::size_t index) {
  const Tensor& t = tensor(model_->inputs[index]);
  return {t.floats(), t.shape.Elements()};
}

std::span<const float> Interpreter::output(std::size_t index) const {
  const Tensor& t = tensor(model_->outputs[index]);
  return {t.floats(), t.shape.Elements()};
}

void Interpreter::UseWeights(std::int32_t index,
                             std::span<const float> values) {
  Tensor& t = tensors_[static_cast<std::size_t>(index)];
  assert(t.is_constant && t.shape.Elements() == values.size());
  t.data = const_cast<float*>(values.data());
}

absl::Status Interpreter::Invoke() {
  Evaluation context;
  for (std::size_t i = 0; i < ops_.size(); ++i) {
    const StatusCode code = kernels_[i]->Eval(context, ops_[i]);
    if (code != StatusCode::kOk) {
      return absl::Status(
          ToAbslCode(code),
          absl::StrFormat("operator %d %s: %s", static_cast<int>(i),
                          OpName(model_->ops[i].code), context.reason()));
    }
  }
  return absl::OkStatus();
}

std::uint64_t CountMacs(const Interpreter& interpreter) {
  std::uint64_t macs = 0;
  for (std::size_t i = 0; i < interpreter.num_ops(); ++i) {
    const OpInfo& info = interpreter.model().ops[i];
    const Op& op = interpreter.op(i);
    const auto elements = [](const Tensor& t) -> std::uint64_t {
      return t.shape.Elements();
    };
    if (info.code == OpCode::kConv2D || info.code == OpCode::kFullyConnected) {
      // Each output element reads one filter.
      const Tensor& w = *op.inputs[1];
      macs += elements(*op.outputs[0]) * elements(w) /
              static_cast<std::uint64_t>(w.shape[0]);
    } else if (info.code == OpCode::kDepthwiseConv2D) {
      const Tensor& w = *op.inputs[1];
      macs += elements(*op.outputs[0]) * elements(w) /
              static_cast<std::uint64_t>(w.shape[3]);
    }
  }
  return macs;
}

}  // namespace sotto::runtime
