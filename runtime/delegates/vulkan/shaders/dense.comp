// y[n][o] = bias[o] + sum over i of x[n][i] * w[o][i]: a group of invocations
// for four outputs of one row, each taking every GROUP-th term. For few rows,
// where conv.comp would keep too few invocations busy.
//
// w is packed [out / 4][in] in vectors of four outputs.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "window.glsl"

layout(binding = 0) readonly buffer X { T x[]; };
layout(binding = 1) readonly buffer W { T4 w[]; };
layout(binding = 2) readonly buffer Bias { T4 bias[]; };
layout(binding = 3) writeonly buffer Y { T y[]; };
#include "store.glsl"

shared vec4 parts[GROUP];

void main() {
  const uint group = GroupNumber();
  if (group >= uint(items)) return;
  const int blocks = (out_c + 3) / 4, lane = int(gl_LocalInvocationID.x);
  const int block = int(group) % blocks, row = int(group) / blocks;
  vec4 sum = vec4(0);
  for (int i = lane; i < in_c; i += GROUP) {
    sum += vec4(x[row * in_c + i] * w[block * in_c + i]);
  }
  parts[lane] = sum;
  for (int width = GROUP / 2; width > 0; width /= 2) {
    barrier();
    if (lane < width) parts[lane] += parts[lane + width];
  }
  if (lane == 0) Store(row, block * 4, parts[0] + vec4(bias[block]));
}
