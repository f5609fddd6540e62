// sotto model run: raw little-endian tensors in, raw tensors out.

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "tools/sotto/command.h"
#include "tools/sotto/model_commands.h"
#include "tools/sotto/model_session.h"

namespace sotto::tools {
namespace {

struct RunFlags {
  SessionFlags session;
  std::string output_folder;
  std::vector<std::string> inputs;
  std::size_t repeat = 1;
  bool json = false;
};

absl::StatusOr<std::vector<Bytes>> ReadInputs(
    const runtime::Interpreter& runner, const RunFlags& flags) {
  const std::size_t want = runner.num_inputs();
  if (flags.inputs.size() != want) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s has %d inputs, --input is given %d times", flags.session.path,
        static_cast<int>(want), static_cast<int>(flags.inputs.size())));
  }
  std::vector<Bytes> files;
  for (std::size_t i = 0; i < want; ++i) {
    SOTTO_ASSIGN_OR_RETURN(Bytes bytes, ReadFile(flags.inputs[i]));
    const runtime::Tensor& tensor = runner.input_tensor(i);
    const std::size_t need = tensor.bytes() * flags.repeat;
    if (bytes.size() != need) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s has %d bytes, input %d (%s %s) needs %d for %d invocations",
          flags.inputs[i], static_cast<std::int64_t>(bytes.size()),
          static_cast<int>(i), TypeName(tensor.type), ShapeText(tensor.shape),
          static_cast<std::int64_t>(need),
          static_cast<std::int64_t>(flags.repeat)));
    }
    files.push_back(std::move(bytes));
  }
  return files;
}

nlohmann::json Describe(const runtime::Interpreter& runner,
                        const std::vector<std::string>& paths) {
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const runtime::Tensor& tensor = runner.output_tensor(i);
    const auto index = static_cast<std::size_t>(runner.graph().outputs[i]);
    list.push_back({{"path", paths[i]},
                    {"name", runner.graph().tensors[index].name},
                    {"type", TypeName(tensor.type)},
                    {"shape", Dims(tensor.shape)}});
  }
  return list;
}

absl::Status Run(const RunFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const std::unique_ptr<ModelSession> session,
                         ModelSession::Open(flags.session));
  runtime::Interpreter& runner = session->interpreter();
  SOTTO_ASSIGN_OR_RETURN(const std::vector<Bytes> files,
                         ReadInputs(runner, flags));
  std::vector<Bytes> results(runner.num_outputs());
  for (std::size_t turn = 0; turn < flags.repeat; ++turn) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::span<std::uint8_t> input = runner.input_bytes(i);
      if (input.empty()) continue;
      std::memcpy(input.data(), files[i].data() + turn * input.size(),
                  input.size());
    }
    SOTTO_RETURN_IF_ERROR(Annotate(runner.Invoke(), flags.session.path));
    for (std::size_t i = 0; i < results.size(); ++i) {
      const std::span<const std::uint8_t> output = runner.output_bytes(i);
      results[i].insert(results[i].end(), output.begin(), output.end());
    }
  }
  SOTTO_RETURN_IF_ERROR(MakeFolder(flags.output_folder));
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < results.size(); ++i) {
    paths.push_back(flags.output_folder + "/output_" + std::to_string(i) +
                    ".bin");
    SOTTO_RETURN_IF_ERROR(WriteFileAtomically(paths.back(), results[i]));
  }
  if (flags.json) {
    PrintJson({{"model", flags.session.path},
               {"invocations", flags.repeat},
               {"outputs", Describe(runner, paths)}});
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelRun(CLI::App& model) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App& command = *model.add_subcommand(
      "run", "run a model on raw little-endian files, in order of its inputs");
  AddRunFlags(command, flags->session);
  command.add_option("--input", flags->inputs, "one file per input");
  command
      .add_option("--output-dir", flags->output_folder,
                  "folder for output_0.bin, output_1.bin, ...")
      ->required();
  command
      .add_option("--repeat", flags->repeat,
                  "invocations, on consecutive slices of the files; variables "
                  "keep their values, outputs are appended")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 20))
      ->capture_default_str();
  command.add_flag("--json", flags->json,
                   "print the outputs' paths, types and last shapes");
  command.footer(
      "Example, a digit of 28x28 bytes as f32 through XNNPACK on two threads:\n"
      "  sotto model run digits.tflite --input digit.f32 --output-dir out \\\n"
      "    --backend xnnpack --threads 2 --json");
  SetAction(command, [flags] { return Run(*flags); });
}

}  // namespace sotto::tools
