// A model that a command runs: the flags that name it and how it is to run, and
// what they open.

#ifndef SOTTO_TOOLS_SOTTO_MODEL_SESSION_H_
#define SOTTO_TOOLS_SOTTO_MODEL_SESSION_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/host/interpreter.h"
#include "runtime/host/pack_cache.h"

namespace sotto::tools {

struct SessionFlags {
  std::string path, backend = "cpu", signature, pack_cache;
  std::vector<std::string> shapes;  // "0=1x2x3" or "name=1x2x3"
  std::int32_t batch = 0;
  int threads = 1;
  bool by_cost = false;
};

// The positional MODEL and the flags of every command that prepares one.
void AddSessionFlags(CLI::App& command, SessionFlags& flags);
// These and what only Open heeds: shapes and the pack cache.
void AddRunFlags(CLI::App& command, SessionFlags& flags);

// `list` is reference, cpu, xnnpack, vulkan, vulkan-f16 or a plug-in's path, or
// several with commas between: delegates in order of priority, and perhaps at
// the end what runs the rest. INVALID_ARGUMENT: no such name, or an order that
// makes no sense; errors of the delegates.
absl::Status OpenBackends(const std::string& list,
                          runtime::InterpreterOptions& options);

class ModelSession {
 public:
  // Loads the file, starts the backends, prepares. `observer` may be null and
  // is borrowed for the life of the session. Errors of all of these, beginning
  // with the path.
  static absl::StatusOr<std::unique_ptr<ModelSession>> Open(
      const SessionFlags& flags, runtime::NodeObserver* observer = nullptr);
  // Loads and starts backends only: options() is then complete.
  static absl::StatusOr<std::unique_ptr<ModelSession>> Load(
      const SessionFlags& flags, runtime::NodeObserver* observer = nullptr);

  const runtime::Model& model() const { return model_; }
  const runtime::InterpreterOptions& options() const { return options_; }
  // Only after Open.
  runtime::Interpreter& interpreter() { return *interpreter_; }
  double load_seconds() const { return load_seconds_; }
  double create_seconds() const { return create_seconds_; }  // with backends

 private:
  ModelSession() = default;
  absl::Status Create(const SessionFlags& flags);

  runtime::Model model_;
  runtime::InterpreterOptions options_;
  std::optional<runtime::PackCache> pack_cache_;
  std::optional<runtime::Interpreter> interpreter_;
  double load_seconds_ = 0, create_seconds_ = 0;
};

// The graph that `signature` names; the main one for an empty name. Null: there
// is no such signature.
const runtime::Graph* GraphOf(const runtime::Model& model,
                              const std::string& signature);

// "1x224x224x3"; "scalar".
std::string ShapeText(const runtime::Shape& shape);
std::vector<std::int32_t> Dims(const runtime::Shape& shape);
// "f32"; "int8".
const char* TypeName(runtime::ElementType type);
// One line. Names come from files and may be no UTF-8; they are repaired.
void PrintJson(const nlohmann::json& report);
double SecondsNow();  // of the steady clock

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_MODEL_SESSION_H_
