// A filter that slides over images [n, height, width, channels]; the fields are
// those of WindowParams. An item is four output channels of kPixels
// neighbouring pixels, the channels innermost.

layout(push_constant) uniform Params {
  int items, pixels;
  int in_h, in_w, in_c, out_h, out_w, out_c;
  int filter_h, filter_w, stride_h, stride_w, dilation_h, dilation_w;
  int pad_top, pad_left, multiplier;
  float low, high;
};

// Where the pixels of an item lie in the input.
int image[kPixels], top[kPixels], left[kPixels];

void FindPixels(int first) {
  for (int p = 0; p < kPixels; ++p) {
    const int pixel = min(first + p, pixels - 1);
    const int row = pixel / out_w;
    image[p] = row / out_h;
    top[p] = (row % out_h) * stride_h - pad_top;
    left[p] = (pixel % out_w) * stride_w - pad_left;
  }
}

// Number of the input pixel under filter element (ky, kx); -1: none.
int Under(int p, int ky, int kx) {
  const int y = top[p] + ky * dilation_h, x = left[p] + kx * dilation_w;
  if (y < 0 || y >= in_h || x < 0 || x >= in_w) return -1;
  return (image[p] * in_h + y) * in_w + x;
}

vec4 Clamped(vec4 v) {
  return kClamped ? min(max(v, vec4(low)), vec4(high)) : v;
}
