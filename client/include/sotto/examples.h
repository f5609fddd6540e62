// The app's own labelled examples. They never leave the device: training reads
// them in place.

#ifndef SOTTO_EXAMPLES_H_
#define SOTTO_EXAMPLES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace sotto {

// Read by one thread at a time, the SDK's. The count and the examples must not
// change during a call of the SDK.
class Examples {
 public:
  virtual ~Examples() = default;
  virtual std::size_t size() const = 0;
  // Writes the features of example `index` (0 <= index < size()) into
  // `features`, which has as many elements as one input of the model; returns
  // the label, or a negative number when the example cannot be read.
  virtual std::int32_t Read(std::size_t index,
                            std::span<float> features) const = 0;
};

// An IDX folder: `split`-images-idx3-ubyte and `split`-labels-idx1-ubyte, plain
// or .gz; pixels are scaled to [0, 1]. `split`: "train" or "test". NOT_FOUND:
// no such files. INVALID_ARGUMENT: malformed; the message names the file.
absl::StatusOr<std::unique_ptr<Examples>> OpenIdxFolder(
    const std::string& folder, const std::string& split);

}  // namespace sotto

#endif  // SOTTO_EXAMPLES_H_
