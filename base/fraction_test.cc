#include "base/fraction.h"

#include "gtest/gtest.h"

namespace sotto {
namespace {

TEST(FractionTest, RoundingDoesNotLoseAMember) {
  EXPECT_EQ(MembersIn(0.29, 100), 29u);  // 28.999... in binary
  EXPECT_EQ(MembersIn(0.1, 30), 3u);
  EXPECT_EQ(MembersIn(0.1, 29), 2u);
  EXPECT_EQ(MembersIn(0, 29), 0u);
  EXPECT_EQ(MembersIn(1, 29), 29u);
}

}  // namespace
}  // namespace sotto
