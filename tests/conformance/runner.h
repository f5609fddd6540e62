// Runs a case on one backend.

#ifndef SOTTO_TESTS_CONFORMANCE_RUNNER_H_
#define SOTTO_TESTS_CONFORMANCE_RUNNER_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/host/interpreter.h"
#include "tests/conformance/case.h"
#include "tests/conformance/golden.h"

namespace sotto::conformance {

// What is fed: seeded inputs, or the ones that are given.
struct Feed {
  std::string name;  // of the streams
  std::vector<Range> ranges;
  std::vector<Dims> resize;
  int invocations = 1;
  std::string signature;
  std::vector<Bytes> inputs = {};  // one invocation's; empty: seeded
};
inline void PrintTo(const Feed& feed, std::ostream* out) { *out << feed.name; }
Feed FeedOf(const Case& c);

// All outputs of all invocations, in order. The errors of Create and Invoke.
absl::StatusOr<std::vector<Result>> RunModel(
    const runtime::Model& model, const Feed& feed,
    runtime::InterpreterOptions options);

}  // namespace sotto::conformance

#endif  // SOTTO_TESTS_CONFORMANCE_RUNNER_H_
