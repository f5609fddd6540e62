// f32 tensors of f16 ones: what the host gets back.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "element.glsl"

layout(binding = 0) readonly buffer X { T x[]; };
layout(binding = 3) writeonly buffer Y { float y[]; };

void main() {
  const uint i = ItemNumber();
  if (i < uint(items)) y[i] = float(x[i]);
}
