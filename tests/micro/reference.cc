// What the micro programs are compared with.
//
//   micro_reference --small MODEL          writes the small model of our own
//   micro_reference MODEL INPUTS OUTPUTS   makes inputs from a seed and writes
//                                          the host's reference outputs

#include <cstdio>
#include <string>
#include <vector>

#include "base/file.h"
#include "runtime/host/interpreter.h"
#include "runtime/loader/model_file.h"
#include "tests/micro/small_model.h"

namespace {

using namespace sotto;  // NOLINT: a program of one file

absl::Status Run(const std::vector<std::string>& args) {
  if (args[0] == "--small") {
    return WriteFileAtomically(args[1], runtime::SmallModel::Write());
  }
  auto model = runtime::LoadModel(args[0], {.fold_weights_to_f32 = false});
  if (!model.ok()) return model.status();
  runtime::InterpreterOptions options;
  options.backend = runtime::Backend::kReference;
  auto net = runtime::Interpreter::Create(*model, options);
  if (!net.ok()) return net.status();
  Bytes inputs, outputs;
  std::uint32_t seed = 1;
  for (std::size_t i = 0; i < net->num_inputs(); ++i) {
    for (auto& value : net->input_bytes(i)) {
      seed = seed * 1664525u + 1013904223u;
      value = static_cast<std::uint8_t>(seed >> 24);
      inputs.push_back(value);
    }
  }
  if (const auto status = net->Invoke(); !status.ok()) return status;
  for (std::size_t i = 0; i < net->num_outputs(); ++i) {
    const auto bytes = net->output_bytes(i);
    outputs.insert(outputs.end(), bytes.begin(), bytes.end());
  }
  const auto status = WriteFileAtomically(args[1], inputs);
  return status.ok() ? WriteFileAtomically(args[2], outputs) : status;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() < 2 || (args[0] != "--small" && args.size() != 3)) {
    std::fprintf(stderr, "wants --small MODEL, or MODEL INPUTS OUTPUTS\n");
    return 2;
  }
  const absl::Status status = Run(args);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
