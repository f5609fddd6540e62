#include "runtime/delegates/delegate_part.h"

#include <algorithm>

namespace sotto::runtime {
namespace {

SottoDelegateOptions OptionsOf(const Options& o) {
  return {.struct_size = sizeof(SottoDelegateOptions),
          .padding = static_cast<std::int32_t>(o.padding),
          .stride_w = o.stride_w,
          .stride_h = o.stride_h,
          .dilation_w = o.dilation_w,
          .dilation_h = o.dilation_h,
          .filter_w = o.filter_w,
          .filter_h = o.filter_h,
          .depth_multiplier = o.depth_multiplier,
          .activation = static_cast<std::int32_t>(o.activation),
          .beta = o.beta,
          .alpha = o.alpha,
          .axis = o.axis,
          .keep_dims = o.keep_dims ? 1 : 0,
          .align_corners = o.align_corners ? 1 : 0,
          .half_pixel_centers = o.half_pixel_centers ? 1 : 0,
          .block_size = o.block_size};
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const char* reason = "";
  const StatusCode code = static_cast<DelegatePart*>(op.state)->Invoke(
      op.inputs, op.outputs, &reason);
  return code == StatusCode::kOk ? code : context.Fail(code, reason);
}

}  // namespace

// Prepare is never called: a part is compiled when the graph is partitioned.
const Kernel kDelegatePartKernel = {nullptr, Eval};

DelegatePart::~DelegatePart() {
  if (compiled_ != nullptr) library_->table().release(compiled_);
}

std::int32_t DelegatePart::IndexOf(const Tensor* t) {
  if (t == nullptr) return -1;
  const auto next = static_cast<std::int32_t>(tensors_.size());
  const auto [at, added] = index_.try_emplace(t, next);
  if (!added) return at->second;
  SottoDelegateTensor out = {};
  out.type = static_cast<std::int32_t>(t->type);
  out.rank = static_cast<std::int32_t>(t->shape.rank);
  std::copy_n(t->shape.dims.begin(), t->shape.rank, out.dims);
  out.data = t->is_constant ? t->data : nullptr;
  out.scales = t->quantization.scale;
  out.num_scales = t->quantization.count;
  out.zero_point = t->quantization.zero_point;
  out.quantized_dimension = t->quantization.dimension;
  tensors_.push_back(out);
  return next;
}

void DelegatePart::AddOp(const Node& node, std::int32_t version) {
  auto op = std::make_unique<OpStorage>();
  for (const Tensor* t : node.inputs) op->inputs.push_back(IndexOf(t));
  for (const Tensor* t : node.outputs) op->outputs.push_back(IndexOf(t));
  op->options = OptionsOf(node.op.options);
  op->code = static_cast<std::int32_t>(node.code);
  op->version = version;
  ops_.push_back({.code = op->code,
                  .version = op->version,
                  .inputs = op->inputs.data(),
                  .num_inputs = static_cast<std::int32_t>(op->inputs.size()),
                  .outputs = op->outputs.data(),
                  .num_outputs = static_cast<std::int32_t>(op->outputs.size()),
                  .options = &op->options});
  storage_.push_back(std::move(op));
}

void DelegatePart::SetBorder(std::vector<Tensor*> inputs,
                             std::vector<Tensor*> outputs) {
  inputs_ = std::move(inputs);
  outputs_ = std::move(outputs);
  for (const Tensor* t : inputs_) input_indices_.push_back(IndexOf(t));
  for (const Tensor* t : outputs_) output_indices_.push_back(IndexOf(t));
  input_data_.resize(inputs_.size());
  output_data_.resize(outputs_.size());
}

bool DelegatePart::SupportsLast(std::string* reason) {
  const SottoDelegate& table = library_->table();
  message_.text[0] = '\0';
  const bool yes = table.supports(library_->self(), tensors_.data(),
                                  static_cast<std::int32_t>(tensors_.size()),
                                  &ops_.back(), &message_) == 1;
  if (!yes) *reason = message_.text;
  return yes;
}

SottoDelegatePart DelegatePart::View(int threads) {
  return {.struct_size = sizeof(SottoDelegatePart),
          .tensors = tensors_.data(),
          .num_tensors = static_cast<std::int32_t>(tensors_.size()),
          .ops = ops_.data(),
          .num_ops = static_cast<std::int32_t>(ops_.size()),
          .inputs = input_indices_.data(),
          .num_inputs = static_cast<std::int32_t>(input_indices_.size()),
          .outputs = output_indices_.data(),
          .num_outputs = static_cast<std::int32_t>(output_indices_.size()),
          .num_threads = threads};
}

double DelegatePart::CostNs(int threads) {
  const SottoDelegatePart view = View(threads);
  const auto cost = library_->table().cost;
  return cost == nullptr ? -1.0 : cost(library_->self(), &view);
}

bool DelegatePart::Compile(int threads, std::string* reason) {
  const SottoDelegatePart view = View(threads);
  message_.text[0] = '\0';
  compiled_ = library_->table().prepare(library_->self(), &view, &message_);
  if (compiled_ == nullptr) *reason = message_.text;
  return compiled_ != nullptr;
}

StatusCode DelegatePart::Invoke(std::span<Tensor* const> inputs,
                                std::span<Tensor* const> outputs,
                                const char** reason) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    input_data_[i] = inputs[i]->data;
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    output_data_[i] = outputs[i]->data;
  }
  message_.text[0] = '\0';
  const std::int32_t status = library_->table().invoke(
      compiled_, input_data_.data(), output_data_.data(), &message_);
  *reason = message_.text;
  return status >= 0 && status <= 16 ? static_cast<StatusCode>(status)
                                     : StatusCode::kUnknown;
}

}  // namespace sotto::runtime
