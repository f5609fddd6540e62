#include "runtime/delegates/vulkan/part.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "absl/strings/str_format.h"
#include "runtime/kernels/elementwise/half.h"
#include "runtime/planner/arena_plan.h"

namespace sotto::runtime::vulkan {
namespace {

// No device asks for a larger alignment of what is bound.
constexpr std::size_t kAlignment = 256;

std::size_t Aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Part>> Part::Compile(
    std::shared_ptr<Device> device, const SottoDelegatePart& in) {
  Program program({in.tensors, static_cast<std::size_t>(in.num_tensors)},
                  device->limits().maxStorageBufferRange);
  for (std::int32_t i = 0; i < in.num_ops; ++i) {
    if (const Refusal refusal = program.Add(in.ops[i])) {
      return absl::UnimplementedError(refusal);
    }
  }
  std::unique_ptr<Part> part(new Part(std::move(device)));
  const std::size_t num_sets = program.steps().size() +
                               static_cast<std::size_t>(in.num_inputs) +
                               static_cast<std::size_t>(in.num_outputs);
  if (absl::Status s = part->PlanTensors(program, in); !s.ok()) return s;
  if (absl::Status s = part->MakePools(num_sets); !s.ok()) return s;
  if (absl::Status s = part->Upload(program); !s.ok()) return s;
  if (absl::Status s = part->Record(program); !s.ok()) return s;
  return part;
}

Part::~Part() {
  const VkDevice vk = device_->get();
  vkDestroyFence(vk, fence_, nullptr);
  vkDestroyCommandPool(vk, pool_, nullptr);
  vkDestroyDescriptorPool(vk, sets_, nullptr);
}

absl::Status Part::PlanTensors(const Program& program,
                               const SottoDelegatePart& part) {
  const auto num_tensors = static_cast<std::size_t>(part.num_tensors);
  std::vector<Lifetime> lives(num_tensors);
  const int num_steps = static_cast<int>(program.steps().size());
  const auto live = [&](std::int32_t tensor, int step) {
    const std::int32_t root = program.RootOf(tensor);
    Lifetime& life = lives[static_cast<std::size_t>(root)];
    if (life.bytes == 0) {
      const auto elements = static_cast<std::size_t>(program.Elements(root));
      life = {.bytes = Aligned(elements * ElementBytes()),
              .first = step,
              .last = step};
    }
    life.last = std::max(life.last, step);
  };
  std::size_t staging = 0;
  const auto cross = [&](std::int32_t tensor, int step,
                         std::vector<Border>& borders) -> absl::Status {
    const std::int32_t elements = program.Elements(tensor);
    if (elements == 0 || program.tensor(tensor).type != 0) {
      return absl::UnimplementedError("an input or output that is not f32");
    }
    live(tensor, step);
    borders.push_back({tensor, static_cast<std::size_t>(elements), staging});
    staging += Aligned(borders.back().bytes());
    return absl::OkStatus();
  };
  for (std::int32_t i = 0; i < part.num_inputs; ++i) {
    if (absl::Status s = cross(part.inputs[i], 0, inputs_); !s.ok()) return s;
  }
  for (int i = 0; i < num_steps; ++i) {
    const Step& step = program.steps()[static_cast<std::size_t>(i)];
    for (const Operand& operand : {step.x, step.w, step.bias, step.y}) {
      if (operand.kind == Operand::Kind::kTensor) live(operand.index, i);
    }
  }
  for (std::int32_t i = 0; i < part.num_outputs; ++i) {
    if (absl::Status s = cross(part.outputs[i], num_steps, outputs_); !s.ok()) {
      return s;
    }
  }
  const ArenaPlan plan = PlanArena(lives);
  arena_offsets_.resize(num_tensors);
  for (std::size_t i = 0; i < num_tensors; ++i) {
    const auto root = program.RootOf(static_cast<std::int32_t>(i));
    arena_offsets_[i] = plan.offsets[static_cast<std::size_t>(root)];
  }
  absl::StatusOr<Buffer> arena = Buffer::Make(
      device_, staged() ? Buffer::Place::kDevice : Buffer::Place::kShared,
      std::max(plan.total_bytes, kAlignment));
  if (!arena.ok()) return arena.status();
  arena_ = *std::move(arena);
  if (!staged()) return absl::OkStatus();
  absl::StatusOr<Buffer> buffer = Buffer::Make(device_, Buffer::Place::kHost,
                                               std::max(staging, kAlignment));
  if (!buffer.ok()) return buffer.status();
  staging_ = *std::move(buffer);
  return absl::OkStatus();
}

absl::Status Part::MakePools(std::size_t num_sets) {
  const VkDevice vk = device_->get();
  const auto sets =
      static_cast<std::uint32_t>(std::max<std::size_t>(1, num_sets));
  const VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                     4 * sets};
  VkDescriptorPoolCreateInfo set_info = {};
  set_info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  set_info.maxSets = sets;
  set_info.poolSizeCount = 1;
  set_info.pPoolSizes = &size;
  VkResult result = vkCreateDescriptorPool(vk, &set_info, nullptr, &sets_);
  if (result != VK_SUCCESS) return StatusOf(result, "a descriptor pool");
  VkCommandPoolCreateInfo pool = {};
  pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  pool.queueFamilyIndex = device_->queue_family();
  result = vkCreateCommandPool(vk, &pool, nullptr, &pool_);
  if (result != VK_SUCCESS) return StatusOf(result, "a command pool");
  VkCommandBufferAllocateInfo commands = {};
  commands.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  commands.commandPool = pool_;
  commands.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  commands.commandBufferCount = 1;
  result = vkAllocateCommandBuffers(vk, &commands, &commands_);
  if (result != VK_SUCCESS) return StatusOf(result, "a command buffer");
  VkFenceCreateInfo fence = {};
  fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
  return StatusOf(vkCreateFence(vk, &fence, nullptr, &fence_), "a fence");
}

absl::Status Part::Begin() {
  const VkResult reset = vkResetCommandPool(device_->get(), pool_, 0);
  if (reset != VK_SUCCESS) return StatusOf(reset, "a command pool");
  VkCommandBufferBeginInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  return StatusOf(vkBeginCommandBuffer(commands_, &info), "recording");
}

absl::Status Part::Upload(const Program& program) {
  std::size_t total = 0;
  for (const Constant& constant : program.constants()) {
    constant_offsets_.push_back(total);
    total += Aligned(constant.count * ElementBytes());
  }
  if (total == 0) return absl::OkStatus();
  const bool direct = device_->unified();
  absl::StatusOr<Buffer> made = Buffer::Make(
      device_, direct ? Buffer::Place::kShared : Buffer::Place::kDevice, total);
  if (!made.ok()) return made.status();
  constants_ = *std::move(made);
  Buffer from;
  if (!direct) {
    made = Buffer::Make(device_, Buffer::Place::kHost, total);
    if (!made.ok()) return made.status();
    from = *std::move(made);
  }
  std::uint8_t* const memory = direct ? constants_.mapped() : from.mapped();
  std::vector<float> values;
  for (std::size_t i = 0; i < program.constants().size(); ++i) {
    const Constant& constant = program.constants()[i];
    values.assign(constant.count, 0.0f);
    constant.fill(values);
    std::uint8_t* const to = memory + constant_offsets_[i];
    if (device_->half()) {
      std::vector<std::uint16_t> halves(values.size());
      std::ranges::transform(values, halves.begin(), DoubleToHalf);
      std::memcpy(to, halves.data(), halves.size() * sizeof(halves[0]));
    } else {
      std::memcpy(to, values.data(), values.size() * sizeof(float));
    }
  }
  if (direct) return absl::OkStatus();
  if (absl::Status s = Begin(); !s.ok()) return s;
  const VkBufferCopy copy = {0, 0, total};
  vkCmdCopyBuffer(commands_, from.get(), constants_.get(), 1, &copy);
  if (const VkResult r = vkEndCommandBuffer(commands_); r != VK_SUCCESS) {
    return StatusOf(r, "recording the upload");
  }
  return device_->Run(commands_, fence_);
}

std::uint8_t* Part::HostMemory(const Border& border) const {
  return staged() ? staging_.mapped() + border.staging
                  : arena_.mapped() +
                        arena_offsets_[static_cast<std::size_t>(border.tensor)];
}

absl::Status Part::Invoke(const void* const* inputs, void* const* outputs) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    std::memcpy(HostMemory(inputs_[i]), inputs[i], inputs_[i].bytes());
  }
  if (absl::Status s = device_->Run(commands_, fence_); !s.ok()) return s;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    std::memcpy(outputs[i], HostMemory(outputs_[i]), outputs_[i].bytes());
  }
  return absl::OkStatus();
}

}  // namespace sotto::runtime::vulkan
