#include "model_store/rollout/document.h"

#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model_store/rollout/policy.h"
#include "tests/support/status_matchers.h"

namespace sotto::model_store {
namespace {

using ::testing::HasSubstr;

RolloutDocument Full() {
  RolloutDocument d;
  d.app = "app";
  d.model = "digits/cnn";
  d.salt = "salt";
  d.seq = 5;
  d.prev_digest = Bytes(32, 7);
  d.step_bp = 2500;
  d.arms = {{.name = "b", .release = 2, .start_bp = 5000, .width_bp = 5000},
            {.name = "a", .release = 1, .start_bp = 0, .width_bp = 5000}};
  d.condition = R"({"os":"linux"})";
  d.name_space = {.id = "ns", .low = 0.25, .high = 0.75};
  d.state = RolloutState::kHeld;
  d.policy_ref = "policy/p.json";
  d.started_ms = 1000;
  d.signed_at_ms = 2000;
  d.base_release = 1;
  return d;
}

TEST(RolloutDocumentTest, ADocumentComesBackAsItWas) {
  EXPECT_EQ(DecodeRollout(EncodeRollout(Full())).value(), Full());
  RolloutDocument least;
  least.model = "m";
  EXPECT_EQ(DecodeRollout(EncodeRollout(least)).value(), least);
}

TEST(RolloutDocumentTest, AFieldOutOfRangeIsRefused) {
  struct Case {
    std::string message;
    std::function<void(RolloutDocument&)> spoil;
  };
  const std::string long_text(257, 'x');
  const std::vector<Case> cases = {
      {"model", [](auto& d) { d.model.clear(); }},
      {"text", [&](auto& d) { d.app = long_text; }},
      {"text", [&](auto& d) { d.salt = long_text; }},
      {"text", [&](auto& d) { d.policy_ref = long_text; }},
      {"condition", [](auto& d) { d.condition = std::string(65537, ' '); }},
      {"prev_digest", [](auto& d) { d.prev_digest.pop_back(); }},
      {"step_bp", [](auto& d) { d.step_bp = 10001; }},
      {"64 arms",
       [](auto& d) {
         d.arms.assign(65, {.name = "a", .start_bp = 0, .width_bp = 0});
       }},
      {"overlaps", [](auto& d) { d.arms[1].width_bp = 5001; }},
      {"10000", [](auto& d) { d.arms[0].width_bp = 5001; }},
      {"10000", [](auto& d) { d.arms[0].start_bp = 0xffffffff; }},
      {"misnamed", [](auto& d) { d.arms[0].name.clear(); }},
      {"misnamed", [&](auto& d) { d.arms[0].name = long_text; }},
      {"state", [](auto& d) { d.state = static_cast<RolloutState>(4); }},
      {"time", [](auto& d) { d.signed_at_ms = -1; }},
      {"time", [](auto& d) { d.started_ms = std::int64_t{1} << 60; }},
  };
  for (const Case& c : cases) {
    RolloutDocument d = Full();
    c.spoil(d);
    EXPECT_THAT(DecodeRollout(EncodeRollout(d)),
                StatusIs(kInvalid, HasSubstr(c.message)))
        << c.message;
  }
}

TEST(RolloutDocumentTest, EveryTruncationIsMalformedOrAnotherDocument) {
  const Bytes good = EncodeRollout(Full());
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto decoded = DecodeRollout(ByteView(good).first(size));
    if (decoded.ok()) continue;  // the buffer's end may be padding
    EXPECT_THAT(decoded, StatusIs(kInvalid)) << size;
  }
  EXPECT_THAT(DecodeRollout(ByteView(good).first(good.size() / 2)),
              StatusIs(kInvalid));
}

TEST(RolloutPolicyTest, APolicyIsReadStrictly) {
  const auto policy = ParseRolloutPolicy(
      AsBytes(R"({"max_step_bp": 500, "min_dwell_ms": 60000})"));
  ASSERT_THAT(policy, IsOk());
  EXPECT_EQ(policy->max_step_bp, 500u);
  EXPECT_EQ(policy->min_dwell_ms, 60000);
  EXPECT_EQ(ParseRolloutPolicy(AsBytes("{}"))->max_step_bp, 1000u);
  for (const char* text :
       {"", "[]", "{\"max_step_bp\":10001}", "{\"max_step_bp\":-1}",
        "{\"max_step_bp\":1.5}", "{\"max_step_bp\":\"1\"}", "{\"other\":1}",
        "{\"min_dwell_ms\":18446744073709551615}",
        "{\"max_step_bp\":1,\"max_step_bp\":1}"}) {
    EXPECT_THAT(ParseRolloutPolicy(AsBytes(text)), StatusIs(kInvalid)) << text;
  }
}

}  // namespace
}  // namespace sotto::model_store
