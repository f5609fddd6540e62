#include "tests/conformance/backends.h"

#include <cstdio>

namespace sotto::conformance {
namespace {

std::vector<Backend> FindBackends() {
  std::vector<Backend> made(2);
  made[0].name = "reference";
  made[0].options.backend = runtime::Backend::kReference;
  made[1].name = "cpu";
  return made;
}

}  // namespace

const std::vector<Backend>& Backends() {
  static const std::vector<Backend> backends = FindBackends();
  return backends;
}

}  // namespace sotto::conformance
