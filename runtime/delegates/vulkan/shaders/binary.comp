// y[i] = clamp(f(a[i mod a_count], b[i mod b_count])), one item an element.
// Operators: enum BinaryOperator.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "element.glsl"

layout(binding = 0) readonly buffer A { T a[]; };
layout(binding = 1) readonly buffer B { T b[]; };
layout(binding = 3) writeonly buffer Y { T y[]; };

float Apply(float p, float q) {
  switch (kOperator) {
    case 0:
      return p + q;
    case 1:
      return p - q;
    case 2:
      return p * q;
    case 3:
      return p / q;
    case 4:
      return max(p, q);
    case 5:
      return min(p, q);
    default:
      return p < 0 ? p * q : p;  // PRELU
  }
}

void main() {
  const uint i = ItemNumber();
  if (i >= uint(items)) return;
  const float v =
      Apply(float(a[i % uint(a_count)]), float(b[i % uint(b_count)]));
  y[i] = T(kClamped ? min(max(v, low), high) : v);
}
