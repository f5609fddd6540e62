#include "runtime/kernels/cpu/int8_pack.h"

#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/cpu/int8_sweep_test_support.h"

namespace sotto::runtime {
namespace {

std::vector<std::uint8_t> RandomBytes(std::size_t size, std::mt19937& random) {
  std::vector<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(Int8PackTest, SumsArePlainSumsOfEveryLength) {
  ForEachInt8Target([] {
    std::mt19937 random(1);
    for (std::size_t size = 0; size <= 300; ++size) {
      const std::vector<std::uint8_t> bytes = RandomBytes(size, random);
      for (const Int8Stored stored : {Int8Stored{0x80, 128}, Int8Stored{0, 0},
                                      Int8Stored{0, 131}, Int8Stored{0, 255}}) {
        Int8WeightSums want;
        for (const std::uint8_t byte : bytes) {
          const int value = (byte ^ stored.flip) - stored.zero;
          (value < 0 ? want.negative : want.positive) += value;
        }
        const Int8WeightSums got = SumInt8Weights(bytes.data(), size, stored);
        ASSERT_EQ(got.positive, want.positive) << size;
        ASSERT_EQ(got.negative, want.negative) << size;
      }
    }
  });
}

TEST(Int8PackTest, ExtremeWeightsDoNotOverflowTheirSums) {
  ForEachInt8Target([] {
    const std::vector<std::uint8_t> lowest(1 << 20, 0x80);
    const Int8WeightSums sums =
        SumInt8Weights(lowest.data(), lowest.size(), {0x80, 128});
    EXPECT_EQ(sums.negative, -(std::int64_t{128} << 20));
    EXPECT_EQ(sums.positive, 0);
  });
}

TEST(Int8PackTest, QuadsHoldEachRowsBytesAndZerosBehind) {
  ForEachInt8Target([] {
    std::mt19937 random(2);
    for (const std::size_t count : {1u, 3u, 4u, 7u, 12u, 16u}) {
      for (std::size_t size = 1; size <= 150; ++size) {
        for (const std::size_t gap : {0u, 5u}) {
          const std::size_t step = size + gap;
          // No byte behind the last row's.
          const std::vector<std::uint8_t> rows =
              RandomBytes((count - 1) * step + size, random);
          for (const std::uint8_t flip : {0x00, 0x80}) {
            std::vector<std::uint8_t> want((size + 3) / 4 * 64);
            for (std::size_t r = 0; r < count; ++r) {
              for (std::size_t i = 0; i < size; ++i) {
                want[i / 4 * 64 + r * 4 + i % 4] =
                    static_cast<std::uint8_t>(rows[r * step + i] ^ flip);
              }
            }
            std::vector<std::uint8_t> got(want.size(), 0xa5);
            PackInt8Quads(rows.data(), step, count, size, flip, got.data());
            ASSERT_EQ(got, want) << count << " rows of " << size;
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace sotto::runtime
