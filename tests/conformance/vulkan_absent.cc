#include "tests/conformance/vulkan.h"

namespace sotto::conformance {

const SottoDelegate* VulkanDelegate() { return nullptr; }

}  // namespace sotto::conformance
