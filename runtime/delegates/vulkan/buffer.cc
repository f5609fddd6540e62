#include <utility>

#include "absl/strings/str_format.h"
#include "runtime/delegates/vulkan/device.h"

namespace sotto::runtime::vulkan {
namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};

}  // namespace

std::uint32_t MemoryTypeOf(const VkPhysicalDeviceMemoryProperties& memory,
                           std::uint32_t allowed, Buffer::Place place) {
  constexpr VkMemoryPropertyFlags kLocal = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
  constexpr VkMemoryPropertyFlags kMapped =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
      VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  constexpr VkMemoryPropertyFlags kCached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  const VkMemoryPropertyFlags needed = place == Buffer::Place::kDevice ? 0
                                       : place == Buffer::Place::kShared
                                           ? kLocal | kMapped
                                           : kMapped;
  const VkMemoryPropertyFlags liked =
      place == Buffer::Place::kDevice ? kLocal : kCached;
  for (const VkMemoryPropertyFlags flags : {needed | liked, needed}) {
    for (std::uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
      if ((allowed & (std::uint32_t{1} << i)) != 0 &&
          (memory.memoryTypes[i].propertyFlags & flags) == flags) {
        return i;
      }
    }
  }
  return kNone;
}

absl::StatusOr<Buffer> Buffer::Make(std::shared_ptr<Device> device, Place place,
                                    std::size_t bytes) {
  if (bytes > device->max_allocation()) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("a buffer of %d bytes; the device gives %d at once",
                        bytes, device->max_allocation()));
  }
  Buffer made;
  made.device_ = std::move(device);
  const VkDevice vk = made.device_->get();
  VkBufferCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = bytes;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
               VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
               VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  info.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  VkResult result = vkCreateBuffer(vk, &info, nullptr, &made.buffer_);
  if (result != VK_SUCCESS) {
    made.buffer_ = VK_NULL_HANDLE;
    return StatusOf(result, "a buffer");
  }
  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(vk, made.buffer_, &needs);
  const std::uint32_t type =
      MemoryTypeOf(made.device_->memory(), needs.memoryTypeBits, place);
  if (type == kNone) {
    return absl::ResourceExhaustedError("no memory of the kind for a buffer");
  }
  VkMemoryAllocateInfo allocation = {};
  allocation.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  allocation.allocationSize = needs.size;
  allocation.memoryTypeIndex = type;
  result = vkAllocateMemory(vk, &allocation, nullptr, &made.memory_);
  if (result != VK_SUCCESS) {
    made.memory_ = VK_NULL_HANDLE;
    return StatusOf(result, "memory for a buffer");
  }
  result = vkBindBufferMemory(vk, made.buffer_, made.memory_, 0);
  if (result != VK_SUCCESS) return StatusOf(result, "placing a buffer");
  if (place == Place::kDevice) return made;
  void* mapped = nullptr;
  result = vkMapMemory(vk, made.memory_, 0, VK_WHOLE_SIZE, 0, &mapped);
  if (result != VK_SUCCESS) return StatusOf(result, "mapping a buffer");
  made.mapped_ = static_cast<std::uint8_t*>(mapped);
  return made;
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(buffer_, other.buffer_);
  std::swap(memory_, other.memory_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

// Freeing memory unmaps it.
Buffer::~Buffer() {
  if (device_ == nullptr) return;
  vkDestroyBuffer(device_->get(), buffer_, nullptr);
  vkFreeMemory(device_->get(), memory_, nullptr);
}

}  // namespace sotto::runtime::vulkan
