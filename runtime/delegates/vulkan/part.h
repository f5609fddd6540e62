// A part of a graph on the device: its memory and one command buffer, recorded
// once and submitted at each run.
//
// Memory: constants; one arena for all tensors between operators, which share
// it by their lifetimes; and, unless host and device share memory and tensors
// are f32 in both, a staging buffer for inputs and outputs.

#ifndef SOTTO_RUNTIME_DELEGATES_VULKAN_PART_H_
#define SOTTO_RUNTIME_DELEGATES_VULKAN_PART_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/delegates/vulkan/device.h"
#include "runtime/delegates/vulkan/program.h"

namespace sotto::runtime::vulkan {

class Part {
 public:
  // UNIMPLEMENTED: an operator is refused. RESOURCE_EXHAUSTED, UNAVAILABLE:
  // the device's.
  static absl::StatusOr<std::unique_ptr<Part>> Compile(
      std::shared_ptr<Device> device, const SottoDelegatePart& part);
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part();

  absl::Status Invoke(const void* const* inputs, void* const* outputs);

 private:
  // A range of a buffer, as bound.
  struct Range {
    VkBuffer buffer;
    std::size_t offset, bytes;
  };
  // An input or output of the part.
  struct Border {
    std::int32_t tensor;
    std::size_t elements;
    std::size_t staging = 0;  // offset
    std::size_t bytes() const { return elements * sizeof(float); }
  };

  explicit Part(std::shared_ptr<Device> device) : device_(std::move(device)) {}

  absl::Status PlanTensors(const Program& program,
                           const SottoDelegatePart& part);
  absl::Status Upload(const Program& program);
  absl::Status MakePools(std::size_t num_sets);
  absl::Status Record(const Program& program);
  absl::Status RecordStep(const Program& program, const Step& step);
  absl::Status RecordBorder(const Program& program, bool in);
  absl::Status Begin();
  Range RangeOf(const Program& program, const Operand& operand) const;
  std::uint8_t* HostMemory(const Border& border) const;
  bool staged() const { return !device_->unified() || device_->half(); }
  std::size_t ElementBytes() const { return device_->half() ? 2 : 4; }

  std::shared_ptr<Device> device_;
  std::vector<Border> inputs_, outputs_;
  std::vector<std::size_t> arena_offsets_;     // per tensor: of its root
  std::vector<std::size_t> constant_offsets_;  // per constant
  Buffer arena_, constants_, staging_;
  VkDescriptorPool sets_ = VK_NULL_HANDLE;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
  VkFence fence_ = VK_NULL_HANDLE;
};

}  // namespace sotto::runtime::vulkan

#endif  // SOTTO_RUNTIME_DELEGATES_VULKAN_PART_H_
