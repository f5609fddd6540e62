// y[r * pitch + offset + i] = x[r * width + i]: one operand of a CONCATENATION.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "element.glsl"

layout(binding = 0) readonly buffer X { T x[]; };
layout(binding = 3) writeonly buffer Y { T y[]; };

void main() {
  const uint i = ItemNumber();
  if (i >= uint(items)) return;
  const uint row = i / uint(width), column = i % uint(width);
  y[row * uint(pitch) + uint(offset) + column] = x[i];
}
