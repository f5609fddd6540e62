#include "privacy/distributed/rotation.h"

#include <bit>
#include <cmath>
#include <vector>

#include "base/bytes.h"
#include "gtest/gtest.h"
#include "privacy/clip.h"
#include "privacy/distributed/hadamard.h"

namespace sotto::privacy {
namespace {

std::vector<float> Waves(std::size_t size) {
  std::vector<float> x(size);
  for (std::size_t i = 0; i < size; ++i) {
    x[i] = std::sin(static_cast<float>(i) * 0.7f) * static_cast<float>(i % 13);
  }
  return x;
}

crypto::Secret<32> Seed(std::string_view vector = "update") {
  return RotationSeed(AsBytes("a session"), vector);
}

TEST(HadamardTest, EveryEntryIsTheDefinitionsSum) {
  for (std::size_t size = 1; size <= 256; size *= 2) {
    const std::vector<float> x = Waves(size);
    std::vector<float> y = x;
    ScaledHadamard(2, y);
    for (std::size_t i = 0; i < size; ++i) {
      double want = 0;
      for (std::size_t j = 0; j < size; ++j) {
        want += std::popcount(i & j) % 2 == 0 ? x[j] : -x[j];
      }
      EXPECT_NEAR(y[i], 2 * want, 1e-3) << size << " row " << i;
    }
  }
}

TEST(HadamardTest, ColumnsAcrossTilesAreTheDefinitions) {
  // 2^15 entries are eight tiles; a unit vector gives one column of H.
  constexpr std::size_t kSize = 1 << 15;
  for (const std::size_t column : {0u, 1u, 4095u, 4096u, 12345u, 32767u}) {
    std::vector<float> x(kSize);
    x[column] = 1;
    ScaledHadamard(1, x);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < kSize; ++i) {
      wrong += x[i] != (std::popcount(i & column) % 2 == 0 ? 1 : -1);
    }
    EXPECT_EQ(wrong, 0u) << column;
  }
}

TEST(RotationTest, UnrotateRestoresIntegersExactly) {
  // Sums of integers are exact in floats, and so is 1/sqrt(d) of a power of 4.
  for (const std::size_t size : {1u, 4u, 1024u, 16384u}) {
    std::vector<float> x(size);
    for (std::size_t i = 0; i < size; ++i) {
      x[i] = static_cast<float>(static_cast<int>(i * 37 % 17) - 8);
    }
    std::vector<float> y = x;
    Rotate(Seed(), y);
    if (size > 4) {
      EXPECT_NE(y, x);
    }
    Unrotate(Seed(), y);
    EXPECT_EQ(y, x) << size;
  }
}

TEST(RotationTest, NormsAreKeptAndSpreadEvenly) {
  for (const std::size_t size : {2u, 512u, 8192u, 131072u}) {
    std::vector<float> x = Waves(size);
    const double norm = L2Norm(x);
    Rotate(Seed(), x);
    EXPECT_NEAR(L2Norm(x), norm, norm * 1e-6) << size;
  }
  // All of the norm in one coordinate: afterwards every one has its share.
  std::vector<float> spike(4096);
  spike[99] = 64;
  Rotate(Seed(), spike);
  for (const float value : spike) EXPECT_EQ(std::abs(value), 1.0f);
}

TEST(RotationTest, SessionsAndVectorsHaveTheirOwnSigns) {
  const auto rotated = [](const crypto::Secret<32>& seed) {
    std::vector<float> x = Waves(64);
    Rotate(seed, x);
    return x;
  };
  EXPECT_EQ(rotated(Seed()), rotated(Seed()));
  EXPECT_NE(rotated(Seed()), rotated(Seed("metrics")));
  EXPECT_NE(rotated(Seed()),
            rotated(RotationSeed(AsBytes("b session"), "update")));
}

}  // namespace
}  // namespace sotto::privacy
