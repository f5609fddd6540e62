// What is behind the public sotto::Model.

#ifndef SOTTO_CLIENT_UPDATE_MODEL_IMPL_H_
#define SOTTO_CLIENT_UPDATE_MODEL_IMPL_H_

#include <memory>
#include <optional>
#include <string>

#include "client/update/loaded_model.h"
#include "runtime/host/interpreter.h"
#include "sotto/model.h"

namespace sotto {

struct Model::Impl {
  // Errors of runtime::Interpreter::Create. INVALID_ARGUMENT: the model has not
  // exactly one input and at least one output, or they hold no numbers (f32,
  // quantised, or integers).
  static absl::StatusOr<std::unique_ptr<Impl>> Create(
      std::unique_ptr<client::LoadedModel> model, const std::string& family);

  std::unique_ptr<client::LoadedModel> loaded;
  std::string family;
  std::optional<runtime::Interpreter> interpreter;  // over `loaded`'s graph
};

}  // namespace sotto

#endif  // SOTTO_CLIENT_UPDATE_MODEL_IMPL_H_
