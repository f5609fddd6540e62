// sotto model run: raw little-endian tensors in, raw tensors out.

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "runtime/host/interpreter.h"
#include "runtime/loader/model_file.h"
#include "tools/sotto/command.h"
#include "tools/sotto/model_commands.h"

namespace sotto::tools {
namespace {

struct Flags {
  std::string path, output_folder;
  std::vector<std::string> inputs;
  std::int32_t batch = 0;
  std::size_t repeat = 1;
};

absl::StatusOr<std::vector<Bytes>> ReadInputs(runtime::Interpreter& runner,
                                              const Flags& flags) {
  const std::size_t want = runner.model().inputs.size();
  if (flags.inputs.size() != want) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s has %d inputs, --input is given %d times", flags.path,
        static_cast<int>(want), static_cast<int>(flags.inputs.size())));
  }
  std::vector<Bytes> files;
  for (std::size_t i = 0; i < want; ++i) {
    SOTTO_ASSIGN_OR_RETURN(Bytes bytes, ReadFile(flags.inputs[i]));
    const std::size_t need = runner.input(i).size_bytes() * flags.repeat;
    if (bytes.size() != need) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s has %d bytes, input %d needs %d", flags.inputs[i],
          static_cast<std::int64_t>(bytes.size()), static_cast<int>(i),
          static_cast<std::int64_t>(need)));
    }
    files.push_back(std::move(bytes));
  }
  return files;
}

absl::Status Run(const Flags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const runtime::Model model,
                         runtime::LoadModel(flags.path));
  SOTTO_ASSIGN_OR_RETURN(
      runtime::Interpreter runner,
      runtime::Interpreter::Create(model, {.batch = flags.batch}));
  SOTTO_ASSIGN_OR_RETURN(const std::vector<Bytes> files,
                         ReadInputs(runner, flags));
  std::vector<Bytes> results(model.outputs.size());
  for (std::size_t turn = 0; turn < flags.repeat; ++turn) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::span<float> input = runner.input(i);
      std::memcpy(input.data(), files[i].data() + turn * input.size_bytes(),
                  input.size_bytes());
    }
    SOTTO_RETURN_IF_ERROR(runner.Invoke());
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto output = std::as_bytes(runner.output(i));
      const auto* begin = reinterpret_cast<const std::uint8_t*>(output.data());
      results[i].insert(results[i].end(), begin, begin + output.size());
    }
  }
  SOTTO_RETURN_IF_ERROR(MakeFolder(flags.output_folder));
  for (std::size_t i = 0; i < results.size(); ++i) {
    SOTTO_RETURN_IF_ERROR(WriteFileAtomically(
        flags.output_folder + "/output_" + std::to_string(i) + ".bin",
        results[i]));
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelRun(CLI::App& model) {
  auto flags = std::make_shared<Flags>();
  CLI::App& command = *model.add_subcommand(
      "run", "run a model on raw f32 files, in the order of its inputs");
  command.add_option("model", flags->path, "the .tflite file")->required();
  command.add_option("--input", flags->inputs, "one file per input");
  command
      .add_option("--output-dir", flags->output_folder,
                  "folder for output_0.bin, output_1.bin, ...")
      ->required();
  command.add_option("--batch", flags->batch, "first dimension of the inputs")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--repeat", flags->repeat,
                  "invocations, on consecutive slices of the files")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 20))
      ->capture_default_str();
  SetAction(command, [flags] { return Run(*flags); });
}

}  // namespace sotto::tools
