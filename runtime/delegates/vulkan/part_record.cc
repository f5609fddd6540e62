// The command buffer of a part.

#include <algorithm>
#include <array>

#include "runtime/delegates/vulkan/part.h"

namespace sotto::runtime::vulkan {
namespace {

// All that was written is seen by what follows.
void Barrier(VkCommandBuffer commands, bool to_host) {
  VkMemoryBarrier barrier = {};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask =
      VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
  if (!to_host) {
    barrier.dstAccessMask =
        VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
        VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
  }
  constexpr VkPipelineStageFlags kWork =
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
  constexpr VkPipelineStageFlags kHost = VK_PIPELINE_STAGE_HOST_BIT;
  vkCmdPipelineBarrier(commands, kWork, to_host ? kHost : kWork, 0, 1, &barrier,
                       0, nullptr, 0, nullptr);
}

}  // namespace

Part::Range Part::RangeOf(const Program& program,
                          const Operand& operand) const {
  const auto index = static_cast<std::size_t>(operand.index);
  const auto tensor_bytes = [&](std::int32_t tensor, std::size_t element) {
    return static_cast<std::size_t>(program.Elements(tensor)) * element;
  };
  switch (operand.kind) {
    case Operand::Kind::kTensor:
      return {arena_.get(), arena_offsets_[index],
              tensor_bytes(operand.index, ElementBytes())};
    case Operand::Kind::kConstant:
      return {constants_.get(), constant_offsets_[index],
              program.constants()[index].count * ElementBytes()};
    case Operand::Kind::kStaging: {
      const Border& border = index < inputs_.size()
                                 ? inputs_[index]
                                 : outputs_[index - inputs_.size()];
      return {staging_.get(), border.staging, border.bytes()};
    }
    default:
      return {VK_NULL_HANDLE, 0, 0};
  }
}

absl::Status Part::RecordStep(const Program& program, const Step& step) {
  absl::StatusOr<VkPipeline> pipeline =
      device_->Pipeline(step.shader, step.variant);
  if (!pipeline.ok()) return pipeline.status();
  const VkDescriptorSetLayout layout = device_->bindings();
  VkDescriptorSetAllocateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  info.descriptorPool = sets_;
  info.descriptorSetCount = 1;
  info.pSetLayouts = &layout;
  VkDescriptorSet set = VK_NULL_HANDLE;
  if (const VkResult r = vkAllocateDescriptorSets(device_->get(), &info, &set);
      r != VK_SUCCESS) {
    return StatusOf(r, "a descriptor set");
  }
  const std::array<Operand, 4> operands = {step.x, step.w, step.bias, step.y};
  std::array<VkDescriptorBufferInfo, 4> ranges;
  std::array<VkWriteDescriptorSet, 4> writes = {};
  for (std::uint32_t i = 0; i < 4; ++i) {
    // Every binding has a buffer, also those that the shader does not have.
    const Range range = RangeOf(
        program,
        operands[i].kind == Operand::Kind::kNone ? step.y : operands[i]);
    ranges[i] = {range.buffer, range.offset, range.bytes};
    writes[i].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    writes[i].dstSet = set;
    writes[i].dstBinding = i;
    writes[i].descriptorCount = 1;
    writes[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    writes[i].pBufferInfo = &ranges[i];
  }
  vkUpdateDescriptorSets(device_->get(), 4, writes.data(), 0, nullptr);
  const std::uint32_t across =
      std::min(step.groups, device_->limits().maxComputeWorkGroupCount[0]);
  const std::uint32_t down = (step.groups + across - 1) / across;
  if (down > device_->limits().maxComputeWorkGroupCount[1]) {
    return absl::ResourceExhaustedError("more work than one dispatch takes");
  }
  vkCmdBindPipeline(commands_, VK_PIPELINE_BIND_POINT_COMPUTE, *pipeline);
  vkCmdBindDescriptorSets(commands_, VK_PIPELINE_BIND_POINT_COMPUTE,
                          device_->layout(), 0, 1, &set, 0, nullptr);
  vkCmdPushConstants(commands_, device_->layout(), VK_SHADER_STAGE_COMPUTE_BIT,
                     0, Step::kParamBytes, step.params.data());
  vkCmdDispatch(commands_, across, down, 1);
  return absl::OkStatus();
}

// Staging to the arena, or back; f16 tensors are converted on the way.
absl::Status Part::RecordBorder(const Program& program, bool in) {
  const std::vector<Border>& borders = in ? inputs_ : outputs_;
  for (std::size_t i = 0; i < borders.size(); ++i) {
    const Operand tensor = {Operand::Kind::kTensor, borders[i].tensor};
    const Operand staging = {
        Operand::Kind::kStaging,
        static_cast<std::int32_t>(in ? i : inputs_.size() + i)};
    const Operand& from = in ? staging : tensor;
    const Operand& to = in ? tensor : staging;
    if (device_->half()) {
      Step step;
      step.shader = in ? Shader::kNarrow : Shader::kWiden;
      step.x = from;
      step.y = to;
      ElementParams params = {};
      params.items = static_cast<std::int32_t>(borders[i].elements);
      step.SetItems(params.items);
      step.SetParams(params);
      if (absl::Status s = RecordStep(program, step); !s.ok()) return s;
    } else {
      const Range source = RangeOf(program, from),
                  target = RangeOf(program, to);
      const VkBufferCopy copy = {source.offset, target.offset, source.bytes};
      vkCmdCopyBuffer(commands_, source.buffer, target.buffer, 1, &copy);
    }
  }
  return absl::OkStatus();
}

absl::Status Part::Record(const Program& program) {
  if (absl::Status s = Begin(); !s.ok()) return s;
  if (staged()) {
    if (absl::Status s = RecordBorder(program, true); !s.ok()) return s;
  }
  for (const Step& step : program.steps()) {
    if (!step.beside_previous) Barrier(commands_, false);
    if (absl::Status s = RecordStep(program, step); !s.ok()) return s;
  }
  if (staged()) {
    Barrier(commands_, false);
    if (absl::Status s = RecordBorder(program, false); !s.ok()) return s;
  }
  Barrier(commands_, true);
  return StatusOf(vkEndCommandBuffer(commands_), "recording the part");
}

}  // namespace sotto::runtime::vulkan
