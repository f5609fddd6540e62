#include "runtime/kernels/cpu/hybrid_rows.h"

#include <cmath>
#include <limits>

#include "runtime/kernels/cpu/hybrid_sweep_test_support.h"

namespace sotto::runtime {
namespace {

// Against QuantizeRow: the range, q as bytes and as integers in floats.
void Check(const std::vector<float>& x) {
  const std::size_t size = x.size();
  for (const bool asymmetric : {false, true}) {
    SCOPED_TRACE(testing::Message()
                 << size << " floats, asymmetric " << asymmetric);
    std::vector<std::int8_t> want(size);
    const RowQuantization row =
        QuantizeRow(x.data(), size, asymmetric, want.data());
    ForEachInt8Target([&] {
      const FloatRange range = RangeOfFloats(x.data(), size);
      const RowQuantization got =
          QuantizationOf(range.low, range.high, asymmetric);
      ASSERT_EQ(std::memcmp(&got, &row, sizeof(row)), 0)
          << got.scale << " not " << row.scale;
      GuardedBytes bytes(size), floats(size * sizeof(float));
      QuantizeFloats(x.data(), size, row, asymmetric, bytes.data());
      auto* const integers = reinterpret_cast<float*>(floats.data());
      QuantizeFloats(x.data(), size, row, asymmetric, integers);
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_EQ(bytes.data()[i], want[i] + 128) << i << ": " << x[i];
        ASSERT_EQ(integers[i], want[i] - row.zero) << i << ": " << x[i];
      }
      GuardedBytes both(size);
      const RowQuantization again =
          QuantizeWholeRow(x.data(), size, asymmetric, both.data());
      ASSERT_EQ(std::memcmp(&again, &row, sizeof(row)), 0);
      ASSERT_EQ(std::memcmp(both.data(), bytes.data(), size), 0);
      ASSERT_TRUE(bytes.Intact() && floats.Intact() && both.Intact());
    });
  }
}

TEST(HybridRows, EqualTheReferenceAtEveryLength) {
  std::mt19937 random(1);
  for (std::size_t size = 1; size <= 200; ++size) {
    Check(RandomFloats(size, random));
  }
  Check(RandomFloats(10007, random));
}

TEST(HybridRows, HalvesRoundAwayFromZero) {
  // Scale 1: q is the rounded value itself.
  std::vector<float> x = {-128.0f, 127.0f};
  for (float k = -127.5f; k < 127.0f; k += 0.5f) {
    x.push_back(k);
    x.push_back(std::nextafter(k, 1e9f));
    x.push_back(std::nextafter(k, -1e9f));
  }
  Check(x);
  x[0] = -127.0f;
  for (float& v : x) v = std::max(v, -127.0f);
  Check(x);
}

TEST(HybridRows, RowsOfZerosHaveScaleOne) {
  Check(std::vector<float>(70, 0.0f));
  Check(std::vector<float>(70, -0.0f));
  EXPECT_EQ(QuantizationOf(0.0f, 0.0f, true).scale, 1.0f);
}

TEST(HybridRows, RowsOfOneSignKeepZeroInTheirRange) {
  for (const float sign : {1.0f, -1.0f}) {
    std::vector<float> x(67);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = sign * (5.0f + static_cast<float>(i));
    }
    Check(x);
  }
}

TEST(HybridRows, NotANumberInfinitiesAndTinyNumbersAreQuantisedAlike) {
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  std::mt19937 random(3);
  for (const float odd : {std::nanf(""), -std::nanf(""), INFINITY, -INFINITY,
                          3.4e38f, -3.4e38f, kTiny, -kTiny}) {
    for (const std::size_t size : {1, 5, 16, 17, 64, 65, 130}) {
      for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
        std::vector<float> x = RandomFloats(size, random);
        x[at] = odd;
        Check(x);
        for (float& v : x) v = 0.0f;
        x[at] = odd;
        Check(x);
        for (float& v : x) v = odd;
        Check(x);
      }
    }
  }
}

}  // namespace
}  // namespace sotto::runtime
