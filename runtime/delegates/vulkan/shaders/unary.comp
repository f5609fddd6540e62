// y[i] = f(x[i]), one item an element. Operators: enum UnaryOperator.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "element.glsl"

layout(binding = 0) readonly buffer X { T x[]; };
layout(binding = 3) writeonly buffer Y { T y[]; };

// Of exp, so that no large value overflows on the way.
float Tanh(float v) {
  const float e = exp(-2 * abs(v)), t = (1 - e) / (1 + e);
  return v < 0 ? -t : t;
}

float Apply(float v) {
  switch (kOperator) {
    case 0:
      return min(max(v, low), high);
    case 1:
      return 1 / (1 + exp(-v));
    case 2:
      return Tanh(v);
    case 3:
      return v * min(max(v + 3, 0), 6) / 6;
    case 4:
      return v < 0 ? v * alpha : v;
    default:
      return abs(v);
  }
}

void main() {
  const uint i = ItemNumber();
  if (i < uint(items)) y[i] = T(Apply(float(x[i])));
}
