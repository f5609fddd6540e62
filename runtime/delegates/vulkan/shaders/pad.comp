// y = x with zeros around it; shapes are of rank 4. One item an output element.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(push_constant) uniform Params {
  int items, unused0, unused1, unused2;
  ivec4 from, to, before;  // shapes of x and y, zeros before x
};
layout(binding = 0) readonly buffer X { T x[]; };
layout(binding = 3) writeonly buffer Y { T y[]; };

void main() {
  const uint item = ItemNumber();
  if (item >= uint(items)) return;
  int rest = int(item);
  ivec4 at;
  at.w = rest % to.w;
  rest /= to.w;
  at.z = rest % to.z;
  rest /= to.z;
  at.y = rest % to.y;
  at.x = rest / to.y;
  at -= before;
  const bool inside =
      all(greaterThanEqual(at, ivec4(0))) && all(lessThan(at, from));
  y[item] =
      inside ? x[((at.x * from.y + at.y) * from.z + at.z) * from.w + at.w]
             : T(0);
}
