// One Vulkan device and its compute queue; pipelines are made when first asked
// for and kept.
//
// Thread-safe: parts of several interpreters share it.

#ifndef SOTTO_RUNTIME_DELEGATES_VULKAN_DEVICE_H_
#define SOTTO_RUNTIME_DELEGATES_VULKAN_DEVICE_H_

#include <vulkan/vulkan.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/delegates/vulkan/program.h"
#include "runtime/delegates/vulkan/shaders.h"

namespace sotto::runtime::vulkan {

struct DeviceOptions {
  int index = -1;  // in the driver's order; -1: the fastest kind
  bool half = false;
  // Copies inputs and outputs even where host and device share memory.
  bool staged = false;
};
// INVALID_ARGUMENT names what it does not know.
absl::StatusOr<DeviceOptions> ParseOptions(const std::string& text);

// OK, RESOURCE_EXHAUSTED (memory), UNAVAILABLE (device or driver gone) or
// INTERNAL, naming `what` and the driver's code.
absl::Status StatusOf(VkResult result, const char* what);

class Device {
 public:
  // UNAVAILABLE: no driver, no such device, or one that lacks what the options
  // ask for.
  static absl::StatusOr<std::shared_ptr<Device>> Create(
      const DeviceOptions& options);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  VkDevice get() const { return device_; }
  std::uint32_t queue_family() const { return family_; }
  const VkPhysicalDeviceLimits& limits() const { return properties_.limits; }
  VkPhysicalDeviceType type() const { return properties_.deviceType; }
  const char* name() const { return properties_.deviceName; }
  const VkPhysicalDeviceMemoryProperties& memory() const { return memory_; }
  std::size_t max_allocation() const { return max_allocation_; }
  // Tensors are f16.
  bool half() const { return half_; }
  // The host reads and writes the device's own memory at full speed.
  bool unified() const { return unified_; }

  VkDescriptorSetLayout bindings() const { return bindings_; }
  VkPipelineLayout layout() const { return layout_; }
  absl::StatusOr<VkPipeline> Pipeline(Shader shader, const Variant& variant);

  // Runs `commands` and waits. After UNAVAILABLE every call is refused.
  absl::Status Run(VkCommandBuffer commands, VkFence fence);

 private:
  Device() = default;
  absl::Status Choose(const DeviceOptions& options);
  absl::Status Open();

  VkInstance instance_ = VK_NULL_HANDLE;
  VkPhysicalDevice physical_ = VK_NULL_HANDLE;
  VkPhysicalDeviceProperties properties_ = {};
  VkPhysicalDeviceMemoryProperties memory_ = {};
  std::size_t max_allocation_ = 0;
  std::uint32_t instance_version_ = VK_API_VERSION_1_1;
  std::uint32_t family_ = 0;
  bool half_ = false, half_by_extension_ = false, unified_ = false;
  VkDevice device_ = VK_NULL_HANDLE;
  VkQueue queue_ = VK_NULL_HANDLE;
  VkDescriptorSetLayout bindings_ = VK_NULL_HANDLE;
  VkPipelineLayout layout_ = VK_NULL_HANDLE;

  std::mutex mutex_;  // of the queue and the pipelines
  std::map<std::pair<Shader, Variant>, VkPipeline> pipelines_;
  std::atomic<bool> lost_ = false;
};

// One allocation and the buffer over it.
class Buffer {
 public:
  enum class Place {
    kDevice,  // fastest for the device
    kShared,  // the same, and mapped: a unified device only
    kHost,    // mapped, for staging
  };
  // RESOURCE_EXHAUSTED: the device has not so much.
  static absl::StatusOr<Buffer> Make(std::shared_ptr<Device> device,
                                     Place place, std::size_t bytes);
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  VkBuffer get() const { return buffer_; }
  std::uint8_t* mapped() const { return mapped_; }

 private:
  std::shared_ptr<Device> device_;
  VkBuffer buffer_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
  std::uint8_t* mapped_ = nullptr;
};

// Memory types that a place wants, in order of preference; ~0: none.
std::uint32_t MemoryTypeOf(const VkPhysicalDeviceMemoryProperties& memory,
                           std::uint32_t allowed, Buffer::Place place);

}  // namespace sotto::runtime::vulkan

#endif  // SOTTO_RUNTIME_DELEGATES_VULKAN_DEVICE_H_
