// Bytes as a network and its inputs: what loads is planned and, when it is
// small, run, resized and run again, by the fast and by the plain kernels.

#include <algorithm>

#include "runtime/host/interpreter.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tests/fuzz/random_model.h"

namespace sotto::runtime {
namespace {

// Work per input, so that a shape made up by an operator is no time-out.
constexpr std::size_t kMaxArenaBytes = std::size_t{1} << 22;
constexpr std::uint64_t kMaxMacs = 10'000'000;

void FillInputs(Interpreter& interpreter, std::uint32_t seed) {
  for (std::size_t i = 0; i < interpreter.num_inputs(); ++i) {
    const bool real = interpreter.input_tensor(i).type == ElementType::kFloat32;
    const std::span<std::uint8_t> bytes = interpreter.input_bytes(i);
    for (std::size_t b = 0; b < bytes.size(); ++b) {
      seed = seed * 1664525u + 1013904223u;
      bytes[b] = static_cast<std::uint8_t>(seed >> 24);
      // Most f32 of moderate size; one in eight anything, also no number.
      if (real && b % 4 == 3 && seed >> 29 != 0) {
        bytes[b] = (bytes[b] & 0x80) | 0x3f;
      }
    }
  }
}

bool RunOnce(Interpreter& interpreter, std::uint32_t seed) {
  if (CountMacs(interpreter) > kMaxMacs) return false;
  FillInputs(interpreter, seed);
  (void)interpreter.Invoke();
  return true;
}

void Run(const Model& model, Choices& choices, Backend backend) {
  InterpreterOptions options;
  options.max_arena_bytes = kMaxArenaBytes;
  options.backend = backend;
  auto interpreter = Interpreter::Create(model, options);
  if (!interpreter.ok()) return;
  const std::uint32_t seed = choices.Octet();
  if (!RunOnce(*interpreter, seed) || !RunOnce(*interpreter, seed + 1)) return;
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < interpreter->num_inputs(); ++i) {
    shapes.push_back(interpreter->input_tensor(i).shape);
    for (std::size_t d = 0; d < shapes.back().rank; ++d) {
      if (choices.OneIn(3)) shapes.back().dims[d] = choices.Int(0, 6);
    }
  }
  if (interpreter->ResizeInputs(shapes).ok()) RunOnce(*interpreter, seed + 2);
  interpreter->ResetVariables();
}

void BuildAndRun(ByteView bytes) {
  Choices choices(bytes);
  const auto model = ParseModel(WriteModel(RandomModel(choices)),
                                {.fold_weights_to_f32 = choices.OneIn(2)});
  if (!model.ok()) return;
  Run(*model, choices, Backend::kCpu);
  Run(*model, choices, Backend::kReference);
}

}  // namespace
}  // namespace sotto::runtime

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  sotto::runtime::BuildAndRun({data, size});
  return 0;
}
