// sotto model inspect: what a .tflite file holds, whether it runs or not.

#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "runtime/loader/file_summary.h"
#include "runtime/loader/mapped_file.h"
#include "tools/sotto/command.h"
#include "tools/sotto/model_commands.h"
#include "tools/sotto/model_plan.h"
#include "tools/sotto/model_session.h"

namespace sotto::tools {
namespace {

using nlohmann::json;

struct InspectFlags {
  SessionFlags session;
  bool as_json = false;
};

absl::StatusOr<runtime::FileSummary> Summarize(const std::string& path) {
  const absl::StatusOr<runtime::MappedFile> file = runtime::MapFile(path);
  if (absl::IsFailedPrecondition(file.status())) {
    SOTTO_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(path));
    auto summary = runtime::SummarizeFile(bytes);
    if (!summary.ok()) return Annotate(summary.status(), path);
    return summary;
  }
  if (!file.ok()) return file.status();
  auto summary = runtime::SummarizeFile(file->bytes);
  if (!summary.ok()) return Annotate(summary.status(), path);
  return summary;
}

json SummaryJson(const std::string& path, const runtime::FileSummary& summary) {
  json uses = json::array(), graphs = json::array();
  for (const auto& op : summary.operators) {
    uses.push_back({{"name", op.name},
                    {"version", op.version},
                    {"count", op.count},
                    {"missing", op.missing}});
  }
  const auto tensors = [](const std::vector<runtime::FileSummary::Tensor>& in) {
    json list = json::array();
    for (const auto& t : in) {
      list.push_back({{"name", t.name}, {"type", t.type}, {"shape", t.shape}});
    }
    return list;
  };
  for (const auto& graph : summary.graphs) {
    graphs.push_back({{"name", graph.name},
                      {"tensors", graph.num_tensors},
                      {"operators", graph.num_operators},
                      {"inputs", tensors(graph.inputs)},
                      {"outputs", tensors(graph.outputs)}});
  }
  return {{"path", path},
          {"description", summary.description},
          {"operator_uses", uses},
          {"missing", summary.Missing()},
          {"graphs", graphs},
          {"metadata", summary.metadata},
          {"signature_names", summary.signatures}};
}

// "int8 per channel", "f32".
std::string KindOf(const runtime::TensorInfo& tensor) {
  std::string kind = TypeName(tensor.type);
  const std::size_t scales = tensor.quantization.scale.size();
  if (scales == 1) kind += " per tensor";
  if (scales > 1) kind += " per channel";
  return kind;
}

json TensorJson(const ModelPlan& plan, std::int32_t index) {
  const runtime::TensorInfo& info =
      plan.graph().tensors[static_cast<std::size_t>(index)];
  const runtime::Tensor& tensor = plan.tensor(index);
  json out = {{"tensor", index},
              {"name", info.name},
              {"type", TypeName(info.type)},
              {"shape", Dims(tensor.shape)},
              {"dynamic", tensor.is_dynamic}};
  if (info.quantization.scale.size() == 1) {
    out["scale"] = info.quantization.scale[0];
    out["zero_point"] = info.quantization.zero_point.empty()
                            ? 0
                            : info.quantization.zero_point[0];
  }
  return out;
}

// Numbers in the constants that operators read: floats and quantised ones.
std::size_t CountWeights(const runtime::Graph& graph) {
  std::set<std::int32_t> read;
  for (const runtime::OpInfo& op : graph.ops) {
    read.insert(op.inputs.begin(), op.inputs.end());
  }
  std::size_t count = 0;
  for (const std::int32_t index : read) {
    if (index == runtime::kAbsent) continue;
    const auto& tensor = graph.tensors[static_cast<std::size_t>(index)];
    const bool number = tensor.type == runtime::ElementType::kFloat32 ||
                        tensor.type == runtime::ElementType::kFloat16 ||
                        !tensor.quantization.scale.empty();
    if (tensor.is_constant() && number) count += tensor.shape.Elements();
  }
  return count;
}

json GraphJson(const ModelPlan& plan) {
  const runtime::Graph& graph = plan.graph();
  json ops = json::array(), inputs = json::array(), outputs = json::array(),
       variables = json::array();
  const std::vector<std::string> kernels = plan.Kernels();
  for (std::size_t i = 0; i < graph.ops.size(); ++i) {
    const runtime::OpInfo& op = graph.ops[i];
    json shapes = json::array(), types = json::array();
    for (const std::int32_t output : op.outputs) {
      shapes.push_back(Dims(plan.tensor(output).shape));
      types.push_back(TypeName(plan.tensor(output).type));
    }
    ops.push_back({{"name", runtime::OpName(op.code)},
                   {"version", op.version},
                   {"inputs", op.inputs},
                   {"outputs", op.outputs},
                   {"shapes", shapes},
                   {"types", types},
                   {"macs", plan.MacsOfOp(i)},
                   {"kernel", kernels[i]}});
  }
  std::map<std::string, std::size_t> kinds;
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    ++kinds[KindOf(graph.tensors[i])];
    if (graph.tensors[i].is_variable) {
      variables.push_back(TensorJson(plan, static_cast<std::int32_t>(i)));
    }
  }
  for (const std::int32_t t : graph.inputs)
    inputs.push_back(TensorJson(plan, t));
  for (const std::int32_t t : graph.outputs) {
    outputs.push_back(TensorJson(plan, t));
  }
  return {{"inputs", inputs},
          {"outputs", outputs},
          {"variables", variables},
          {"operators", ops},
          {"tensor_kinds", kinds},
          {"weights", CountWeights(graph)},
          {"macs", plan.TotalMacs()},
          {"arena_bytes", plan.memory().arena},
          {"packed_bytes", plan.memory().packed},
          {"constant_bytes", plan.memory().constants}};
}

json SignaturesJson(const runtime::Model& model) {
  json list = json::array();
  for (const runtime::Signature& s : model.signatures) {
    json inputs = json::array(), outputs = json::array();
    for (const auto& [name, tensor] : s.inputs) inputs.push_back(name);
    for (const auto& [name, tensor] : s.outputs) outputs.push_back(name);
    list.push_back({{"name", s.key},
                    {"subgraph", s.subgraph},
                    {"inputs", inputs},
                    {"outputs", outputs}});
  }
  return list;
}

// Adds what needs a model that runs; the subgraphs that it calls are prepared
// for the shapes in the file, and left out where those do not do.
absl::Status AddModel(const InspectFlags& flags, json& report) {
  SOTTO_ASSIGN_OR_RETURN(const std::unique_ptr<ModelSession> session,
                         ModelSession::Load(flags.session));
  const runtime::Model& model = session->model();
  report["bytes"] = model.file_bytes;
  report["signatures"] = SignaturesJson(model);
  report["resource_variables"] = model.num_resources;
  std::size_t main = 0;
  const runtime::Graph* chosen = GraphOf(model, flags.session.signature);
  if (chosen == nullptr) {
    return absl::NotFoundError(absl::StrFormat("%s has no signature '%s'",
                                               flags.session.path,
                                               flags.session.signature));
  }
  while (&model.graph(main) != chosen) ++main;
  for (std::size_t i = 0; i < model.num_graphs(); ++i) {
    const auto plan = ModelPlan::Make(model, session->options(), i);
    if (!plan.ok()) {
      if (i == main) return Annotate(plan.status(), flags.session.path);
      report["graphs"][i]["unprepared"] = std::string(plan.status().message());
      continue;
    }
    const json graph = GraphJson(**plan);
    report["graphs"][i].update(graph);
    if (i == main) report.update(graph);
  }
  return absl::OkStatus();
}

std::string Text(const json& dims) {
  std::string text;
  for (const json& dim : dims) {
    text += (text.empty() ? "" : "x") + std::to_string(dim.get<int>());
  }
  return text.empty() ? "scalar" : text;
}

std::string Line(const json& tensor) {
  std::string text = tensor["name"].get<std::string>() + " " +
                     tensor["type"].get<std::string>() + " " +
                     Text(tensor["shape"]);
  if (tensor.value("dynamic", false)) text += " (known when it runs)";
  if (tensor.contains("scale")) {
    text += absl::StrFormat(", %g x (q - %d)", tensor["scale"].get<double>(),
                            tensor["zero_point"].get<std::int64_t>());
  }
  return text;
}

void PrintGraph(std::size_t number, const json& graph) {
  std::printf("graph %zu '%s'\n", number,
              graph["name"].get<std::string>().c_str());
  for (const json& t : graph["inputs"]) {
    std::printf("  input     %s\n", Line(t).c_str());
  }
  if (graph.contains("variables")) {
    for (const json& t : graph["variables"]) {
      std::printf("  variable  %s\n", Line(t).c_str());
    }
  }
  // A number where the graph could not be prepared, else a list.
  if (graph["operators"].is_array()) {
    for (std::size_t i = 0; i < graph["operators"].size(); ++i) {
      const json& op = graph["operators"][i];
      std::string shapes;
      for (std::size_t j = 0; j < op["shapes"].size(); ++j) {
        shapes += " " + op["types"][j].get<std::string>() + " " +
                  Text(op["shapes"][j]);
      }
      std::printf(
          "%4zu  %-24s v%-2d %12llu MACs  %-28s%s\n", i,
          op["name"].get<std::string>().c_str(), op["version"].get<int>(),
          static_cast<unsigned long long>(op["macs"].get<std::uint64_t>()),
          op["kernel"].get<std::string>().c_str(), shapes.c_str());
    }
  } else {
    std::printf(
        "  %zu operators%s\n", graph["operators"].get<std::size_t>(),
        graph.contains("unprepared")
            ? (", not prepared: " + graph["unprepared"].get<std::string>())
                  .c_str()
            : "");
  }
  for (const json& t : graph["outputs"]) {
    std::printf("  output    %s\n", Line(t).c_str());
  }
}

void PrintReport(const json& report) {
  std::printf("%s: %s\n", report["path"].get<std::string>().c_str(),
              report["description"].get<std::string>().c_str());
  if (report.contains("macs")) {
    std::printf(
        "%zu weights, %llu multiply-accumulates\n",
        report["weights"].get<std::size_t>(),
        static_cast<unsigned long long>(report["macs"].get<std::uint64_t>()));
    std::printf(
        "bytes: model %zu; arena %zu, packed weights %zu, other constants "
        "%zu\n",
        report["bytes"].get<std::size_t>(),
        report["arena_bytes"].get<std::size_t>(),
        report["packed_bytes"].get<std::size_t>(),
        report["constant_bytes"].get<std::size_t>());
    std::string kinds;
    for (const auto& [kind, count] : report["tensor_kinds"].items()) {
      kinds += (kinds.empty() ? "" : ", ") +
               std::to_string(count.get<std::size_t>()) + " " + kind;
    }
    std::printf("tensors: %s\n", kinds.c_str());
    for (const json& s : report["signatures"]) {
      std::printf("signature '%s' of graph %d: %s -> %s\n",
                  s["name"].get<std::string>().c_str(),
                  s["subgraph"].get<int>(), s["inputs"].dump().c_str(),
                  s["outputs"].dump().c_str());
    }
  }
  for (const json& name : report["metadata"]) {
    std::printf("metadata '%s'\n", name.get<std::string>().c_str());
  }
  for (std::size_t i = 0; i < report["graphs"].size(); ++i) {
    PrintGraph(i, report["graphs"][i]);
  }
  for (const json& op : report["operator_uses"]) {
    std::printf("%6zu x %s version %d%s\n", op["count"].get<std::size_t>(),
                op["name"].get<std::string>().c_str(), op["version"].get<int>(),
                op["missing"].get<bool>() ? "  MISSING" : "");
  }
}

absl::Status Inspect(const InspectFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const runtime::FileSummary summary,
                         Summarize(flags.session.path));
  json report = SummaryJson(flags.session.path, summary);
  const absl::Status status = AddModel(flags, report);
  report["runs"] = status.ok();
  if (!status.ok()) report["error"] = std::string(status.message());
  // Names come from the file and may be no UTF-8.
  report =
      json::parse(report.dump(-1, ' ', false, json::error_handler_t::replace));
  if (flags.as_json) {
    PrintJson(report);
  } else {
    PrintReport(report);
  }
  return status;
}

}  // namespace

void AddModelInspect(CLI::App& model) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App& command = *model.add_subcommand(
      "inspect", "check a file; print its graphs, work and memory");
  AddSessionFlags(command, flags->session);
  command.add_flag("--json", flags->as_json, "print JSON");
  command.footer(
      "Nothing is run and no memory is taken for it. A file with operators "
      "that this\nbuild lacks is listed all the same, those marked MISSING, "
      "and the exit code is 1.\nExample:\n"
      "  sotto model inspect digits.tflite --json");
  SetAction(command, [flags] { return Inspect(*flags); });
}

}  // namespace sotto::tools
