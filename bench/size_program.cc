// What an app needs to run a model, and no more: its size is what `bench/run
// size` prints. Usage: sotto-size-all MODEL

#include <cstdio>

#include "runtime/host/interpreter.h"
#include "runtime/loader/model_file.h"

int main(int argc, char** argv) {
  using namespace sotto::runtime;
  if (argc != 2) return 2;
  const auto model = LoadModel(argv[1], {});
  auto interpreter = model.ok() ? Interpreter::Create(*model, {})
                                : absl::StatusOr<Interpreter>(model.status());
  const absl::Status status =
      interpreter.ok() ? interpreter->Invoke() : interpreter.status();
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
