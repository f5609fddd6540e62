// The single-operator int16 networks that come with inputs and outputs: an
// archive of FOLDER/NAME.tflite, NAME_inputN_int16.csv, NAME_golden_int16.csv
// (or int32).

#ifndef SOTTO_TESTS_CONFORMANCE_INT16_CASES_H_
#define SOTTO_TESTS_CONFORMANCE_INT16_CASES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "tests/conformance/runner.h"

namespace sotto::conformance {

struct Int16Case {
  Feed feed;
  Bytes file;
  Result golden;  // without its shape
};

// INVALID_ARGUMENT: not such an archive.
absl::StatusOr<std::vector<Int16Case>> ReadInt16Cases(
    const std::string& archive);

}  // namespace sotto::conformance

#endif  // SOTTO_TESTS_CONFORMANCE_INT16_CASES_H_
