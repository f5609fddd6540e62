#include "runtime/delegates/vulkan/vulkan_delegate.h"

#include <cstdio>
#include <memory>

#include "absl/strings/string_view.h"
#include "runtime/delegates/vulkan/part.h"

namespace sotto::runtime::vulkan {
namespace {

void Say(SottoDelegateMessage* message, absl::string_view text) {
  std::snprintf(message->text, sizeof(message->text), "%.*s",
                static_cast<int>(text.size()), text.data());
}

struct Delegate {
  std::shared_ptr<Device> device;
};

Delegate& Of(void* self) { return *static_cast<Delegate*>(self); }

void* Create(const char* options, SottoDelegateMessage* message) {
  const absl::StatusOr<DeviceOptions> parsed =
      ParseOptions(options == nullptr ? "" : options);
  if (!parsed.ok()) {
    Say(message, parsed.status().message());
    return nullptr;
  }
  absl::StatusOr<std::shared_ptr<Device>> device = Device::Create(*parsed);
  if (!device.ok()) {
    Say(message, device.status().message());
    return nullptr;
  }
  return new Delegate{*std::move(device)};
}

// The device itself goes with the last part.
void Destroy(void* self) { delete static_cast<Delegate*>(self); }

Program EmptyProgram(void* self, const SottoDelegateTensor* tensors,
                     std::int32_t count) {
  return Program({tensors, static_cast<std::size_t>(count)},
                 Of(self).device->limits().maxStorageBufferRange);
}

std::int32_t Supports(void* self, const SottoDelegateTensor* tensors,
                      std::int32_t num_tensors, const SottoDelegateOp* op,
                      SottoDelegateMessage* message) {
  const Refusal refusal = EmptyProgram(self, tensors, num_tensors).Add(*op);
  if (refusal == nullptr) return 1;
  Say(message, refusal);
  return 0;
}

// What a kind of device is taken to do; orders of magnitude, to decide whether
// a part is worth the trip. Those of the software device are measured on one
// core (resnet8: 12.5 million multiply-accumulates in 8.7 ms), those of GPUs
// are assumed.
struct Rates {
  double submit_ns, dispatch_ns, bytes_per_ns, macs_per_ns;
};

Rates RatesOf(VkPhysicalDeviceType type) {
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return {100e3, 5e3, 8, 1000};
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return {150e3, 10e3, 8, 100};
    default:
      return {200e3, 20e3, 4, 1};
  }
}

double Cost(void* self, const SottoDelegatePart* part) {
  Program program = EmptyProgram(self, part->tensors, part->num_tensors);
  for (std::int32_t i = 0; i < part->num_ops; ++i) {
    if (program.Add(part->ops[i]) != nullptr) return -1;
  }
  double bytes = 0;
  for (std::int32_t i = 0; i < part->num_inputs; ++i) {
    bytes += sizeof(float) * program.Elements(part->inputs[i]);
  }
  for (std::int32_t i = 0; i < part->num_outputs; ++i) {
    bytes += sizeof(float) * program.Elements(part->outputs[i]);
  }
  const Rates rates = RatesOf(Of(self).device->type());
  return rates.submit_ns +
         rates.dispatch_ns * static_cast<double>(program.steps().size()) +
         bytes / rates.bytes_per_ns + program.macs() / rates.macs_per_ns;
}

void* Prepare(void* self, const SottoDelegatePart* part,
              SottoDelegateMessage* message) {
  absl::StatusOr<std::unique_ptr<Part>> compiled =
      Part::Compile(Of(self).device, *part);
  if (compiled.ok()) return compiled->release();
  Say(message, compiled.status().message());
  return nullptr;
}

std::int32_t Invoke(void* part, const void* const* inputs, void* const* outputs,
                    SottoDelegateMessage* message) {
  const absl::Status status = static_cast<Part*>(part)->Invoke(inputs, outputs);
  if (!status.ok()) Say(message, status.message());
  return static_cast<std::int32_t>(status.code());
}

void Release(void* part) { delete static_cast<Part*>(part); }

constexpr SottoDelegate kDelegate = {.abi_version = SOTTO_DELEGATE_ABI_VERSION,
                                     .struct_size = sizeof(SottoDelegate),
                                     .name = "vulkan",
                                     .create = Create,
                                     .destroy = Destroy,
                                     .supports = Supports,
                                     .cost = Cost,
                                     .prepare = Prepare,
                                     .invoke = Invoke,
                                     .release = Release};

}  // namespace
}  // namespace sotto::runtime::vulkan

const SottoDelegate* SottoVulkanDelegate(void) {
  return &sotto::runtime::vulkan::kDelegate;
}
