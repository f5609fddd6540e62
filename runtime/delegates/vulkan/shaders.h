// The compute shaders, compiled to SPIR-V with the build.

#ifndef SOTTO_RUNTIME_DELEGATES_VULKAN_SHADERS_H_
#define SOTTO_RUNTIME_DELEGATES_VULKAN_SHADERS_H_

#include <cstdint>
#include <span>

namespace sotto::runtime::vulkan {

// "Vector" ones read four channels at once.
enum class Shader : std::uint8_t {
  kConv,
  kConvVector,
  kDepthwise,
  kDepthwiseVector,
  kPool,
  kPoolVector,
  kDense,
  kUnary,
  kBinary,
  kSoftmax,
  kJoin,
  kPad,
  kNarrow,  // f16 builds only, as kWiden
  kWiden,
};

// Invocations a group (GROUP of shaders/common.glsl).
inline constexpr std::uint32_t kGroup = 64;

// Empty for what there is only with f16.
std::span<const std::uint32_t> SpirvOf(Shader shader, bool half);

}  // namespace sotto::runtime::vulkan

#endif  // SOTTO_RUNTIME_DELEGATES_VULKAN_SHADERS_H_
