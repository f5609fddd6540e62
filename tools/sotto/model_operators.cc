// sotto model operators: what a build for given models needs.

#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "nlohmann/json.hpp"
#include "runtime/loader/file_summary.h"
#include "tools/sotto/command.h"
#include "tools/sotto/model_commands.h"

namespace sotto::tools {
namespace {

struct OperatorsFlags {
  std::vector<std::string> models;
  bool as_json = false;
};

absl::Status List(const OperatorsFlags& flags) {
  std::set<std::string> names, missing;
  for (const std::string& path : flags.models) {
    SOTTO_ASSIGN_OR_RETURN(const Bytes file, ReadFile(path));
    const auto summary = runtime::SummarizeFile(file);
    SOTTO_RETURN_IF_ERROR(Annotate(summary.status(), path));
    for (const auto& op : summary->operators) {
      (op.missing ? missing : names).insert(op.name);
    }
  }
  if (flags.as_json) {
    std::printf("%s\n",
                nlohmann::json({{"operators", names}, {"missing", missing}})
                    .dump()
                    .c_str());
  } else {
    for (const std::string& name : names) std::printf("%s\n", name.c_str());
  }
  if (missing.empty()) return absl::OkStatus();
  std::string list;
  for (const std::string& name : missing) list += " " + name;
  return absl::UnimplementedError("there are no kernels for:" + list);
}

}  // namespace

void AddModelOperators(CLI::App& model) {
  auto flags = std::make_shared<OperatorsFlags>();
  CLI::App& command = *model.add_subcommand(
      "operators", "list the operators of models, for a build of these alone");
  command.footer(
      "A program that runs given models only need not hold every kernel. In "
      "its\n"
      "CMakeLists.txt:\n"
      "  sotto_select_operators(app CONV_2D ADD SOFTMAX)\n"
      "with what `sotto model operators a.tflite b.tflite` prints.");
  command.add_option("models", flags->models, "the .tflite files")->required();
  command.add_flag("--json", flags->as_json, "print JSON");
  SetAction(command, [flags] { return List(*flags); });
}

}  // namespace sotto::tools
