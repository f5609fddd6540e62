#include "tests/conformance/backends.h"

#include <cstdio>

#include "runtime/delegates/delegate_library.h"
#include "runtime/delegates/xnnpack/xnnpack_delegate.h"
#include "tests/conformance/vulkan.h"

namespace sotto::conformance {
namespace {

void AddDelegate(const std::string& name, const SottoDelegate* delegate,
                 std::vector<Backend>& made) {
  if (delegate == nullptr) {
    std::printf("backend %s: skipped, this build has none\n", name.c_str());
    return;
  }
  auto library = runtime::DelegateLibrary::Create(delegate, "");
  if (!library.ok()) {
    std::printf("backend %s: skipped, it does not start here: %s\n",
                name.c_str(), std::string(library.status().message()).c_str());
    return;
  }
  Backend backend;
  backend.name = name;
  backend.options.delegates = {*std::move(library)};
  made.push_back(std::move(backend));
}

std::vector<Backend> FindBackends() {
  std::vector<Backend> made(2);
  made[0].name = "reference";
  made[0].options.backend = runtime::Backend::kReference;
  made[1].name = "cpu";
  AddDelegate("xnnpack", SottoXnnpackDelegate(), made);
  AddDelegate("vulkan", VulkanDelegate(), made);
  return made;
}

}  // namespace

const std::vector<Backend>& Backends() {
  static const std::vector<Backend> backends = FindBackends();
  return backends;
}

}  // namespace sotto::conformance
