// Writes four channels of a pixel of `y`; the last block may be a part.
void Store(int pixel, int channel, vec4 value) {
  const vec4 v = Clamped(value);
  const int at = pixel * out_c + channel;
  y[at] = T(v.x);
  if (channel + 1 < out_c) y[at + 1] = T(v.y);
  if (channel + 2 < out_c) y[at + 2] = T(v.z);
  if (channel + 3 < out_c) y[at + 3] = T(v.w);
}
