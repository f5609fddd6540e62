// Bytes as a .tflite file: what loads is planned, and run when it is small.

#include "runtime/host/interpreter.h"
#include "runtime/loader/model_file.h"

namespace {

// Work per input, so that a network of a huge batch is no time-out.
constexpr std::size_t kMaxArenaBytes = std::size_t{1} << 17;
constexpr std::uint64_t kMaxMacs = 10'000'000;

void LoadAndRun(sotto::Bytes bytes) {
  const auto model = sotto::runtime::ParseModel(std::move(bytes));
  if (!model.ok()) return;
  auto runner = sotto::runtime::Interpreter::Create(
      *model, {.max_arena_bytes = kMaxArenaBytes});
  if (!runner.ok() || sotto::runtime::CountMacs(*runner) > kMaxMacs) return;
  (void)runner->Invoke();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  LoadAndRun({data, data + size});
  return 0;
}
