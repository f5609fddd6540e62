// f16 tensors of f32 ones: what the host hands over.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "element.glsl"

layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 3) writeonly buffer Y { T y[]; };

void main() {
  const uint i = ItemNumber();
  if (i < uint(items)) y[i] = T(x[i]);
}
