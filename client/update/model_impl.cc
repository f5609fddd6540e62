#include "client/update/model_impl.h"

#include <utility>

#include "base/status.h"
#include "runtime/host/real_values.h"

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
                         runtime::Interpreter::Create(
                             graph, {.batch = 1, .secret_weights = true}));
  if (!runtime::HoldsRealValues(interpreter.input_tensor(0)) ||
      !runtime::HoldsRealValues(interpreter.output_tensor(0)) ||
      interpreter.output_tensor(0).is_dynamic) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "model '%s' takes or gives no numbers of one fixed shape; the SDK "
        "cannot run it",
        family));
  }
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
  return impl_->interpreter->input_tensor(0).shape.Elements();
}
std::size_t Model::output_size() const {
  return impl_->interpreter->output_tensor(0).shape.Elements();
}
const LoadReport& Model::report() const { return impl_->loaded->report(); }

absl::StatusOr<std::vector<float>> Model::Run(std::span<const float> input) {
  if (input.size() != input_size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("model '%s' wants %d input values, got %d",
                        impl_->family, input_size(), input.size()));
  }
  runtime::WriteRealValues(input, impl_->interpreter->input_tensor(0));
  SOTTO_RETURN_IF_ERROR(impl_->interpreter->Invoke());
  std::vector<float> output(output_size());
  runtime::ReadRealValues(impl_->interpreter->output_tensor(0), output);
  return output;
}

}  // namespace sotto
