// The Vulkan delegate, where the build has it: one of two files is compiled.

#ifndef SOTTO_TESTS_CONFORMANCE_VULKAN_H_
#define SOTTO_TESTS_CONFORMANCE_VULKAN_H_

#include "runtime/delegates/sotto_delegate.h"

namespace sotto::conformance {

// Null: the build has none.
const SottoDelegate* VulkanDelegate();

}  // namespace sotto::conformance

#endif  // SOTTO_TESTS_CONFORMANCE_VULKAN_H_
