// The mean (operator 0) or the maximum (1) of what lies under the window; the
// border outside the image does not count.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "window.glsl"

#if VECTOR
layout(binding = 0) readonly buffer X { T4 x[]; };
#else
layout(binding = 0) readonly buffer X { T x[]; };
#endif
layout(binding = 3) writeonly buffer Y { T y[]; };
#include "store.glsl"

void main() {
  const uint item = ItemNumber();
  if (item >= uint(items)) return;
  const int blocks = (out_c + 3) / 4;
  const int block = int(item) % blocks, pixel = int(item) / blocks;
  FindPixels(pixel);
#if !VECTOR
  const int last = out_c - 1, o = block * 4;
  const ivec4 from =
      ivec4(o, min(o + 1, last), min(o + 2, last), min(o + 3, last));
#endif
  vec4 result = kOperator == 0 ? vec4(0) : vec4(-3.402823466e38);
  float count = 0;
  for (int ky = 0; ky < filter_h; ++ky) {
    for (int kx = 0; kx < filter_w; ++kx) {
      const int at = Under(0, ky, kx);
      if (at < 0) continue;
#if VECTOR
      const vec4 v = vec4(x[at * blocks + block]);
#else
      const int row = at * in_c;
      const vec4 v = vec4(x[row + from.x], x[row + from.y], x[row + from.z],
                          x[row + from.w]);
#endif
      if (kOperator == 0) {
        result += v;
      } else {
        result = max(result, v);
      }
      count += 1;
    }
  }
  Store(pixel, block * 4, kOperator == 0 ? result / max(count, 1) : result);
}
