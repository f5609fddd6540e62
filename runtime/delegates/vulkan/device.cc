#include "runtime/delegates/vulkan/device.h"

#include <array>
#include <vector>

#include "absl/strings/str_format.h"

namespace sotto::runtime::vulkan {
namespace {

constexpr std::uint32_t kNumBindings = 4;
// After so long without an answer a device counts as lost.
constexpr std::uint64_t kTimeoutNs = 300'000'000'000;

}  // namespace

absl::Status StatusOf(VkResult result, const char* what) {
  const std::string text =
      absl::StrFormat("%s: VkResult %d", what, static_cast<int>(result));
  switch (result) {
    case VK_SUCCESS:
      return absl::OkStatus();
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    case VK_ERROR_OUT_OF_POOL_MEMORY:
    case VK_ERROR_FRAGMENTED_POOL:
    case VK_ERROR_TOO_MANY_OBJECTS:
      return absl::ResourceExhaustedError("out of memory, " + text);
    case VK_ERROR_DEVICE_LOST:
    case VK_TIMEOUT:
      return absl::UnavailableError("the device was lost, " + text);
    case VK_ERROR_INITIALIZATION_FAILED:
    case VK_ERROR_INCOMPATIBLE_DRIVER:
      return absl::UnavailableError("no Vulkan driver works here, " + text);
    default:
      return absl::InternalError(text);
  }
}

absl::StatusOr<std::shared_ptr<Device>> Device::Create(
    const DeviceOptions& options) {
  std::shared_ptr<Device> made(new Device);
  VkApplicationInfo application = {};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.pApplicationName = "sotto";
  // Absent in loaders of Vulkan 1.0, which have no device for us either.
  std::uint32_t version = VK_API_VERSION_1_0;
  if (vkEnumerateInstanceVersion(&version) != VK_SUCCESS ||
      version < VK_API_VERSION_1_1) {
    return absl::UnavailableError("the Vulkan loader is older than 1.1");
  }
  made->instance_version_ =
      version >= VK_API_VERSION_1_2 ? VK_API_VERSION_1_2 : VK_API_VERSION_1_1;
  application.apiVersion = made->instance_version_;
  VkInstanceCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;
  if (const VkResult result =
          vkCreateInstance(&info, nullptr, &made->instance_);
      result != VK_SUCCESS) {
    made->instance_ = VK_NULL_HANDLE;
    return StatusOf(result, "starting Vulkan");
  }
  if (absl::Status status = made->Choose(options); !status.ok()) return status;
  if (absl::Status status = made->Open(); !status.ok()) return status;
  return made;
}

absl::Status Device::Open() {
  const float priority = 1.0f;
  VkDeviceQueueCreateInfo queue = {};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueFamilyIndex = family_;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  VkPhysicalDeviceShaderFloat16Int8Features arithmetic = {};
  arithmetic.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES;
  arithmetic.shaderFloat16 = VK_TRUE;
  VkPhysicalDevice16BitStorageFeatures storage = {};
  storage.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES;
  storage.pNext = &arithmetic;
  storage.storageBuffer16BitAccess = VK_TRUE;
  const char* const extension = VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME;
  VkDeviceCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.pNext = half_ ? &storage : nullptr;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = half_by_extension_ ? 1 : 0;
  info.ppEnabledExtensionNames = &extension;
  if (const VkResult result =
          vkCreateDevice(physical_, &info, nullptr, &device_);
      result != VK_SUCCESS) {
    device_ = VK_NULL_HANDLE;
    return StatusOf(result, "opening the device");
  }
  vkGetDeviceQueue(device_, family_, 0, &queue_);

  std::array<VkDescriptorSetLayoutBinding, kNumBindings> slots = {};
  for (std::uint32_t i = 0; i < kNumBindings; ++i) {
    slots[i].binding = i;
    slots[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    slots[i].descriptorCount = 1;
    slots[i].stageFlags = VK_SHADER_STAGE_COMPUTE_BIT;
  }
  VkDescriptorSetLayoutCreateInfo set = {};
  set.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  set.bindingCount = kNumBindings;
  set.pBindings = slots.data();
  if (const VkResult result =
          vkCreateDescriptorSetLayout(device_, &set, nullptr, &bindings_);
      result != VK_SUCCESS) {
    return StatusOf(result, "describing the bindings");
  }
  const VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                     Step::kParamBytes};
  VkPipelineLayoutCreateInfo layout = {};
  layout.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  layout.setLayoutCount = 1;
  layout.pSetLayouts = &bindings_;
  layout.pushConstantRangeCount = 1;
  layout.pPushConstantRanges = &range;
  return StatusOf(vkCreatePipelineLayout(device_, &layout, nullptr, &layout_),
                  "describing the pipelines");
}

Device::~Device() {
  for (const auto& [key, pipeline] : pipelines_) {
    vkDestroyPipeline(device_, pipeline, nullptr);
  }
  if (device_ != VK_NULL_HANDLE) {
    vkDestroyPipelineLayout(device_, layout_, nullptr);
    vkDestroyDescriptorSetLayout(device_, bindings_, nullptr);
    vkDestroyDevice(device_, nullptr);
  }
  if (instance_ != VK_NULL_HANDLE) vkDestroyInstance(instance_, nullptr);
}

absl::StatusOr<VkPipeline> Device::Pipeline(Shader shader,
                                            const Variant& variant) {
  const std::lock_guard lock(mutex_);
  VkPipeline& pipeline = pipelines_[{shader, variant}];
  if (pipeline != VK_NULL_HANDLE) return pipeline;
  const std::span<const std::uint32_t> code = SpirvOf(shader, half_);
  VkShaderModuleCreateInfo module_info = {};
  module_info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  module_info.codeSize = code.size_bytes();
  module_info.pCode = code.data();
  VkShaderModule shader_module = VK_NULL_HANDLE;
  if (const VkResult result =
          vkCreateShaderModule(device_, &module_info, nullptr, &shader_module);
      result != VK_SUCCESS) {
    return StatusOf(result, "loading a shader");
  }
  const std::array<VkSpecializationMapEntry, 3> entries = {
      {{0, offsetof(Variant, op), sizeof(variant.op)},
       {1, offsetof(Variant, clamped), sizeof(variant.clamped)},
       {2, offsetof(Variant, pixels), sizeof(variant.pixels)}}};
  const VkSpecializationInfo special = {entries.size(), entries.data(),
                                        sizeof(variant), &variant};
  VkComputePipelineCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = shader_module;
  info.stage.pName = "main";
  info.stage.pSpecializationInfo = &special;
  info.layout = layout_;
  const VkResult result = vkCreateComputePipelines(device_, VK_NULL_HANDLE, 1,
                                                   &info, nullptr, &pipeline);
  vkDestroyShaderModule(device_, shader_module, nullptr);
  if (result != VK_SUCCESS) {
    pipeline = VK_NULL_HANDLE;
    return StatusOf(result, "compiling a shader");
  }
  return pipeline;
}

absl::Status Device::Run(VkCommandBuffer commands, VkFence fence) {
  if (lost_) return StatusOf(VK_ERROR_DEVICE_LOST, "an earlier run");
  VkSubmitInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands;
  VkResult result;
  {
    const std::lock_guard lock(mutex_);
    result = vkQueueSubmit(queue_, 1, &info, fence);
  }
  // Without the memory to submit nothing has happened; it may be tried again.
  const bool submitted = result == VK_SUCCESS;
  if (submitted) {
    result = vkWaitForFences(device_, 1, &fence, VK_TRUE, kTimeoutNs);
  }
  if (result == VK_SUCCESS) result = vkResetFences(device_, 1, &fence);
  if (result != VK_SUCCESS && (submitted || result == VK_ERROR_DEVICE_LOST)) {
    lost_ = true;
  }
  return StatusOf(result, "running the part");
}

}  // namespace sotto::runtime::vulkan
