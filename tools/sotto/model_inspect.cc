// sotto model inspect: what a .tflite file holds.

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/status.h"
#include "runtime/host/interpreter.h"
#include "runtime/loader/model_file.h"
#include "tools/sotto/command.h"
#include "tools/sotto/model_commands.h"

namespace sotto::tools {
namespace {

using nlohmann::json;

struct Flags {
  std::string path;
  bool as_json = false;
};

std::vector<std::int32_t> Dims(const runtime::Shape& shape) {
  return {shape.dims.begin(),
          shape.dims.begin() + static_cast<std::ptrdiff_t>(shape.rank)};
}

std::string Text(const runtime::Shape& shape) {
  std::string text;
  for (const std::int32_t dim : Dims(shape)) {
    text += (text.empty() ? "" : "x") + std::to_string(dim);
  }
  return text.empty() ? "scalar" : text;
}

json Describe(const runtime::Interpreter& runner,
              const std::vector<std::int32_t>& indices) {
  json list = json::array();
  for (const std::int32_t index : indices) {
    list.push_back(
        {{"tensor", index},
         {"name", runner.model().tensors[static_cast<std::size_t>(index)].name},
         {"shape", Dims(runner.tensor(index).shape)}});
  }
  return list;
}

void PrintTable(const runtime::Interpreter& runner, const json& report) {
  const runtime::Model& model = runner.model();
  std::printf("%s: %zu operators, %zu weights, %llu multiply-accumulates\n",
              report["path"].get<std::string>().c_str(), model.ops.size(),
              report["weights"].get<std::size_t>(),
              report["macs"].get<unsigned long long>());
  std::printf("arena %zu bytes, model %zu bytes\n", runner.arena_bytes(),
              report["bytes"].get<std::size_t>());
  for (const std::int32_t index : model.inputs) {
    std::printf("input   %s\n", Text(runner.tensor(index).shape).c_str());
  }
  for (std::size_t i = 0; i < model.ops.size(); ++i) {
    std::printf("%4zu    %-20s", i, runtime::OpName(model.ops[i].code));
    for (const std::int32_t output : model.ops[i].outputs) {
      std::printf(" %s", Text(runner.tensor(output).shape).c_str());
    }
    std::printf("\n");
  }
  for (const std::int32_t index : model.outputs) {
    std::printf("output  %s\n", Text(runner.tensor(index).shape).c_str());
  }
}

absl::Status Inspect(const Flags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const runtime::Model model,
                         runtime::LoadModel(flags.path));
  absl::StatusOr<runtime::Interpreter> runner =
      runtime::Interpreter::Create(model, {});
  if (!runner.ok()) return Annotate(runner.status(), flags.path);
  json ops = json::array();
  for (const runtime::OpInfo& op : model.ops) {
    ops.push_back({{"name", runtime::OpName(op.code)},
                   {"version", op.version},
                   {"inputs", op.inputs},
                   {"outputs", op.outputs}});
  }
  const json report = {
      {"path", flags.path},
      {"description", model.description},
      {"bytes", model.file_bytes},
      {"weights", runtime::FlatWeights(model).size()},
      {"macs", runtime::CountMacs(*runner)},
      {"arena_bytes", runner->arena_bytes()},
      {"inputs", Describe(*runner, model.inputs)},
      {"outputs", Describe(*runner, model.outputs)},
      {"operators", ops}};
  if (flags.as_json) {
    // Names come from the file and may be no UTF-8.
    std::printf(
        "%s\n",
        report.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
  } else {
    PrintTable(*runner, report);
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelInspect(CLI::App& model) {
  auto flags = std::make_shared<Flags>();
  CLI::App& command =
      *model.add_subcommand("inspect", "check a file and print its graph");
  command.add_option("model", flags->path, "the .tflite file")->required();
  command.add_flag("--json", flags->as_json, "print JSON");
  SetAction(command, [flags] { return Inspect(*flags); });
}

}  // namespace sotto::tools
