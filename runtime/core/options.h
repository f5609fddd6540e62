// What the operators' option tables say, in one record. Each kernel documents
// which fields it reads; a field keeps its default where the table has none.

#ifndef SOTTO_RUNTIME_CORE_OPTIONS_H_
#define SOTTO_RUNTIME_CORE_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/core/tensor.h"

namespace sotto::runtime {

// Fused activations; the numbers are those of the format.
enum class Activation : std::uint8_t {
  kNone = 0,
  kRelu = 1,
  kReluN1To1 = 2,
  kRelu6 = 3,
  kTanh = 4,     // the recurrent operators only
  kSignBit = 5,  // no kernel has it
};
enum class Padding : std::uint8_t { kSame = 0, kValid = 1 };

struct Options {
  // Windows: convolutions, pools.
  Padding padding = Padding::kSame;
  std::int32_t stride_w = 1, stride_h = 1, stride_d = 1;
  std::int32_t dilation_w = 1, dilation_h = 1, dilation_d = 1;
  std::int32_t filter_w = 1, filter_h = 1;
  std::int32_t depth_multiplier = 1;
  Activation activation = Activation::kNone;
  Activation second_activation = Activation::kNone;  // of a fused second op

  float beta = 1.0f;     // SOFTMAX
  float alpha = 0.0f;    // LEAKY_RELU
  Shape new_shape = {};  // RESHAPE; SQUEEZE: the dimensions to drop
  bool has_new_shape = false;
  // CONCATENATION, GATHER, PACK, UNPACK, ONE_HOT; negative counts from the last
  std::int32_t axis = 0;
  std::int32_t batch_dims = 0;  // GATHER
  std::int32_t count = 0;       // PACK, UNPACK, SPLIT, SPLIT_V: how many pieces
  std::int32_t block_size = 0;  // DEPTH_TO_SPACE, SPACE_TO_DEPTH
  std::int32_t rank = 0;        // SVDF
  bool keep_dims = false;       // reductions; FULLY_CONNECTED's keep_num_dims
  // STRIDED_SLICE
  std::int32_t begin_mask = 0, end_mask = 0, ellipsis_mask = 0,
               new_axis_mask = 0, shrink_axis_mask = 0;
  bool end_is_offset = false;
  bool align_corners = false, half_pixel_centers = false;  // RESIZE_*
  bool approximate = false;                                // GELU
  bool exclusive = false, reverse = false;                 // CUMSUM
  bool symmetric = false;  // MIRROR_PAD: the border is repeated too
  bool transpose_a = false, transpose_b = false;  // BATCH_MATMUL
  // Hybrid kernels: f32 inputs are quantised with a zero point.
  bool asymmetric_inputs = false;
  // int16 ADD and SUB: scales are powers of two.
  bool power_of_two_scales = true;
  // SHAPE, ARG_MAX, ARG_MIN, CAST: type of the output.
  ElementType out_type = ElementType::kInt32;
  // Recurrent operators. basic_cell: LSTM of the old four-output form.
  float cell_clip = 0.0f, projection_clip = 0.0f;
  bool time_major = false, basic_cell = false, merge_outputs = false;
  // IF: then, else. WHILE: condition, body. CALL_ONCE: init. Composite: its
  // decomposition. Subgraph numbers of the file.
  std::int32_t subgraph_a = -1, subgraph_b = -1;
  std::int32_t resource = -1;  // VAR_HANDLE: number of the variable
  // Options of custom operators (FlexBuffer bytes); borrowed from the model.
  std::span<const std::uint8_t> custom = {};
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_CORE_OPTIONS_H_
