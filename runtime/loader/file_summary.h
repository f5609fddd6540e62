// What a .tflite file says it holds, also where this build cannot run it.

#ifndef SOTTO_RUNTIME_LOADER_FILE_SUMMARY_H_
#define SOTTO_RUNTIME_LOADER_FILE_SUMMARY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto::runtime {

struct FileSummary {
  struct Operator {
    std::string name;  // of the format's list, or "custom 'NAME'"
    std::int32_t version = 1;
    std::size_t count = 0;  // over all graphs
    bool missing = false;   // no kernel serves it
  };
  struct Tensor {
    std::string name, type;  // "FLOAT32"
    std::vector<std::int32_t> shape;
  };
  struct Graph {
    std::string name;
    std::size_t num_tensors = 0, num_operators = 0;
    std::vector<Tensor> inputs, outputs;
  };

  std::string description;
  std::vector<Operator> operators;  // by name
  std::vector<Graph> graphs;
  std::vector<std::string> signatures, metadata;

  std::vector<std::string> Missing() const;  // "NAME version V"
};

// INVALID_ARGUMENT: no .tflite file, or cut short. What is inconsistent inside
// is left out: ParseModel says what is wrong. Names are at most 256 bytes;
// `bytes` begin at a multiple of 8.
absl::StatusOr<FileSummary> SummarizeFile(ByteView bytes);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_FILE_SUMMARY_H_
