// Operators that run over elements or rows; the fields are those of
// ElementParams.

layout(push_constant) uniform Params {
  int items;
  int a_count, b_count;  // an operand repeats after so many elements
  int width, pitch, offset;
  float low, high;
  float alpha;  // LEAKY_RELU's slope, SOFTMAX's beta
};
