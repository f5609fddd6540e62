// y[n][oy][ox][o] = bias[o] + sum over ky, kx, i of x[n][..][..][i] * w[..][o].
//
// w is packed [filter_h][filter_w][in_c][out_c / 4] in vectors of four outputs,
// zero beyond out_c, so that neighbouring invocations read neighbouring
// vectors. VECTOR: in_c is a multiple of four and x is read in fours.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "window.glsl"

#if VECTOR
layout(binding = 0) readonly buffer X { T4 x[]; };
#else
layout(binding = 0) readonly buffer X { T x[]; };
#endif
layout(binding = 1) readonly buffer W { T4 w[]; };
layout(binding = 2) readonly buffer Bias { T4 bias[]; };
layout(binding = 3) writeonly buffer Y { T y[]; };
#include "store.glsl"

void main() {
  const uint item = ItemNumber();
  if (item >= uint(items)) return;
  const int blocks = (out_c + 3) / 4;
  const int block = int(item) % blocks, first = int(item) / blocks * kPixels;
  FindPixels(first);
  vec4 sum[kPixels];
  for (int p = 0; p < kPixels; ++p) sum[p] = vec4(bias[block]);
#if VECTOR
  const int depth = in_c / 4;
#else
  const int depth = in_c;
#endif
  int at_w = block;
  for (int ky = 0; ky < filter_h; ++ky) {
    for (int kx = 0; kx < filter_w; ++kx) {
      int at[kPixels];
      for (int p = 0; p < kPixels; ++p) at[p] = Under(p, ky, kx) * depth;
      for (int i = 0; i < depth; ++i) {
#if VECTOR
        const T4 w0 = w[at_w], w1 = w[at_w + blocks];
        const T4 w2 = w[at_w + 2 * blocks], w3 = w[at_w + 3 * blocks];
        at_w += 4 * blocks;
        [[unroll]] for (int p = 0; p < kPixels; ++p) {
          const T4 v = at[p] < 0 ? T4(0) : x[at[p] + i];
          sum[p] += vec4(v.x * w0 + v.y * w1 + v.z * w2 + v.w * w3);
        }
#else
        const T4 w0 = w[at_w];
        at_w += blocks;
        [[unroll]] for (int p = 0; p < kPixels; ++p) {
          const T v = at[p] < 0 ? T(0) : x[at[p] + i];
          sum[p] += vec4(v * w0);
        }
#endif
      }
    }
  }
  for (int p = 0; p < kPixels; ++p) {
    if (first + p < pixels) Store(first + p, block * 4, sum[p]);
  }
}
