#include "watermark/detect/owner_evidence.h"

#include <cmath>

#include "gmock/gmock.h"
#include "tests/support/sanitizer.h"
#include "tests/support/status_matchers.h"
#include "watermark/test_models.h"

namespace sotto::watermark {
namespace {

// The null: keys that have nothing to do with the model. A generator whose
// streams overlap showed a mean of 0.26 here.
TEST(OwnerEvidenceTest, ScoresOfUnrelatedKeysAreStandardNormal) {
  SOTTO_SKIP_STATISTICS();
  const auto evidence = ReadEvidence(Cnn(1), Trained(Cnn(2), 2));
  ASSERT_THAT(evidence, IsOk());
  crypto::SeededRng rng = RngFor("calibration", 1);
  constexpr std::size_t kKeys = 6000;
  for (const Evidence::View& view : evidence->views) {
    const Calibration calibration = CalibrateOwner(view, kKeys, rng);
    EXPECT_NEAR(calibration.mean_z, 0, 4 / std::sqrt(1.0 * kKeys)) << view.name;
    EXPECT_NEAR(calibration.deviation_z, 1, 4 / std::sqrt(2.0 * kKeys));
    EXPECT_LT(calibration.largest_z, 5.5);
    EXPECT_GT(calibration.largest_z, 2.5);
  }
}

TEST(OwnerEvidenceTest, ABoundIsReachedNoMoreOftenThanItSays) {
  SOTTO_SKIP_STATISTICS();
  const auto evidence = ReadEvidence(Cnn(1), Trained(Cnn(2), 2));
  ASSERT_THAT(evidence, IsOk());
  constexpr int kKeys = 400;
  int tenth = 0, hundredth = 0;
  for (int n = 0; n < kKeys; ++n) {
    crypto::SeededRng rng = RngFor("nonce", static_cast<std::uint64_t>(n));
    Nonce nonce;
    rng.Fill(nonce);
    const double ln_p =
        TestOwner(evidence->views.front(),
                  KeyFor(1000 + static_cast<std::uint64_t>(n)), nonce)
            .ln_p;
    if (ln_p <= std::log(0.1)) ++tenth;
    if (ln_p <= std::log(0.01)) ++hundredth;
  }
  // Means of at most 40 and 4, plus four standard deviations.
  EXPECT_LE(tenth, 64);
  EXPECT_LE(hundredth, 12);
  // The bound is not so loose that it says nothing.
  EXPECT_GE(tenth, 2);
}

TEST(OwnerEvidenceTest, WeightsThatAreZeroAreNoEvidence) {
  runtime::Model empty = Cnn(1);
  for (const std::int32_t tensor : empty.WeightTensors()) {
    runtime::SetFloats(empty, tensor,
                       std::vector<float>(empty.Floats(tensor).size(), 0.0f));
  }
  const auto evidence = ReadEvidence(Cnn(1), empty);
  ASSERT_THAT(evidence, IsOk());
  for (const Evidence::View& view : evidence->views) {
    const OwnerResult result = TestOwner(view, KeyFor(1), Nonce{});
    EXPECT_EQ(result.ln_p, 0);
    EXPECT_EQ(result.statistic.z(), 0);
  }
}

}  // namespace
}  // namespace sotto::watermark
