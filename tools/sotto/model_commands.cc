// sotto model new | quantize, and the registration of the others.

#include "tools/sotto/model_commands.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tools/sotto/command.h"

namespace sotto::tools {
namespace {

struct NewFlags {
  std::string architecture = "cnn", input = "8x8x1", out;
  std::int32_t classes = 10;
  std::uint64_t seed = 1;
  bool json = false;
};

absl::Status MakeNew(const NewFlags& flags) {
  runtime::ArchitectureParams params;
  char rest = 0;
  if (std::sscanf(flags.input.c_str(), "%6dx%6dx%6d%c", &params.height,
                  &params.width, &params.channels, &rest) != 3) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--input is '%s', expected HEIGHTxWIDTHxCHANNELS such as 28x28x1",
        flags.input));
  }
  params.name = flags.architecture;
  params.classes = flags.classes;
  params.seed = flags.seed;
  SOTTO_ASSIGN_OR_RETURN(const runtime::Model model,
                         runtime::MakeArchitecture(params));
  const Bytes bytes = runtime::WriteModel(model);
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(flags.out, bytes));
  const std::size_t weights = runtime::FlatWeights(model).size();
  if (flags.json) {
    const nlohmann::json report = {
        {"path", flags.out}, {"weights", weights}, {"bytes", bytes.size()}};
    std::printf("%s\n", report.dump().c_str());
  } else {
    std::printf("%s: %zu weights, %zu bytes\n", flags.out.c_str(), weights,
                bytes.size());
  }
  return absl::OkStatus();
}

void AddModelNew(CLI::App& model) {
  auto flags = std::make_shared<NewFlags>();
  CLI::App& command =
      *model.add_subcommand("new", "write an untrained network");
  command.add_option("--arch", flags->architecture, "cnn or mlp")
      ->capture_default_str();
  command.add_option("--input", flags->input, "HEIGHTxWIDTHxCHANNELS")
      ->capture_default_str();
  command.add_option("--classes", flags->classes, "number of outputs")
      ->capture_default_str();
  command.add_option("--seed", flags->seed, "of the initial weights")
      ->capture_default_str();
  command.add_option("--out", flags->out, "the .tflite file to write")
      ->required();
  command.add_flag("--json", flags->json, "print JSON");
  SetAction(command, [flags] { return MakeNew(*flags); });
}

struct QuantizeFlags {
  std::string in, out;
  int bits = 8;
};

absl::Status Quantize(const QuantizeFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const runtime::Model model,
                         runtime::LoadModel(flags.in));
  const int levels = (1 << (flags.bits - 1)) - 1;
  return WriteFileAtomically(flags.out,
                             runtime::WriteQuantizedModel(model, levels));
}

void AddModelQuantize(CLI::App& model) {
  auto flags = std::make_shared<QuantizeFlags>();
  CLI::App& command = *model.add_subcommand(
      "quantize", "store the weights as int8 behind DEQUANTIZE");
  command.add_option("model", flags->in, "the .tflite file")->required();
  command.add_option("--out", flags->out, "the .tflite file to write")
      ->required();
  command.add_option("--bits", flags->bits, "levels kept, stored in 8 bits")
      ->check(CLI::Range(2, 8))
      ->capture_default_str();
  SetAction(command, [flags] { return Quantize(*flags); });
}

}  // namespace

void AddModelCommands(CLI::App& app) {
  CLI::App& model =
      *app.add_subcommand("model", "make, read, run and measure models");
  model.require_subcommand(1);
  AddModelNew(model);
  AddModelInspect(model);
  AddModelRun(model);
  AddModelBench(model);
  AddModelClassify(model);
  AddModelEstimate(model);
  AddModelEvaluate(model);
  AddModelQuantize(model);
  AddModelMicro(model);
  AddModelOperators(model);
}

}  // namespace sotto::tools
