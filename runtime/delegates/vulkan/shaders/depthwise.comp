// y[n][oy][ox][o] = bias[o] + sum over ky, kx of
//                   x[n][..][..][o / multiplier] * w[ky][kx][o].
//
// w is packed [filter_h][filter_w][out_c / 4] in vectors, zero beyond out_c.
// VECTOR: multiplier 1 and channels a multiple of four.
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
#if !VECTOR
  // Channels beyond the last read that of the last and are not stored.
  const int last = out_c - 1, o = block * 4;
  const ivec4 from = ivec4(o, min(o + 1, last), min(o + 2, last),
                           min(o + 3, last)) / multiplier;
#endif
  for (int ky = 0; ky < filter_h; ++ky) {
    for (int kx = 0; kx < filter_w; ++kx) {
      const T4 f = w[(ky * filter_w + kx) * blocks + block];
      for (int p = 0; p < kPixels; ++p) {
        const int pixel = Under(p, ky, kx);
        if (pixel < 0) continue;
#if VECTOR
        const T4 v = x[pixel * blocks + block];
#else
        const int at = pixel * in_c;
        const T4 v = T4(x[at + from.x], x[at + from.y], x[at + from.z],
                        x[at + from.w]);
#endif
        sum[p] += vec4(v * f);
      }
    }
  }
  for (int p = 0; p < kPixels; ++p) {
    if (first + p < pixels) Store(first + p, block * 4, sum[p]);
  }
}
