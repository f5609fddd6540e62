#include "privacy/clip.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace sotto::privacy {
namespace {

TEST(ClipTest, LongVectorsAreScaledToTheBoundAndShortOnesLeftAlone) {
  std::vector<float> v = {3, 4};
  EXPECT_DOUBLE_EQ(ClipL2(v, 10), 5);
  EXPECT_EQ(v, (std::vector<float>{3, 4}));
  EXPECT_DOUBLE_EQ(ClipL2(v, 1), 5);
  EXPECT_NEAR(L2Norm(v), 1, 1e-5);
  EXPECT_LE(L2Norm(v), 1);
  EXPECT_NEAR(v[0] / v[1], 0.75, 1e-6);
}

TEST(ClipTest, ValuesThatAreNotFiniteBecomeZero) {
  std::vector<float> v = {NAN, INFINITY, 1};
  EXPECT_DOUBLE_EQ(ClipL2(v, 10), 1);
  EXPECT_EQ(v, (std::vector<float>{0, 0, 1}));
}

}  // namespace
}  // namespace sotto::privacy
