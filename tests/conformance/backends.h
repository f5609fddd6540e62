// The backends of this build.

#ifndef SOTTO_TESTS_CONFORMANCE_BACKENDS_H_
#define SOTTO_TESTS_CONFORMANCE_BACKENDS_H_

#include <string>
#include <vector>

#include "runtime/host/options.h"

namespace sotto::conformance {

struct Backend {
  std::string name;
  runtime::InterpreterOptions options;
};

// "reference" first, "cpu" second, then the delegates that this build and this
// machine have; a line says which are absent and why.
const std::vector<Backend>& Backends();

}  // namespace sotto::conformance

#endif  // SOTTO_TESTS_CONFORMANCE_BACKENDS_H_
