// IDX files, the format of MNIST: unsigned bytes under a big-endian header,
// plain or gzipped. Pixels become value / 255.
//
// The parser is total: INVALID_ARGUMENT names the file and what is wrong;
// NOT_FOUND: neither the plain nor the .gz file is there.

#ifndef SOTTO_TRAINING_LOCAL_IDX_DATASET_H_
#define SOTTO_TRAINING_LOCAL_IDX_DATASET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "training/local/example_source.h"

namespace sotto::training {

struct IdxFile {
  std::vector<std::uint32_t> dims;  // 1 to 4
  Bytes values;                     // product of dims
};

absl::StatusOr<IdxFile> ParseIdx(ByteView bytes);
// At most `max_bytes` of output. INVALID_ARGUMENT: damaged, or larger.
absl::StatusOr<Bytes> Gunzip(ByteView bytes, std::size_t max_bytes);

enum class Split : std::uint8_t { kTrain, kTest };

// `folder`/train-images-idx3-ubyte and train-labels-idx1-ubyte, or the t10k-
// pair, each with or without .gz.
absl::StatusOr<ExampleTable> ReadIdxFolder(const std::string& folder,
                                           Split split);

}  // namespace sotto::training

#endif  // SOTTO_TRAINING_LOCAL_IDX_DATASET_H_
