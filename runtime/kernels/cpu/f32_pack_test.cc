#include <algorithm>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/cpu/f32_gemm.h"
#include "runtime/kernels/cpu/f32_sweep_test_support.h"

namespace sotto::runtime {
namespace {

TEST(F32PackTest, PanelsHoldTheBiasThenColumnsOfWeightsAndZeros) {
  ForEachTarget([] {
    const std::size_t width = F32PanelColumns();
    for (const std::size_t k : {1u, 3u, 4u, 15u, 16u, 17u, 64u, 77u, 130u}) {
      for (std::size_t n = 1; n <= 2 * width + 3; ++n) {
        const std::vector<float> w = SweepValues(n * k, 1);
        const std::vector<float> bias = SweepValues(n, 2);
        for (const float* b :
             {bias.data(), static_cast<const float*>(nullptr)}) {
          std::size_t bytes = 0;
          ASSERT_TRUE(F32PackedBytes(k, n, &bytes));
          std::vector<float> want(bytes / sizeof(float));
          for (std::size_t c = 0; c < n; ++c) {
            float* const panel = want.data() + c / width * (k + 1) * width;
            if (b != nullptr) panel[c % width] = b[c];
            for (std::size_t i = 0; i < k; ++i) {
              panel[(i + 1) * width + c % width] = w[c * k + i];
            }
          }
          std::vector<float> got(want.size(), 7.0f);
          F32Pack(w.data(), b, k, n, got.data());
          ASSERT_EQ(got, want) << k << " x " << n;
        }
      }
    }
  });
}

}  // namespace
}  // namespace sotto::runtime
