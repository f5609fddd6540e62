#include "model_store/rollout/assignment.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model_store/rollout/condition.h"
#include "tests/support/status_matchers.h"

namespace sotto::model_store {
namespace {

using ::testing::HasSubstr;

RolloutDocument Running(std::uint32_t step_bp) {
  RolloutDocument d;
  d.model = "digits/cnn";
  d.salt = "salt";
  d.step_bp = step_bp;
  d.state = RolloutState::kRunning;
  d.base_release = 1;
  d.arms = {{.name = "control", .release = 1, .start_bp = 0, .width_bp = 5000},
            {.name = "new", .release = 2, .start_bp = 5000, .width_bp = 5000}};
  return d;
}

std::string Device(int i) {
  return HexEncode(crypto::Sha256(AsBytes(std::to_string(i)))).substr(0, 32);
}

Assignment Of(const RolloutDocument& d, const std::string& device,
              const std::string& attributes = "{}") {
  return Assign(d, device, attributes).value();
}

// Known values of FNV-1a.
TEST(AssignmentTest, TheHashIsFnv1a) {
  EXPECT_EQ(Fnv1a32(""), 0x811c9dc5u);
  EXPECT_EQ(Fnv1a32("a"), 0xe40c292cu);
  EXPECT_EQ(Fnv1a32("foobar"), 0xbf9cf968u);
}

TEST(AssignmentTest, AShareOfThePopulationIsInsideAndSplitEvenly) {
  const int devices = 20000;
  for (const std::uint32_t step : {0u, 100u, 1000u, 5000u, 10000u}) {
    std::map<std::string, int> arms;
    for (int i = 0; i < devices; ++i) ++arms[Of(Running(step), Device(i)).arm];
    const double inside = devices * (step / 10000.0);
    EXPECT_NEAR(arms["control"] + arms["new"], inside, 300) << step;
    // With one hash for gate and arm a small gate would hold one arm alone.
    EXPECT_NEAR(arms["control"], inside / 2, 250) << step;
  }
}

TEST(AssignmentTest, ARampNeverSwapsAnyone) {
  for (int i = 0; i < 3000; ++i) {
    std::string arm;
    for (const std::uint32_t step : {100u, 500u, 1000u, 5000u, 10000u}) {
      const Assignment now = Of(Running(step), Device(i));
      EXPECT_TRUE(arm.empty() || now.arm == arm);
      arm = now.arm;
    }
    EXPECT_FALSE(arm.empty());
  }
}

TEST(AssignmentTest, OnlyARolloutThatIsOpenHasArms) {
  RolloutDocument d = Running(10000);
  for (const auto& [state, open] : {std::pair{RolloutState::kRunning, true},
                                    {RolloutState::kHeld, true},
                                    {RolloutState::kReverting, false},
                                    {RolloutState::kDone, false}}) {
    d.state = state;
    int outside = 0;
    for (int i = 0; i < 50; ++i) {
      const Assignment assignment = Of(d, Device(i));
      outside += assignment.arm.empty();
      EXPECT_TRUE(!assignment.arm.empty() || assignment.release == 1);
    }
    EXPECT_EQ(outside, open ? 0 : 50) << RolloutStateName(state);
  }
}

TEST(AssignmentTest, AConditionKeepsDevicesOut) {
  RolloutDocument d = Running(10000);
  d.condition = R"({"ram_mb": {"$gte": 2048}, "os": {"$vgt": "11.2.0"}})";
  EXPECT_NE(Of(d, Device(1), R"({"ram_mb": 4096, "os": "12.0.0"})").arm, "");
  EXPECT_EQ(Of(d, Device(1), R"({"ram_mb": 1024, "os": "12.0.0"})").arm, "");
  EXPECT_EQ(Of(d, Device(1), R"({"ram_mb": 4096, "os": "9.9.9"})").arm, "");
  EXPECT_EQ(Of(d, Device(1), "").arm, "");
}

TEST(AssignmentTest, NamespacesOfOneIdAreDisjoint) {
  RolloutDocument low = Running(10000), high = Running(10000);
  low.name_space = {.id = "ns", .low = 0, .high = 0.5};
  high.name_space = {.id = "ns", .low = 0.5, .high = 1};
  int in_low = 0;
  for (int i = 0; i < 2000; ++i) {
    const bool a = !Of(low, Device(i)).arm.empty();
    EXPECT_NE(a, !Of(high, Device(i)).arm.empty());
    in_low += a;
  }
  EXPECT_NEAR(in_low, 1000, 100);
}

TEST(AssignmentTest, GapsBetweenArmsRunTheBase) {
  RolloutDocument d = Running(10000);
  d.arms.pop_back();
  int base = 0;
  for (int i = 0; i < 1000; ++i) {
    const Assignment a = Of(d, Device(i));
    base += a.arm.empty();
    EXPECT_EQ(a.release, 1u);
  }
  EXPECT_NEAR(base, 500, 80);
}

TEST(AssignmentTest, ConditionsThatAreNoObjectAreRefused) {
  RolloutDocument d = Running(10000);
  for (const std::string& text :
       {std::string("["), std::string("[]"), std::string("3"),
        "{\"a\":" + std::string(40000, '[') + std::string(40000, ']') + "}"}) {
    d.condition = text;
    EXPECT_THAT(Assign(d, "00", "{}"),
                StatusIs(kInvalid, HasSubstr("condition")));
  }
  d.condition = "{}";
  EXPECT_THAT(Assign(d, "00", "[]"),
              StatusIs(kInvalid, HasSubstr("attributes")));
}

// Without a bound, the first takes 2^30 steps.
TEST(AssignmentTest, HostilePatternsEndSoonAndMatchNothing) {
  const nlohmann::json attributes = {{"a", std::string(64, 'a') + "!"}};
  for (const std::string pattern :
       {"(a+)+$", "(a|a)*b", "((((a{1,9}){1,9}){1,9}){1,9}){1,9}$", "(",
        "(a)\\1b", "[[:nope:]]"}) {
    EXPECT_FALSE(EvaluateCondition(attributes, {{"a", {{"$regex", pattern}}}}))
        << pattern;
  }
}

TEST(AssignmentTest, VersionsAreComparedByParts) {
  EXPECT_LT(PaddedVersion("1.9.0"), PaddedVersion("1.10.0"));
  EXPECT_LT(PaddedVersion("1.0.0-beta"), PaddedVersion("1.0.0"));
  EXPECT_EQ(PaddedVersion("v1.2.3+build"), PaddedVersion("1.2.3"));
}

}  // namespace
}  // namespace sotto::model_store
