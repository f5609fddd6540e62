// sotto model micro: a model as C++ sources for a microcontroller.

#include <cstdio>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "runtime/micro/export/export.h"
#include "tools/sotto/command.h"
#include "tools/sotto/model_commands.h"

namespace sotto::tools {
namespace {

struct MicroFlags {
  std::string model, folder, name = "model";
};

absl::Status Export(const MicroFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const Bytes file, ReadFile(flags.model));
  const auto out = runtime::ExportMicroModel(file, flags.name);
  SOTTO_RETURN_IF_ERROR(Annotate(out.status(), flags.model));
  SOTTO_RETURN_IF_ERROR(MakeFolder(flags.folder));
  const std::string stem = flags.folder + "/" + flags.name;
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(stem + ".h", out->header));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(stem + ".cc", out->source));
  std::printf("%s.{h,cc}: %zu bytes of model, an arena of %zu bytes\n",
              stem.c_str(), file.size(), out->arena_bytes);
  for (const std::string& kernel : out->kernels) {
    std::printf("  %s\n", kernel.c_str());
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelMicro(CLI::App& model) {
  auto flags = std::make_shared<MicroFlags>();
  CLI::App& command =
      *model.add_subcommand("micro", "write C++ sources for a microcontroller");
  command.add_option("model", flags->model, "the .tflite file")->required();
  command.add_option("--out", flags->folder, "the folder to write to")
      ->required();
  command.add_option("--name", flags->name, "of the namespace and the files")
      ->capture_default_str();
  SetAction(command, [flags] { return Export(*flags); });
}

}  // namespace sotto::tools
