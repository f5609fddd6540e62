// y[r][i] = exp(beta * (x[r][i] - max of the row)) / sum of those: a group of
// invocations a row.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "element.glsl"

layout(binding = 0) readonly buffer X { T x[]; };
layout(binding = 3) writeonly buffer Y { T y[]; };

shared float parts[GROUP];

void main() {
  const uint row = GroupNumber();
  if (row >= uint(items)) return;
  const int lane = int(gl_LocalInvocationID.x), first = int(row) * width;
  float largest = -3.402823466e38;
  for (int i = lane; i < width; i += GROUP) {
    largest = max(largest, float(x[first + i]));
  }
  parts[lane] = largest;
  for (int half_width = GROUP / 2; half_width > 0; half_width /= 2) {
    barrier();
    if (lane < half_width) {
      parts[lane] = max(parts[lane], parts[lane + half_width]);
    }
  }
  barrier();
  largest = parts[0];
  barrier();
  float sum = 0;
  for (int i = lane; i < width; i += GROUP) {
    sum += exp(alpha * (float(x[first + i]) - largest));
  }
  parts[lane] = sum;
  for (int half_width = GROUP / 2; half_width > 0; half_width /= 2) {
    barrier();
    if (lane < half_width) parts[lane] += parts[lane + half_width];
  }
  barrier();
  sum = parts[0];
  for (int i = lane; i < width; i += GROUP) {
    y[first + i] = T(exp(alpha * (float(x[first + i]) - largest)) / sum);
  }
}
