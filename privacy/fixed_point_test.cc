#include "privacy/fixed_point.h"

#include <cmath>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using ::testing::HasSubstr;

constexpr FixedPointParams kGood = {
    .clip = 4, .scale = 1000, .bits = 20, .max_weight = 10, .num_devices = 50};

TEST(FixedPointTest, TheDecodedSumIsTheWeightedSumWithinHalfAUnitEach) {
  const FixedPoint codec = FixedPoint::Create(kGood).value();
  std::vector<std::uint32_t> sum(3, 0);
  std::vector<double> want(3, 0.0);
  for (std::uint32_t device = 0; device < 50; ++device) {
    const std::vector<float> v = {std::sin(static_cast<float>(device)) * 4,
                                  -4.0f, 4.0f};
    const std::uint32_t weight = device % 12;  // some above max_weight
    const auto encoded = codec.Encode(v, weight);
    for (std::size_t i = 0; i < 3; ++i) {
      sum[i] = (sum[i] + encoded[i]) & ((1u << 20) - 1);
      want[i] += v[i] * codec.EffectiveWeight(weight) / 10.0;
    }
  }
  const auto got = codec.DecodeSum(sum);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(got[i], want[i], 50 * 0.5 / 1000 + 1e-9);
  }
}

TEST(FixedPointTest, TheWidestSumThatIsAllowedDoesNotWrap) {
  // 2 n limit + 1 <= 2^bits holds with the least slack at n = 7, limit = 9.
  const FixedPointParams tight = {
      .clip = 9, .scale = 1, .bits = 7, .max_weight = 1, .num_devices = 7};
  const FixedPoint codec = FixedPoint::Create(tight).value();
  for (const float sign : {-1.0f, 1.0f}) {
    std::uint32_t sum = 0;
    for (int i = 0; i < 7; ++i) {
      sum = (sum + codec.Encode(std::vector<float>{9 * sign}, 1)[0]) & 127;
    }
    EXPECT_EQ(codec.DecodeSum(std::vector<std::uint32_t>{sum})[0], 63 * sign);
  }
  FixedPointParams above = tight;
  above.num_devices = 8;
  EXPECT_THAT(FixedPoint::Create(above),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2^7")));
}

TEST(FixedPointTest, HostileValuesAreClampedOrZero) {
  const FixedPoint codec = FixedPoint::Create(kGood).value();
  const auto out = codec.Encode(std::vector<float>{1e30f, NAN, -INFINITY}, 10);
  EXPECT_EQ(codec.DecodeSum(out), (std::vector<double>{4, 0, 0}));
}

TEST(FixedPointTest, CreateNamesTheFieldThatIsOutOfRange) {
  const auto expect = [](auto spoil, const char* field) {
    FixedPointParams params = kGood;
    spoil(params);
    EXPECT_THAT(FixedPoint::Create(params),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
  };
  expect([](auto& p) { p.clip = 0; }, "clip");
  expect([](auto& p) { p.scale = NAN; }, "scale");
  expect([](auto& p) { p.bits = 33; }, "bits");
  expect([](auto& p) { p.max_weight = 0; }, "max_weight");
  expect([](auto& p) { p.num_devices = 0; }, "num_devices");
}

}  // namespace
}  // namespace sotto::privacy
