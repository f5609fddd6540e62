// Stored outputs, and whether others agree with them.

#ifndef SOTTO_TESTS_CONFORMANCE_GOLDEN_H_
#define SOTTO_TESTS_CONFORMANCE_GOLDEN_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "runtime/loader/model.h"

namespace sotto::conformance {

// One output of one invocation.
struct Result {
  int invocation = 0, output = 0;
  runtime::ElementType type = runtime::ElementType::kFloat32;
  runtime::Shape shape;
  Bytes bytes;
};

// By case, in the order of the file. The format is in make_goldens.
// INVALID_ARGUMENT: not such a file.
absl::StatusOr<std::map<std::string, std::vector<Result>>> ReadGoldens(
    const std::string& path);

// Products that are added up for one element of an output, over the graph and
// what it calls: per operator, the elements of its largest constant by the
// channels that share them; at least 1.
double AccumulationLength(const runtime::Model& model);

struct Rule {
  // f32: |a - b| <= 1e-5 * max |golden| * max(1, length / 1024), the maximum
  // over the tensor. A sum of n f32 products is off by about sqrt(n) to n units
  // of 2^-24; 1e-5 is 168 of them.
  double length = 1.0;
  // int8, uint8, int16: units of the last place. All other types are exact.
  int max_steps = 1;
  // The largest element of a quantised output is the golden's too.
  bool arg_max = false;
  // On delegates too: random weights leave no margin for their rounding.
  bool trained = false;
};

// Empty if they agree, else the first element that does not.
std::string Difference(const Result& golden, const Result& got,
                       const Rule& rule);

}  // namespace sotto::conformance

#endif  // SOTTO_TESTS_CONFORMANCE_GOLDEN_H_
