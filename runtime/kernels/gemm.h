// Single-precision matrix products, row-major, on the widest vectors that the
// processor has (Highway, chosen at run time). Deterministic: the order of
// additions into one element depends on the sizes only.

#ifndef SOTTO_RUNTIME_KERNELS_GEMM_H_
#define SOTTO_RUNTIME_KERNELS_GEMM_H_

#include <cstddef>

namespace sotto::runtime {

// c[m][n] = (accumulate ? c[m][n] : 0) + sum_k a[m][k] * b[k][n].
// a is m x k, b is k x n, c is m x n, all contiguous; c overlaps neither.
struct GemmSizes {
  std::size_t m, k, n;
};
void Gemm(const GemmSizes& sizes, const float* a, const float* b, float* c,
          bool accumulate);

// The same with a or b stored transposed: a is k x m, or b is n x k.
void GemmTransposedA(const GemmSizes& sizes, const float* a, const float* b,
                     float* c, bool accumulate);
void GemmTransposedB(const GemmSizes& sizes, const float* a, const float* b,
                     float* c, bool accumulate);

// out[j][i] = in[i][j]; in is rows x columns.
void Transpose(const float* in, std::size_t rows, std::size_t columns,
               float* out);

// sum_i a[i] * b[i].
float Dot(const float* a, const float* b, std::size_t size);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_GEMM_H_
