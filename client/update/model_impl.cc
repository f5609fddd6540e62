#include "client/update/model_impl.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace sotto {

absl::StatusOr<std::unique_ptr<Model::Impl>> Model::Impl::Create(
    std::unique_ptr<client::LoadedModel> model, const std::string& family) {
  const runtime::Model& graph = model->graph();
  if (graph.inputs.size() != 1 || graph.outputs.empty()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "model '%s' has %d inputs and %d outputs; the SDK runs models of one "
        "input",
        family, graph.inputs.size(), graph.outputs.size()));
  }
  SOTTO_ASSIGN_OR_RETURN(runtime::Interpreter interpreter,
                         runtime::Interpreter::Create(graph, {.batch = 1}));
  auto impl = std::make_unique<Impl>();
  impl->interpreter.emplace(std::move(interpreter));
  impl->loaded = std::move(model);
  impl->family = family;
  return impl;
}

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

const std::string& Model::family() const { return impl_->family; }
std::uint64_t Model::release() const { return impl_->loaded->release(); }
std::size_t Model::input_size() const {
  return impl_->interpreter->input().size();
}
std::size_t Model::output_size() const {
  return impl_->interpreter->output().size();
}
const LoadReport& Model::report() const { return impl_->loaded->report(); }

absl::StatusOr<std::vector<float>> Model::Run(std::span<const float> input) {
  const std::span<float> slot = impl_->interpreter->input();
  if (input.size() != slot.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("model '%s' wants %d input values, got %d",
                        impl_->family, slot.size(), input.size()));
  }
  std::copy(input.begin(), input.end(), slot.begin());
  SOTTO_RETURN_IF_ERROR(impl_->interpreter->Invoke());
  const std::span<const float> output = impl_->interpreter->output();
  return std::vector<float>(output.begin(), output.end());
}

}  // namespace sotto
