// What all shaders share. T is how tensors are stored: f32, or f16 with HALF.
// Sums are always f32; with HALF products of up to four terms are f16.
//
// Work is a list of items, 64 invocations a group; a list that is too long for
// one dimension of groups goes on in the second.

#extension GL_EXT_control_flow_attributes : enable
#if HALF
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define T float16_t
#define T4 f16vec4
#else
#define T float
#define T4 vec4
#endif

#define GROUP 64
layout(local_size_x = GROUP) in;

// Which of its operators a shader is.
layout(constant_id = 0) const uint kOperator = 0;
// Results are clamped to [low, high].
layout(constant_id = 1) const bool kClamped = false;
// Pixels that one invocation computes.
layout(constant_id = 2) const int kPixels = 1;

uint GroupNumber() {
  return gl_WorkGroupID.x + gl_WorkGroupID.y * gl_NumWorkGroups.x;
}
uint ItemNumber() { return GroupNumber() * GROUP + gl_LocalInvocationID.x; }
