#include "privacy/rounds/round_noise.h"

#include <cmath>
#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using ::testing::HasSubstr;
using Privacy = v1::Plan::Privacy;

constexpr SessionSize kSession = {
    .devices = 20, .min_devices = 15, .corrupted_fraction = 0.1};

v1::Plan MakePlan() {
  v1::Plan plan;
  plan.mutable_encode()->set_clip_norm(2);
  plan.mutable_encode()->set_scale(1000);
  plan.mutable_encode()->set_bits(24);
  plan.mutable_encode()->set_max_weight(1);
  Privacy& privacy = *plan.mutable_privacy();
  privacy.set_noise(Privacy::SKELLAM);
  privacy.set_noise_multiplier(1.5);
  privacy.set_epsilon(4);
  privacy.set_delta(1e-6);
  privacy.set_unit(Privacy::USER);
  privacy.set_sampling(Privacy::NO_AMPLIFICATION);
  return plan;
}

TEST(RoundNoise, TheEncodingIsThePlansOnTheNumbersOfTheSession) {
  const auto encoding = RoundEncoding(MakePlan(), 70, kSession);
  ASSERT_THAT(encoding, IsOk());
  EXPECT_EQ(encoding->padded_dimension(), 128u);
  EXPECT_EQ(encoding->params().dimension, 72u);
  EXPECT_EQ(encoding->params().central_std, 3);
  EXPECT_EQ(encoding->params().noise, IntegerNoise::kSkellam);
  EXPECT_EQ(encoding->honest_devices(), 13u);
}

TEST(RoundNoise, WeightsAndMetricsTogetherKeepTheClip) {
  const v1::Plan plan = MakePlan();
  EXPECT_DOUBLE_EQ(MetricBound(plan), 0.2);
  EXPECT_NEAR(std::hypot(WeightsClip(plan), 0.2, 0.2), 2, 1e-12);
}

TEST(RoundNoise, TheStdIsGivenDirectlyOrAsAMultiplier) {
  v1::Plan plan = MakePlan();
  EXPECT_EQ(CentralStd(plan), 3);
  plan.mutable_privacy()->set_central_std(0.7);
  EXPECT_EQ(CentralStd(plan), 0.7);
}

TEST(RoundNoise, WhatIsNotStatedIsRefusedByName) {
  const struct {
    const char* names;
    std::function<void(v1::Plan&)> spoil;
  } cases[] = {
      {"privacy.noise", [](auto& p) { p.mutable_privacy()->clear_noise(); }},
      {"privacy.noise",
       [](auto& p) {
         p.mutable_privacy()->set_noise(static_cast<Privacy::Noise>(7));
       }},
      {"noise_multiplier", [](auto& p) { p.mutable_privacy()->clear_size(); }},
      {"above 0", [](auto& p) { p.mutable_privacy()->set_central_std(0); }},
      {"above 0",
       [](auto& p) { p.mutable_privacy()->set_central_std(std::nan("")); }},
      {"privacy.unit", [](auto& p) { p.mutable_privacy()->clear_unit(); }},
      {"privacy.sampling",
       [](auto& p) { p.mutable_privacy()->clear_sampling(); }},
      {"privacy.epsilon", [](auto& p) { p.mutable_privacy()->set_epsilon(0); }},
      {"delta", [](auto& p) { p.mutable_privacy()->set_delta(1); }},
      {"max_weight", [](auto& p) { p.mutable_encode()->set_max_weight(8); }},
      {"clip", [](auto& p) { p.mutable_encode()->set_clip_norm(1e31); }},
      {"take", [](auto& p) { p.mutable_encode()->set_bits(14); }},
      {"too coarse", [](auto& p) { p.mutable_encode()->set_scale(1); }},
  };
  for (const auto& c : cases) {
    v1::Plan plan = MakePlan();
    c.spoil(plan);
    EXPECT_THAT(
        RoundEncoding(plan, 70, kSession),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.names)))
        << c.names;
  }
}

TEST(RoundNoise, AReleaseIsStoredAndRead) {
  const auto encoding = RoundEncoding(MakePlan(), 70, kSession);
  ASSERT_THAT(encoding, IsOk());
  v1::NoisyRelease release;
  ASSERT_TRUE(release.ParseFromString(
      ReleaseOf(MakePlan(), *encoding).SerializeAsString()));
  LedgerEntry entry;
  ASSERT_THAT(SetNoise(release, entry), IsOk());
  const auto& noise = entry.noise;
  EXPECT_EQ(entry.noise_rounds, 0u);
  EXPECT_EQ(noise->kind, IntegerNoise::kSkellam);
  EXPECT_EQ(noise->clip, 2);
  EXPECT_EQ(noise->dimension, 128);
  EXPECT_EQ(noise->scale, 1000);
  EXPECT_EQ(noise->central_std, 3);
  EXPECT_EQ(noise->contributors, 13);
  release.clear_noise();
  EXPECT_THAT(SetNoise(release, entry), StatusIs(kInvalid));
}

TEST(RoundNoise, ACoordinatorIsOneHonestDevice) {
  v1::Plan plan = MakePlan();
  plan.mutable_privacy()->set_noise(v1::Plan::Privacy::COORDINATOR_TREE);
  EXPECT_THAT(RoundEncoding(plan, 70, kSession),
              StatusIs(kInvalid, HasSubstr("plan.privacy.rounds")));
  plan.mutable_privacy()->set_rounds(100);
  plan.mutable_participation()->set_min_separation_rounds(7);
  const auto encoding = RoundEncoding(plan, 70, kSession);
  ASSERT_THAT(encoding, IsOk());
  EXPECT_FALSE(encoding->local_variance().has_value());
  LedgerEntry entry;
  ASSERT_THAT(SetNoise(ReleaseOf(plan, *encoding), entry), IsOk());
  EXPECT_EQ(entry.noise->kind, IntegerNoise::kDiscreteGaussian);
  EXPECT_EQ(entry.noise->contributors, 1);
  EXPECT_EQ(entry.noise->central_std, 3);
  EXPECT_EQ(entry.noise_rounds, 100u);
  EXPECT_EQ(entry.min_separation, 7u);
  EXPECT_NEAR(CoordinatorVariance(plan)->value(), 9e6, 9e6 * 1e-4);
  // The same in all sessions of the task, other than of another task.
  const auto rotation = [&](const char* session) {
    return HexEncode(RoundRotation(plan, AsBytes(session)).Reveal());
  };
  EXPECT_EQ(rotation("a"), rotation("b"));
  const std::string before = rotation("a");
  plan.set_task("other");
  EXPECT_NE(rotation("a"), before);
  plan.mutable_privacy()->set_noise(v1::Plan::Privacy::SKELLAM);
  EXPECT_THAT(CheckPrivacy(plan),
              StatusIs(kInvalid, HasSubstr("plan.privacy.rounds")));
  EXPECT_NE(rotation("a"), rotation("b"));
}

v1::Plan BandedPlan() {
  v1::Plan plan = MakePlan();
  plan.mutable_privacy()->set_noise(v1::Plan::Privacy::COORDINATOR_BANDED);
  plan.mutable_privacy()->set_rounds(50);
  plan.mutable_participation()->set_min_separation_rounds(3);
  for (const double c : {0.8, 0.5, 0.3}) {
    plan.mutable_privacy()->add_coefficients(c);
  }
  return plan;
}

TEST(RoundNoise, AMatrixIsChargedByItsColumn) {
  const v1::Plan plan = BandedPlan();
  const auto encoding = RoundEncoding(plan, 70, kSession);
  ASSERT_THAT(encoding, IsOk());
  EXPECT_TRUE(IsCoordinatorNoise(plan));
  EXPECT_EQ(NoiseRounds(plan), 50u);
  LedgerEntry entry;
  ASSERT_THAT(SetNoise(ReleaseOf(plan, *encoding), entry), IsOk());
  EXPECT_EQ(entry.noise_rounds, 50u);
  EXPECT_EQ(entry.bands, 3u);
  EXPECT_EQ(entry.min_separation, 3u);
  const double norm = std::sqrt(0.64 + 0.25 + 0.09);
  EXPECT_NEAR(entry.noise->central_std, 3 / norm, 1e-4);
  EXPECT_EQ(MatrixStdSteps(plan).value(), 3000);
  v1::NoisyRelease damaged = ReleaseOf(plan, *encoding);
  damaged.set_column_norm(0);
  EXPECT_THAT(SetNoise(damaged, entry), StatusIs(kInvalid));
}

TEST(RoundNoise, MatricesThatHideTooLittleOrCostTooMuchAreRefused) {
  const auto refused = [](const std::function<void(v1::Plan&)>& spoil,
                          std::size_t weights, const char* names) {
    v1::Plan plan = BandedPlan();
    spoil(plan);
    EXPECT_THAT(RoundEncoding(plan, weights, kSession),
                StatusIs(kInvalid, HasSubstr(names)))
        << names;
  };
  refused([](auto& p) { p.mutable_privacy()->clear_rounds(); }, 70, "rounds");
  refused([](auto& p) { p.mutable_privacy()->clear_coefficients(); }, 70,
          "coefficients");
  refused([](auto& p) { p.mutable_privacy()->set_coefficients(0, 0); }, 70,
          "coefficients");
  refused(
      [](auto& p) { p.mutable_participation()->set_min_separation_rounds(2); },
      70, "at least the 3 bands");
  refused([](auto& p) { p.mutable_privacy()->set_central_std(33); }, 70,
          "banded matrix");
  refused(
      [](auto& p) {
        p.mutable_participation()->set_min_separation_rounds(200);
        for (int i = 3; i < 200; ++i) p.mutable_privacy()->add_coefficients(0);
      },
      (1 << 20) - 2, "2^27");
  refused(
      [](auto& p) {
        p.mutable_privacy()->set_noise(v1::Plan::Privacy::COORDINATOR_TREE);
      },
      70, "coefficients");
}

}  // namespace
}  // namespace sotto::privacy
