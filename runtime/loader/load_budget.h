// How much memory one load may take beyond the file itself. A .tflite file may
// refer to the same table, buffer or vector any number of times, and a sparse
// or packed constant grows when it is expanded: what is copied is counted here,
// so that a small file cannot ask for much.

#ifndef SOTTO_RUNTIME_LOADER_LOAD_BUDGET_H_
#define SOTTO_RUNTIME_LOADER_LOAD_BUDGET_H_

#include <cstddef>

#include "absl/status/status.h"
#include "base/status.h"

namespace sotto::runtime {

class LoadBudget {
 public:
  // Weights that are 97 % zeros, or 4-bit weights widened to f32 with room to
  // spare, stay below 32 times the file.
  explicit LoadBudget(std::size_t file_bytes)
      : limit_((std::size_t{16} << 20) + 32 * file_bytes) {}

  // INVALID_ARGUMENT: more than a file of this size may take.
  absl::Status Charge(std::size_t bytes) {
    if (bytes <= limit_ - used_) {
      used_ += bytes;
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrFormat(
        "its contents expand to more than %d bytes, the limit for its size",
        limit_));
  }

 private:
  std::size_t limit_, used_ = 0;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_LOAD_BUDGET_H_
