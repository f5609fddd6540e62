#include "tools/sotto/model_session.h"

#include <chrono>
#include <cstdio>

#include "base/status.h"
#include "runtime/delegates/delegate_library.h"
#include "runtime/delegates/xnnpack/xnnpack_delegate.h"
#include "runtime/loader/model_file.h"
#ifdef SOTTO_HAVE_VULKAN
#include "runtime/delegates/vulkan/vulkan_delegate.h"
#endif

namespace sotto::tools {
namespace {

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

absl::StatusOr<std::shared_ptr<runtime::DelegateLibrary>> OpenDelegate(
    const std::string& name) {
  if (name == "xnnpack") {
    return runtime::DelegateLibrary::Create(SottoXnnpackDelegate(), "");
  }
  if (name == "vulkan" || name == "vulkan-f16") {
#ifdef SOTTO_HAVE_VULKAN
    return runtime::DelegateLibrary::Create(
        SottoVulkanDelegate(),
        name == "vulkan" ? "precision=f32" : "precision=f16");
#else
    return absl::UnimplementedError("this build has no Vulkan");
#endif
  }
  if (name.ends_with(".so")) return runtime::DelegateLibrary::Load(name, "");
  return absl::InvalidArgumentError(
      "expected reference, cpu, xnnpack, vulkan, vulkan-f16 or the path of a "
      "plug-in that ends in .so");
}

// "4x28x28" to dimensions; "scalar" has none.
absl::StatusOr<runtime::Shape> ParseShape(const std::string& text) {
  runtime::Shape shape;
  if (text == "scalar") return shape;
  for (const std::string& part : Split(text, 'x')) {
    char* end = nullptr;
    const long dim = std::strtol(part.c_str(), &end, 10);
    if (part.empty() || *end != 0 || dim < 0 || dim > (1 << 30) ||
        shape.rank == runtime::Shape::kMaxRank) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--shape: '%s' is no shape, expected up to %d numbers such as "
          "1x28x28x1",
          text, static_cast<int>(runtime::Shape::kMaxRank)));
    }
    shape.dims[shape.rank++] = static_cast<std::int32_t>(dim);
  }
  return shape;
}

// Number of the graph input that `name` means: a number, a name of the
// signature, or a tensor's name.
absl::StatusOr<std::size_t> FindInput(const runtime::Interpreter& runner,
                                      const std::string& signature,
                                      const std::string& name) {
  const runtime::Graph& graph = runner.graph();
  const auto number_of = [&](std::int32_t tensor) {
    std::size_t i = 0;
    while (i < graph.inputs.size() && graph.inputs[i] != tensor) ++i;
    return i;
  };
  std::size_t found = graph.inputs.size();
  char* end = nullptr;
  const unsigned long number = std::strtoul(name.c_str(), &end, 10);
  if (!name.empty() && *end == 0) found = number;
  for (const runtime::Signature& s : runner.model().signatures) {
    if (s.key != signature) continue;
    for (const auto& [key, tensor] : s.inputs) {
      if (key == name) found = number_of(tensor);
    }
  }
  for (const std::int32_t tensor : graph.inputs) {
    if (graph.tensors[static_cast<std::size_t>(tensor)].name == name) {
      found = number_of(tensor);
    }
  }
  if (found < graph.inputs.size()) return found;
  return absl::InvalidArgumentError(absl::StrFormat(
      "--shape: there is no input '%s'; the model has %d inputs", name,
      static_cast<int>(graph.inputs.size())));
}

absl::Status ApplyShapes(const SessionFlags& flags,
                         runtime::Interpreter& runner) {
  if (flags.shapes.empty()) return absl::OkStatus();
  std::vector<runtime::Shape> shapes;
  for (std::size_t i = 0; i < runner.num_inputs(); ++i) {
    shapes.push_back(runner.input_tensor(i).shape);
  }
  for (const std::string& text : flags.shapes) {
    const std::size_t split = text.rfind('=');
    if (split == std::string::npos) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--shape: '%s' has no '=', expected INPUT=SHAPE such as 0=1x28x28x1",
          text));
    }
    SOTTO_ASSIGN_OR_RETURN(
        const std::size_t input,
        FindInput(runner, flags.signature, text.substr(0, split)));
    SOTTO_ASSIGN_OR_RETURN(shapes[input], ParseShape(text.substr(split + 1)));
  }
  return runner.ResizeInputs(shapes);
}

}  // namespace

void AddSessionFlags(CLI::App& command, SessionFlags& flags) {
  command.add_option("model", flags.path, "the .tflite file")->required();
  command
      .add_option("--backend", flags.backend,
                  "reference, cpu, xnnpack, vulkan, vulkan-f16 or PLUGIN.so; "
                  "several with commas, in order of priority")
      ->capture_default_str();
  command.add_option("--threads", flags.threads, "the caller's included")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command.add_option("--signature", flags.signature,
                     "of the file; default: its main graph");
  command.add_option("--batch", flags.batch, "first dimension of the inputs")
      ->check(CLI::PositiveNumber);
  command.add_flag("--by-cost", flags.by_cost,
                   "delegates only where they estimate to be faster");
}

void AddRunFlags(CLI::App& command, SessionFlags& flags) {
  AddSessionFlags(command, flags);
  command.add_option("--shape", flags.shapes,
                     "INPUT=DIMxDIM..., INPUT a number or a name; repeatable");
  command.add_option("--pack-cache", flags.pack_cache,
                     "file that keeps packed weights for the next start");
}

absl::Status OpenBackends(const std::string& list,
                          runtime::InterpreterOptions& options) {
  bool closed = false;
  for (const std::string& name : Split(list, ',')) {
    const std::string what = "--backend: '" + name + "'";
    if (closed) {
      return absl::InvalidArgumentError(
          what + " comes after reference or cpu, which take all operators");
    }
    if (name == "reference" || name == "cpu") {
      options.backend =
          name == "cpu" ? runtime::Backend::kCpu : runtime::Backend::kReference;
      closed = true;
      continue;
    }
    auto delegate = OpenDelegate(name);
    if (!delegate.ok()) return Annotate(delegate.status(), what);
    options.delegates.push_back(*std::move(delegate));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ModelSession>> ModelSession::Load(
    const SessionFlags& flags, runtime::NodeObserver* observer) {
  std::unique_ptr<ModelSession> session(new ModelSession);
  const double start = SecondsNow();
  SOTTO_ASSIGN_OR_RETURN(
      session->model_,
      runtime::LoadModel(flags.path, {.fold_weights_to_f32 = false}));
  session->load_seconds_ = SecondsNow() - start;
  runtime::InterpreterOptions& options = session->options_;
  options.batch = flags.batch;
  options.threads = flags.threads;
  options.signature = flags.signature;
  options.observer = observer;
  options.delegates_by_cost = flags.by_cost;
  SOTTO_RETURN_IF_ERROR(OpenBackends(flags.backend, options));
  session->create_seconds_ = SecondsNow() - start - session->load_seconds_;
  return session;
}

absl::Status ModelSession::Create(const SessionFlags& flags) {
  if (!flags.pack_cache.empty()) {
    SOTTO_ASSIGN_OR_RETURN(pack_cache_,
                           runtime::PackCache::Open(flags.pack_cache));
    options_.pack_cache = &*pack_cache_;
  }
  SOTTO_ASSIGN_OR_RETURN(interpreter_,
                         runtime::Interpreter::Create(model_, options_));
  return ApplyShapes(flags, *interpreter_);
}

absl::StatusOr<std::unique_ptr<ModelSession>> ModelSession::Open(
    const SessionFlags& flags, runtime::NodeObserver* observer) {
  SOTTO_ASSIGN_OR_RETURN(std::unique_ptr<ModelSession> session,
                         Load(flags, observer));
  const double start = SecondsNow();
  SOTTO_RETURN_IF_ERROR(Annotate(session->Create(flags), flags.path));
  session->create_seconds_ += SecondsNow() - start;
  // What is kept for the next start is no part of this one.
  if (session->pack_cache_.has_value()) {
    SOTTO_RETURN_IF_ERROR(session->pack_cache_->Save());
  }
  return session;
}

const runtime::Graph* GraphOf(const runtime::Model& model,
                              const std::string& signature) {
  if (signature.empty()) return &model;
  for (const runtime::Signature& s : model.signatures) {
    if (s.key == signature) {
      return &model.graph(static_cast<std::size_t>(s.subgraph));
    }
  }
  return nullptr;
}

std::vector<std::int32_t> Dims(const runtime::Shape& shape) {
  return {shape.dims.begin(),
          shape.dims.begin() + static_cast<std::ptrdiff_t>(shape.rank)};
}

std::string ShapeText(const runtime::Shape& shape) {
  std::string text;
  for (const std::int32_t dim : Dims(shape)) {
    text += (text.empty() ? "" : "x") + std::to_string(dim);
  }
  return text.empty() ? "scalar" : text;
}

const char* TypeName(runtime::ElementType type) {
  using enum runtime::ElementType;
  switch (type) {
    case kFloat32:
      return "f32";
    case kFloat16:
      return "f16";
    case kInt32:
      return "int32";
    case kUint8:
      return "uint8";
    case kInt64:
      return "int64";
    case kString:
      return "string";
    case kBool:
      return "bool";
    case kInt16:
      return "int16";
    case kComplex64:
      return "complex64";
    case kInt8:
      return "int8";
    case kFloat64:
      return "f64";
    case kUint64:
      return "uint64";
    case kResource:
      return "resource";
    case kUint32:
      return "uint32";
    case kUint16:
      return "uint16";
    case kInt4:
      return "int4";
  }
  return "unknown";
}

void PrintJson(const nlohmann::json& report) {
  const std::string text =
      report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::printf("%s\n", text.c_str());
}

double SecondsNow() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace sotto::tools
