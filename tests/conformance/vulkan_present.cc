#include "runtime/delegates/vulkan/vulkan_delegate.h"
#include "tests/conformance/vulkan.h"

namespace sotto::conformance {

const SottoDelegate* VulkanDelegate() { return SottoVulkanDelegate(); }

}  // namespace sotto::conformance
