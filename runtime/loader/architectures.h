// Ready-made networks for `sotto model new`, tests and benches.

#ifndef SOTTO_RUNTIME_LOADER_ARCHITECTURES_H_
#define SOTTO_RUNTIME_LOADER_ARCHITECTURES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "runtime/loader/model.h"

namespace sotto::runtime {

struct ArchitectureParams {
  std::string name;  // "cnn" or "mlp"
  std::int32_t height = 8, width = 8, channels = 1;
  std::int32_t classes = 10;
  std::uint64_t seed = 1;  // of the He-uniform initial weights
};

// "cnn": conv 3x3x16, conv 3x3x32, max-pool 2 (again while a side is above 8),
// dense 64, dense classes, all ReLU but the last; "mlp": dense 64, dense 32,
// dense classes. Outputs logits. INVALID_ARGUMENT names the parameter.
absl::StatusOr<Model> MakeArchitecture(const ArchitectureParams& params);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_ARCHITECTURES_H_
