// Which device is used, and what its options mean.

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "runtime/delegates/vulkan/device.h"

namespace sotto::runtime::vulkan {
namespace {

int RankOf(VkPhysicalDeviceType type) {
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return 4;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return 3;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
      return 2;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return 1;
    default:
      return 0;
  }
}

// The first queue family that computes; -1: none.
int ComputeFamily(VkPhysicalDevice device) {
  std::uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
  for (std::uint32_t i = 0; i < count; ++i) {
    if ((families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) != 0 &&
        families[i].queueCount > 0) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

bool HasExtension(VkPhysicalDevice device, const char* name) {
  std::uint32_t count = 0;
  vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> extensions(count);
  vkEnumerateDeviceExtensionProperties(device, nullptr, &count,
                                       extensions.data());
  return std::ranges::any_of(extensions, [name](const auto& extension) {
    return std::strcmp(extension.extensionName, name) == 0;
  });
}

bool HasHalf(VkPhysicalDevice device) {
  VkPhysicalDeviceShaderFloat16Int8Features arithmetic = {};
  arithmetic.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES;
  VkPhysicalDevice16BitStorageFeatures storage = {};
  storage.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES;
  storage.pNext = &arithmetic;
  VkPhysicalDeviceFeatures2 features = {};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &storage;
  vkGetPhysicalDeviceFeatures2(device, &features);
  return storage.storageBuffer16BitAccess == VK_TRUE &&
         arithmetic.shaderFloat16 == VK_TRUE;
}

}  // namespace

absl::StatusOr<DeviceOptions> ParseOptions(const std::string& text) {
  DeviceOptions options;
  const std::vector<std::string> words =
      absl::StrSplit(text, absl::ByAnyChar(" ,"), absl::SkipEmpty());
  for (const std::string& word : words) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(word, absl::MaxSplits('=', 1));
    if (pair.first == "device" &&
        absl::SimpleAtoi(pair.second, &options.index) && options.index >= 0) {
      continue;
    }
    if (pair.first == "precision" &&
        (pair.second == "f16" || pair.second == "f32")) {
      options.half = pair.second == "f16";
      continue;
    }
    if (word == "memory=staged") {
      options.staged = true;
      continue;
    }
    return absl::InvalidArgumentError(absl::StrFormat(
        "option '%s' is not device=N, precision=f16|f32 or memory=staged",
        word));
  }
  return options;
}

absl::Status Device::Choose(const DeviceOptions& options) {
  std::uint32_t count = 0;
  VkResult result = vkEnumeratePhysicalDevices(instance_, &count, nullptr);
  if (result != VK_SUCCESS || count == 0) {
    return absl::UnavailableError("there is no Vulkan device");
  }
  std::vector<VkPhysicalDevice> devices(count);
  result = vkEnumeratePhysicalDevices(instance_, &count, devices.data());
  if (result != VK_SUCCESS && result != VK_INCOMPLETE) {
    return StatusOf(result, "listing the devices");
  }
  devices.resize(count);
  if (options.index >= static_cast<int>(devices.size())) {
    return absl::UnavailableError(absl::StrFormat(
        "device %d: there are %d", options.index, devices.size()));
  }
  int best = -1;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(devices[i], &properties);
    const int family = ComputeFamily(devices[i]);
    const bool wanted =
        options.index < 0 || options.index == static_cast<int>(i);
    if (!wanted || family < 0 || properties.apiVersion < VK_API_VERSION_1_1) {
      continue;
    }
    if (RankOf(properties.deviceType) <= best) continue;
    best = RankOf(properties.deviceType);
    physical_ = devices[i];
    properties_ = properties;
    family_ = static_cast<std::uint32_t>(family);
  }
  if (best < 0) {
    return absl::UnavailableError(
        "no device speaks Vulkan 1.1 and has a compute queue");
  }
  vkGetPhysicalDeviceMemoryProperties(physical_, &memory_);
  VkPhysicalDeviceMaintenance3Properties maintenance = {};
  maintenance.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES;
  VkPhysicalDeviceProperties2 all = {};
  all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  all.pNext = &maintenance;
  vkGetPhysicalDeviceProperties2(physical_, &all);
  max_allocation_ = maintenance.maxMemoryAllocationSize;
  // A large window into a card's memory exists too, but reading it is slow.
  const bool near = type() == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU ||
                    type() == VK_PHYSICAL_DEVICE_TYPE_CPU;
  unified_ = near && !options.staged &&
             MemoryTypeOf(memory_, ~std::uint32_t{0}, Buffer::Place::kShared) !=
                 ~std::uint32_t{0};
  half_ = options.half;
  if (!half_) return absl::OkStatus();
  const bool core = properties_.apiVersion >= VK_API_VERSION_1_2 &&
                    instance_version_ >= VK_API_VERSION_1_2;
  half_by_extension_ = !core;
  if ((!core &&
       !HasExtension(physical_, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME)) ||
      !HasHalf(physical_)) {
    return absl::UnavailableError(absl::StrFormat(
        "'%s' has no f16 arithmetic with 16-bit storage", name()));
  }
  return absl::OkStatus();
}

}  // namespace sotto::runtime::vulkan
