#include "watermark/detect/verifier.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/sanitizer.h"
#include "tests/support/status_matchers.h"
#include "watermark/attack/attacks.h"
#include "watermark/test_models.h"

namespace sotto::watermark {
namespace {

using ::testing::HasSubstr;

class VerifierTest : public ::testing::Test {
 protected:
  absl::StatusOr<OwnershipResult> Verify(const runtime::Model& suspect) {
    return VerifyOwnership(plain_, suspect, owner_.key, owner_.registry, 20);
  }

  const runtime::Model plain_ = Trained(Cnn(1), 3);
  Owner owner_{1};
  const runtime::Model marked_ = owner_.Mark(plain_);
};

TEST_F(VerifierTest, TheMarkCostsNoMoreThanHalfAPoint) {
  const double before = Accuracy(plain_), after = Accuracy(marked_);
  EXPECT_GT(before, 0.8);
  EXPECT_LT(before, 0.999);  // else the test could not see a loss
  EXPECT_GE(after, before - 0.005);
}

TEST_F(VerifierTest, TheMarkSurvivesWhatThievesTry) {
  SOTTO_SKIP_STATISTICS();
  const runtime::Model pruned = Prune(marked_, 0.5).value();
  const runtime::Model moved =
      ScaleUnits(PermuteUnits(marked_, 5).value(), 1.0, 6).value();
  const std::vector<std::pair<std::string, runtime::Model>> suspects = {
      {"untouched", marked_},
      {"pruned", pruned},
      {"quantised to 4 bits", Parsed(Quantise(marked_, 4).value())},
      {"pruned, then quantised", Parsed(Quantise(pruned, 8).value())},
      {"permuted and rescaled", moved},
      {"permuted, rescaled, pruned, quantised",
       Parsed(Quantise(Prune(moved, 0.5).value(), 8).value())},
      {"noise", AddNoise(marked_, 0.3, 7).value()},
      {"trained on", Trained(marked_, 6)},
      {"under a thief's own mark", Owner(2).Mark(marked_)},
  };
  for (const auto& [name, suspect] : suspects) {
    const auto result = Verify(suspect);
    ASSERT_THAT(result, IsOk()) << name;
    EXPECT_TRUE(result->owned) << name;
    EXPECT_LT(result->ln_p, std::log(1e-20)) << name;
    EXPECT_EQ(result->hypotheses, 2u);
  }
}

TEST_F(VerifierTest, AModelWithoutTheMarkIsNotClaimed) {
  SOTTO_SKIP_STATISTICS();
  for (const runtime::Model& suspect :
       {plain_, Trained(plain_, 2), Cnn(2), Trained(Cnn(2), 3)}) {
    const auto result = Verify(suspect);
    ASSERT_THAT(result, IsOk());
    EXPECT_FALSE(result->owned);
    EXPECT_GT(result->ln_p, std::log(0.01));
  }
}

TEST_F(VerifierTest, NoneOfTwoHundredOtherOwnersCanClaimTheModel) {
  SOTTO_SKIP_STATISTICS();
  int below_a_percent = 0;
  for (std::uint64_t seed = 100; seed < 300; ++seed) {
    Owner other(seed);
    other.Register(plain_);
    const auto result =
        VerifyOwnership(plain_, marked_, other.key, other.registry, 0);
    ASSERT_THAT(result, IsOk());
    EXPECT_FALSE(result->owned) << seed;
    if (result->ln_p < std::log(0.01)) ++below_a_percent;
  }
  EXPECT_LE(below_a_percent, 7);  // mean at most 2, plus 3.5 deviations
}

TEST_F(VerifierTest, EveryRegistrationOfTheOwnerCountsAsAHypothesis) {
  owner_.Register(Trained(Cnn(3), 1));
  owner_.Register(Trained(Cnn(4), 1));
  const auto result = Verify(AddNoise(marked_, 2, 1).value());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->hypotheses, 6u);  // three registrations, two readings
  EXPECT_NEAR(result->ln_p, result->best.ln_p + std::log(6.0), 1e-9);
  EXPECT_LT(result->ln_p, -5);
}

TEST_F(VerifierTest, TwoRunsGiveTheSameReport) {
  const auto a = Verify(marked_), b = Verify(marked_);
  EXPECT_EQ(a->ln_p, b->ln_p);
  EXPECT_EQ(a->calibration.mean_z, b->calibration.mean_z);
}

TEST_F(VerifierTest, RefusesWhatItCannotJudge) {
  EXPECT_THAT(VerifyOwnership(plain_, marked_, KeyFor(77), owner_.registry),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("of this key")));
  EXPECT_THAT(
      VerifyOwnership(marked_, marked_, owner_.key, owner_.registry),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("this reference")));
  const auto mlp = runtime::MakeArchitecture({.name = "mlp"}).value();
  EXPECT_THAT(Verify(mlp), StatusIs(absl::StatusCode::kInvalidArgument,
                                    HasSubstr("architecture")));
  Owner hasty(9);
  hasty.Commit(plain_);
  EXPECT_THAT(VerifyOwnership(plain_, marked_, hasty.key, hasty.registry),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("no nonce yet")));
}

}  // namespace
}  // namespace sotto::watermark
