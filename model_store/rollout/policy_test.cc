// What a stolen director may make a device do: no more than the policy.

#include "model_store/rollout/policy.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::model_store {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kDwell = 1000;

class CheckSuccessorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    previous_.app = "app";
    previous_.model = "digits/cnn";
    previous_.salt = "salt";
    previous_.seq = 10;
    previous_.step_bp = 1000;
    previous_.state = RolloutState::kRunning;
    previous_.base_release = 1;
    previous_.signed_at_ms = 50000;
    previous_.arms = {
        {.name = "old", .release = 1, .start_bp = 0, .width_bp = 5000},
        {.name = "new", .release = 2, .start_bp = 5000, .width_bp = 5000}};
  }
  // The document after previous_, a dwell later, chained to it.
  RolloutDocument Next() const {
    RolloutDocument next = previous_;
    ++next.seq;
    next.prev_digest = Digest();
    next.signed_at_ms += kDwell;
    return next;
  }
  Bytes Digest() const {
    const auto digest = crypto::Sha256(EncodeRollout(previous_));
    return {digest.begin(), digest.end()};
  }
  absl::Status Check(const RolloutDocument& next) const {
    return CheckSuccessor(EncodeRollout(previous_), next, policy_, now_);
  }

  RolloutDocument previous_;
  RolloutPolicy policy_{.max_step_bp = 1000, .min_dwell_ms = kDwell};
  UnixTime now_{std::chrono::milliseconds(100000)};
};

TEST_F(CheckSuccessorTest, AStepOfThePolicyAfterItsDwellIsFollowed) {
  RolloutDocument next = Next();
  next.step_bp = 2000;
  EXPECT_THAT(Check(next), IsOk());
}

TEST_F(CheckSuccessorTest, ALargerStepIsRefused) {
  RolloutDocument next = Next();
  next.step_bp = 2001;
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("allows 1000")));
  next.step_bp = 10000;
  EXPECT_THAT(Check(next), StatusIs(kDenied));
  // Waiting longer buys no longer step.
  next.signed_at_ms += 20 * kDwell;
  EXPECT_THAT(Check(next), StatusIs(kDenied));
}

TEST_F(CheckSuccessorTest, AStepBeforeItsDwellIsRefused) {
  RolloutDocument next = Next();
  next.step_bp = 1001;
  next.signed_at_ms -= 1;
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("sooner")));
}

TEST_F(CheckSuccessorTest, HoldingAndShrinkingTakeNoDwell) {
  RolloutDocument next = Next();
  next.signed_at_ms = previous_.signed_at_ms;
  EXPECT_THAT(Check(next), IsOk());
  next.state = RolloutState::kHeld;
  EXPECT_THAT(Check(next), IsOk());
  next.step_bp = 500;
  EXPECT_THAT(Check(next), IsOk());
  next.state = RolloutState::kDone;
  EXPECT_THAT(Check(next), IsOk());
}

TEST_F(CheckSuccessorTest, OlderAndEqualSequenceNumbersAreRefused) {
  for (const std::uint64_t seq : {0u, 9u, 10u}) {
    RolloutDocument next = Next();
    next.seq = seq;
    EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("document 10")));
  }
}

TEST_F(CheckSuccessorTest, TheNextDocumentContinuesTheChain) {
  RolloutDocument next = Next();
  next.prev_digest[0] ^= 1;
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("continue")));
  next.prev_digest.clear();
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("continue")));
}

TEST_F(CheckSuccessorTest, AnotherAppOrModelIsRefused) {
  RolloutDocument next = Next();
  next.model = "digits/mlp";
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("another")));
  next = Next();
  next.app = "other";
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("another")));
}

TEST_F(CheckSuccessorTest, TimeGoesForwardAndNotIntoTheFuture) {
  RolloutDocument next = Next();
  next.signed_at_ms = previous_.signed_at_ms - 1;
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("time")));
  // Clocks may differ by five minutes.
  next.signed_at_ms = 100000 + 300000;
  EXPECT_THAT(Check(next), IsOk());
  next.signed_at_ms += 1;
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("time")));
}

TEST_F(CheckSuccessorTest, RevertingIsAlwaysAllowedAtOnce) {
  RolloutDocument next = Next();
  next.signed_at_ms = previous_.signed_at_ms;
  next.state = RolloutState::kReverting;
  next.step_bp = 0;
  next.arms.clear();
  EXPECT_THAT(Check(next), IsOk());
  // But to the base that there is.
  next.base_release = 2;
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("promotes")));
}

TEST_F(CheckSuccessorTest, WhatWasMissedAllowsAStepADwell) {
  RolloutDocument next = Next();
  next.seq += 4;
  next.prev_digest = Bytes(32, 1);
  next.signed_at_ms = previous_.signed_at_ms + 3 * kDwell;
  next.step_bp = 4000;
  EXPECT_THAT(Check(next), IsOk());
  next.step_bp = 4001;
  EXPECT_THAT(Check(next), StatusIs(kDenied));
  // Nor more than a step a document, however long it took.
  next.signed_at_ms += 20 * kDwell;
  next.step_bp = 6000;
  EXPECT_THAT(Check(next), IsOk());
  next.step_bp = 6001;
  EXPECT_THAT(Check(next), StatusIs(kDenied));
}

TEST_F(CheckSuccessorTest, ManyDocumentsAtOnceTakeNoStep) {
  RolloutDocument next = Next();
  next.seq += 100;
  next.signed_at_ms = previous_.signed_at_ms;
  next.step_bp = 1001;
  EXPECT_THAT(Check(next), StatusIs(kDenied));
}

TEST_F(CheckSuccessorTest, ANewRolloutBeginsWithOneStep) {
  previous_.state = RolloutState::kDone;
  RolloutDocument next = Next();
  next.state = RolloutState::kRunning;
  next.salt = "another";
  next.signed_at_ms = previous_.signed_at_ms;
  next.arms[1].release = 3;
  EXPECT_THAT(Check(next), IsOk());
  next.step_bp = 1001;
  EXPECT_THAT(Check(next), StatusIs(kDenied));
}

TEST_F(CheckSuccessorTest, WhatARolloutOffersIsFixedWhileItIsUnderWay) {
  RolloutDocument next = Next();
  next.arms[0].release = 9;
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("arms")));
  next = Next();
  next.arms[0].width_bp = 10;
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("arms")));
  // A condition that held for nobody would hide steps until it is dropped.
  next = Next();
  next.condition = "{}";
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("condition")));
  next = Next();
  next.name_space = {.id = "ns", .low = 0, .high = 1};
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("namespace")));
}

TEST_F(CheckSuccessorTest, OnlyWhatEverybodyWasOfferedBecomesTheBase) {
  RolloutDocument next = Next();
  next.state = RolloutState::kDone;
  next.base_release = 2;
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("promotes")));
  previous_.step_bp = 10000;
  next = Next();
  next.state = RolloutState::kDone;
  next.base_release = 2;
  EXPECT_THAT(Check(next), IsOk());
  next.base_release = 3;
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("promotes")));
  // A sliver of an arm is not everybody.
  previous_.arms[0].width_bp = 5000;
  previous_.arms[1].width_bp = 1;
  next = Next();
  next.state = RolloutState::kDone;
  next.base_release = 2;
  EXPECT_THAT(Check(next), StatusIs(kDenied, HasSubstr("promotes")));
}

TEST_F(CheckSuccessorTest, APolicyOfOneStepAllowsAnythingAtOnce) {
  policy_ = {.max_step_bp = 10000, .min_dwell_ms = 0};
  RolloutDocument next = Next();
  next.signed_at_ms = previous_.signed_at_ms;
  next.step_bp = 10000;
  EXPECT_THAT(Check(next), IsOk());
  next.state = RolloutState::kDone;
  next.base_release = 7;
  EXPECT_THAT(Check(next), IsOk());
}

TEST_F(CheckSuccessorTest, ATrustedDocumentThatIsDamagedIsNotFollowed) {
  EXPECT_THAT(CheckSuccessor(AsBytes("damaged"), Next(), policy_, now_),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sotto::model_store
