// Bytes as a .tflite file: what loads, as stored and with f32 weights, is
// planned, and run when it is small.

#include <algorithm>

#include "runtime/host/interpreter.h"
#include "runtime/loader/model_file.h"

namespace sotto::runtime {
namespace {

// Work per input, so that a network of a huge batch is no time-out.
constexpr std::size_t kMaxArenaBytes = std::size_t{1} << 20;
constexpr std::uint64_t kMaxMacs = 10'000'000;

// A WHILE may run for ever, which no loader can tell.
bool MayLoop(const Model& model) {
  for (std::size_t i = 0; i < model.num_graphs(); ++i) {
    if (std::ranges::any_of(model.graph(i).ops, [](const OpInfo& op) {
          return op.code == OpCode::kWhile;
        })) {
      return true;
    }
  }
  return false;
}

void LoadAndRun(const Bytes& bytes, bool fold) {
  const auto model = ParseModel(bytes, {.fold_weights_to_f32 = fold});
  if (!model.ok()) return;
  (void)ArchitectureBytes(*model);
  InterpreterOptions options;
  options.max_arena_bytes = kMaxArenaBytes;
  auto runner = Interpreter::Create(*model, options);
  if (!runner.ok() || CountMacs(*runner) > kMaxMacs || MayLoop(*model)) return;
  (void)runner->Invoke();
}

}  // namespace
}  // namespace sotto::runtime

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const sotto::Bytes bytes(data, data + size);
  sotto::runtime::LoadAndRun(bytes, true);
  sotto::runtime::LoadAndRun(bytes, false);
  return 0;
}
