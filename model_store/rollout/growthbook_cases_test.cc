// GrowthBook's public cases: hashing, ranges, namespaces, conditions. Its web
// features (redirects, query strings, visual edits) are not ours.

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model_store/rollout/assignment.h"
#include "model_store/rollout/condition.h"
#include "nlohmann/json.hpp"
#include "tests/support/shared_data.h"

namespace sotto::model_store {
namespace {

using nlohmann::json;
using ::testing::DoubleNear;
using ::testing::Pair;

constexpr double kNear = 1e-6;

class GrowthBookCasesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SOTTO_SHARED_DATA_OR_SKIP(path, "vectors/growthbook_cases_0_7_1.json");
    cases_ = json::parse(ReadTextFile(path).value());
  }
  const json& Cases(const char* name, std::size_t count) {
    EXPECT_EQ(cases_.at(name).size(), count);
    return cases_.at(name);
  }

  json cases_;
};

TEST_F(GrowthBookCasesTest, ValuesHashToTheSameBuckets) {
  for (const json& c : Cases("hash", 15)) {
    const auto hash = BucketHash(c[0].get<std::string>(),
                                 c[1].get<std::string>(), c[2].get<int>());
    if (c[3].is_null()) {
      EXPECT_FALSE(hash.has_value()) << c;
    } else {
      ASSERT_TRUE(hash.has_value()) << c;
      EXPECT_DOUBLE_EQ(*hash, c[3].get<double>()) << c;
    }
  }
}

TEST_F(GrowthBookCasesTest, RangesCoverTheSameShares) {
  for (const json& c : Cases("getBucketRange", 13)) {
    const json& weights = c[1][2];
    const auto ranges =
        BucketRanges(c[1][0].get<std::size_t>(), c[1][1].get<double>(),
                     weights.is_null() ? std::vector<double>()
                                       : weights.get<std::vector<double>>());
    ASSERT_EQ(ranges.size(), c[2].size()) << c;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      EXPECT_THAT(ranges[i], Pair(DoubleNear(c[2][i][0].get<double>(), kNear),
                                  DoubleNear(c[2][i][1].get<double>(), kNear)))
          << c;
    }
  }
}

TEST_F(GrowthBookCasesTest, BucketsFallIntoTheSameVariations) {
  for (const json& c : Cases("chooseVariation", 13)) {
    EXPECT_EQ(ChooseVariation(c[1].get<double>(),
                              c[2].get<std::vector<BucketRange>>()),
              c[3].get<int>())
        << c;
  }
}

TEST_F(GrowthBookCasesTest, NamespacesHoldTheSameUsers) {
  for (const json& c : Cases("inNamespace", 16)) {
    EXPECT_EQ(
        InNamespace(c[1].get<std::string>(), {.id = c[2][0].get<std::string>(),
                                              .low = c[2][1].get<double>(),
                                              .high = c[2][2].get<double>()}),
        c[3].get<bool>())
        << c;
  }
}

TEST_F(GrowthBookCasesTest, WeightsAreEqualWhereNoneAreGiven) {
  for (const json& c : Cases("getEqualWeights", 6)) {
    const auto weights = EqualWeights(c[0].get<int>());
    ASSERT_EQ(weights.size(), c[1].size()) << c;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      EXPECT_NEAR(weights[i], c[1][i].get<double>(), kNear) << c;
    }
  }
}

TEST_F(GrowthBookCasesTest, ConditionsHoldForTheSameAttributes) {
  for (const json& c : Cases("evalCondition", 235)) {
    EXPECT_EQ(
        EvaluateCondition(c[2], c[1], c.size() > 4 ? c[4] : json::object()),
        c[3].get<bool>())
        << c;
  }
}

}  // namespace
}  // namespace sotto::model_store
