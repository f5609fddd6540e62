#include "client/policy/assignment_check.h"

#include <functional>

#include "crypto/rng.h"
#include "crypto/sha2.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::HasSubstr;

class AssignmentCheckTest : public ::testing::Test {
 protected:
  AssignmentCheckTest()
      : key_(crypto::SigningKey::Generate(crypto::SystemRng())) {
    assignment_.set_task("train");
    assignment_.set_round(2);
    assignment_.set_round_id(std::string(16, 'r'));
    assignment_.set_plan_target("plan/train.plan");
    assignment_.set_plan_hash(std::string(32, 'p'));
    assignment_.set_model_hash(std::string(32, 'm'));
    assignment_.set_checkpoint_digest(std::string(32, 'c'));
    Sign();
  }
  void Sign() {
    assignment_.set_signature(
        ToString(key_.Sign(AssignmentSignedBytes(assignment_))));
  }

  const crypto::SigningKey key_;
  v1::Assignment assignment_;
};

TEST_F(AssignmentCheckTest, ASignedAssignmentIsAccepted) {
  EXPECT_THAT(CheckAssignment(assignment_, key_.public_key()), IsOk());
}

TEST_F(AssignmentCheckTest, AnotherKeyIsRefusedByName) {
  const auto other = crypto::SigningKey::Generate(crypto::SystemRng());
  EXPECT_THAT(CheckAssignment(assignment_, other.public_key()),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("round 2: the signature")));
}

TEST_F(AssignmentCheckTest, EveryFieldIsUnderTheSignature) {
  const std::function<void(v1::Assignment&)> changes[] = {
      [](auto& a) { a.set_task("other"); },
      [](auto& a) { a.set_round(3); },
      [](auto& a) { a.set_round_id(std::string(16, 's')); },
      [](auto& a) { a.set_plan_target("plan/other.plan"); },
      [](auto& a) { a.set_plan_hash(std::string(32, 'q')); },
      [](auto& a) { a.set_model_hash(std::string(32, 'n')); },
      [](auto& a) { a.set_previous_model_hash(std::string(32, 'o')); },
      [](auto& a) { a.set_checkpoint_digest(std::string(32, 'd')); },
      [](auto& a) { a.set_checkpoint_bytes(5); },
      [](auto& a) { a.set_deadline_ms(5); },
  };
  for (const auto& change : changes) {
    v1::Assignment changed = assignment_;
    change(changed);
    EXPECT_THAT(CheckAssignment(changed, key_.public_key()),
                StatusIs(absl::StatusCode::kPermissionDenied));
  }
}

TEST_F(AssignmentCheckTest, AHashOfTheWrongLengthIsMalformed) {
  assignment_.set_model_hash(std::string(31, 'm'));
  Sign();
  EXPECT_THAT(CheckAssignment(assignment_, key_.public_key()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(AssignmentCheckTest, PlanAndWeightsMustBeThoseOfTheAssignment) {
  const Bytes plan = ToBytes("a plan"), weights = ToBytes("some weights");
  assignment_.set_plan_hash(ToString(crypto::Sha256(plan)));
  assignment_.set_model_hash(ToString(crypto::Sha256(weights)));
  EXPECT_THAT(CheckPlanBytes(assignment_, plan), IsOk());
  EXPECT_THAT(CheckCheckpoint(assignment_, weights), IsOk());
  EXPECT_THAT(CheckPlanBytes(assignment_, weights),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("plan")));
  EXPECT_THAT(
      CheckCheckpoint(assignment_, plan),
      StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("checkpoint")));
}

TEST(CheckPlan, EachFieldMustBeTheDevices) {
  v1::Plan plan;
  plan.set_task("train");
  plan.set_model("digits/cnn");
  plan.set_architecture_hash(std::string(32, 'a'));
  const Bytes hash(32, 'a');
  EXPECT_THAT(CheckPlan(plan, "train", "digits/cnn", hash), IsOk());
  EXPECT_THAT(CheckPlan(plan, "other", "digits/cnn", hash),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("for task 'train'")));
  EXPECT_THAT(
      CheckPlan(plan, "train", "digits/mlp", hash),
      StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("trains model")));
  EXPECT_THAT(
      CheckPlan(plan, "train", "digits/cnn", Bytes(32, 'b')),
      StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("architecture")));
}

}  // namespace
}  // namespace sotto::client
