#include "client/agent/noisy_round.h"

#include <cmath>

#include "client/agent/round_vectors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "privacy/distributed/noisy_decoder.h"
#include "privacy/distributed/rotation.h"
#include "privacy/rounds/round_noise.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kNoisyWeights = 100;
const Bytes kSessionId(32, 7);

v1::Plan MakePlan() {
  v1::Plan plan;
  plan.set_task("train");
  plan.mutable_encode()->set_clip_norm(10);
  plan.mutable_encode()->set_scale(4096);
  plan.mutable_encode()->set_bits(28);
  plan.mutable_encode()->set_max_weight(1);
  v1::Plan::Privacy& privacy = *plan.mutable_privacy();
  privacy.set_noise(v1::Plan::Privacy::SKELLAM);
  privacy.set_central_std(0.01);
  privacy.set_epsilon(4);
  privacy.set_delta(1e-6);
  privacy.set_unit(v1::Plan::Privacy::USER);
  privacy.set_sampling(v1::Plan::Privacy::NO_AMPLIFICATION);
  return plan;
}

v1::SessionManifest MakeManifest() {
  v1::SessionManifest manifest;
  manifest.set_task("train");
  manifest.set_round(3);
  manifest.set_cohort_size(4);
  manifest.set_min_survivors(3);
  auto& update = *manifest.add_vectors();
  update.set_name("update");
  update.set_length(128);
  update.set_bits(28);
  update.set_bound(1u << 28);
  update.set_modular(true);
  return manifest;
}

LocalResult MakeResult(float value) {
  LocalResult result;
  result.update.assign(kNoisyWeights, value);
  result.examples = 10;
  result.loss_sum = 25;
  result.eval_count = 8;
  result.eval_correct = 6;
  return result;
}

// What a sum of this update three times over decodes to, divided by three.
std::vector<float> Decoded(const LocalResult& result) {
  const v1::Plan plan = MakePlan();
  const auto encoding = EncodingFor(MakeManifest(), plan, kNoisyWeights);
  EXPECT_THAT(encoding, IsOk());
  std::vector<std::uint32_t> sum(128);
  for (int device = 0; device < 3; ++device) {
    const auto words = EncodeNoisyRound(*encoding, plan, result, kSessionId,
                                        crypto::SystemRng());
    EXPECT_THAT(words, IsOk());
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] = (sum[i] + (*words)[i]) & ((1u << 28) - 1);
    }
  }
  const auto decoded = privacy::DecodeNoisySum(
      *encoding, privacy::RotationSeed(kSessionId, "update"), 3, sum);
  EXPECT_THAT(decoded, IsOk());
  std::vector<float> mean;
  for (const float value : decoded->values) mean.push_back(value / 3);
  return mean;
}

TEST(NoisyRound, AnUpdateWithinTheClipComesThroughWithItsMetrics) {
  const std::vector<float> mean = Decoded(MakeResult(0.5f));  // norm 5
  ASSERT_EQ(mean.size(), kNoisyWeights + 2);
  for (std::size_t i = 0; i < kNoisyWeights; ++i) {
    EXPECT_NEAR(mean[i], 0.5, 0.03);
  }
  EXPECT_NEAR(mean[kNoisyWeights], 1.0 * 6 / 8, 0.03);
  EXPECT_NEAR(mean[kNoisyWeights + 1], 1.0 * 2.5 / 10, 0.03);
}

TEST(NoisyRound, WeightsAreClippedSoThatTheMetricsKeepTheirRoom) {
  LocalResult large = MakeResult(50);
  large.loss_sum = 1e9;
  const std::vector<float> mean = Decoded(large);
  const double want = std::sqrt(100.0 - 2) / 10;  // each of 100 weights
  for (std::size_t i = 0; i < kNoisyWeights; ++i) {
    EXPECT_NEAR(mean[i], want, 0.03);
  }
  EXPECT_NEAR(mean[kNoisyWeights + 1], 1, 0.03);
}

TEST(NoisyRound, NoRoundFollowsTheRunOfItsNoise) {
  v1::Plan plan = MakePlan();
  plan.mutable_privacy()->set_noise(v1::Plan::Privacy::COORDINATOR_TREE);
  plan.mutable_privacy()->set_rounds(3);
  EXPECT_THAT(EncodingFor(MakeManifest(), plan, kNoisyWeights), IsOk());
  plan.mutable_privacy()->set_rounds(2);
  EXPECT_THAT(EncodingFor(MakeManifest(), plan, kNoisyWeights),
              StatusIs(kDenied, HasSubstr("noise is of 2 rounds")));
}

TEST(NoisyRound, NoExamplesAndNoNumbersCountAsZero) {
  LocalResult result = MakeResult(0);
  result.update[5] = std::nanf("");
  result.eval_count = 0;
  result.loss_sum = std::nan("");
  for (const float value : Decoded(result)) EXPECT_NEAR(value, 0, 0.03);
}

TEST(NoisyRound, TheManifestHasOneModularVector) {
  EXPECT_THAT(CheckVectors(MakeManifest(), MakePlan(), kNoisyWeights), IsOk());
  const struct {
    const char* names;
    void (*spoil)(v1::SessionManifest&);
  } cases[] = {
      {"modular", [](auto& m) { m.mutable_vectors(0)->set_modular(false); }},
      {"'update'", [](auto& m) { m.mutable_vectors(0)->set_length(256); }},
      {"'update'", [](auto& m) { m.mutable_vectors(0)->set_bits(24); }},
      {"'update'", [](auto& m) { m.mutable_vectors(0)->set_bound(9); }},
      {"2 vectors", [](auto& m) { *m.add_vectors() = m.vectors(0); }},
      // A cohort for whose sum the plan's bits are too few.
      {"take", [](auto& m) { m.set_cohort_size(1u << 20); }},
      {"no honest device", [](auto& m) { m.set_corrupted_fraction(0.75); }},
  };
  for (const auto& c : cases) {
    v1::SessionManifest manifest = MakeManifest();
    c.spoil(manifest);
    EXPECT_THAT(
        CheckVectors(manifest, MakePlan(), kNoisyWeights),
        StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(c.names)))
        << c.names;
  }
}

TEST(NoisyRound, AnUpdateOfAnotherSizeIsRefused) {
  const auto encoding =
      EncodingFor(MakeManifest(), MakePlan(), kNoisyWeights + 1);
  ASSERT_THAT(encoding, IsOk());
  EXPECT_THAT(EncodeNoisyRound(*encoding, MakePlan(), MakeResult(0), kSessionId,
                               crypto::SystemRng()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sotto::client
