#include "runtime/delegates/vulkan/shaders.h"

#include <array>
#include <cstddef>

namespace sotto::runtime::vulkan {
namespace {

// Written by the build.
#include "runtime/delegates/vulkan/shaders/binary_f16.h"
#include "runtime/delegates/vulkan/shaders/binary_f32.h"
#include "runtime/delegates/vulkan/shaders/conv_f16.h"
#include "runtime/delegates/vulkan/shaders/conv_f32.h"
#include "runtime/delegates/vulkan/shaders/conv_vector_f16.h"
#include "runtime/delegates/vulkan/shaders/conv_vector_f32.h"
#include "runtime/delegates/vulkan/shaders/dense_f16.h"
#include "runtime/delegates/vulkan/shaders/dense_f32.h"
#include "runtime/delegates/vulkan/shaders/depthwise_f16.h"
#include "runtime/delegates/vulkan/shaders/depthwise_f32.h"
#include "runtime/delegates/vulkan/shaders/depthwise_vector_f16.h"
#include "runtime/delegates/vulkan/shaders/depthwise_vector_f32.h"
#include "runtime/delegates/vulkan/shaders/join_f16.h"
#include "runtime/delegates/vulkan/shaders/join_f32.h"
#include "runtime/delegates/vulkan/shaders/narrow_f16.h"
#include "runtime/delegates/vulkan/shaders/pad_f16.h"
#include "runtime/delegates/vulkan/shaders/pad_f32.h"
#include "runtime/delegates/vulkan/shaders/pool_f16.h"
#include "runtime/delegates/vulkan/shaders/pool_f32.h"
#include "runtime/delegates/vulkan/shaders/pool_vector_f16.h"
#include "runtime/delegates/vulkan/shaders/pool_vector_f32.h"
#include "runtime/delegates/vulkan/shaders/softmax_f16.h"
#include "runtime/delegates/vulkan/shaders/softmax_f32.h"
#include "runtime/delegates/vulkan/shaders/unary_f16.h"
#include "runtime/delegates/vulkan/shaders/unary_f32.h"
#include "runtime/delegates/vulkan/shaders/widen_f16.h"

using Code = std::span<const std::uint32_t>;

struct Entry {
  Code f32, f16;
};

}  // namespace

std::span<const std::uint32_t> SpirvOf(Shader shader, bool half) {
  // In the order of the enumeration.
  static const std::array<Entry, 14> kTable = {
      {{spirv_conv_f32, spirv_conv_f16},
       {spirv_conv_vector_f32, spirv_conv_vector_f16},
       {spirv_depthwise_f32, spirv_depthwise_f16},
       {spirv_depthwise_vector_f32, spirv_depthwise_vector_f16},
       {spirv_pool_f32, spirv_pool_f16},
       {spirv_pool_vector_f32, spirv_pool_vector_f16},
       {spirv_dense_f32, spirv_dense_f16},
       {spirv_unary_f32, spirv_unary_f16},
       {spirv_binary_f32, spirv_binary_f16},
       {spirv_softmax_f32, spirv_softmax_f16},
       {spirv_join_f32, spirv_join_f16},
       {spirv_pad_f32, spirv_pad_f16},
       {Code(), spirv_narrow_f16},
       {Code(), spirv_widen_f16}}};
  const Entry& entry = kTable[static_cast<std::size_t>(shader)];
  return half ? entry.f16 : entry.f32;
}

}  // namespace sotto::runtime::vulkan
