#include "client/agent/round_vectors.h"

#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "privacy/rounds/exact_metrics.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kLength = 10;

v1::Plan EncodingPlan() {
  v1::Plan plan;
  plan.set_task("train");
  plan.mutable_encode()->set_clip_norm(1.0);
  plan.mutable_encode()->set_scale(1000.0);
  plan.mutable_encode()->set_bits(32);
  plan.mutable_encode()->set_max_weight(8);
  return plan;
}

v1::SessionManifest TwoVectors() {
  v1::SessionManifest manifest;
  manifest.set_task("train");
  manifest.set_round(3);
  manifest.set_cohort_size(20);
  auto* update = manifest.add_vectors();
  update->set_name("update");
  update->set_length(kLength);
  update->set_bits(32);
  update->set_bound(2001);
  auto* metrics = manifest.add_vectors();
  metrics->set_name("metrics");
  metrics->set_length(privacy::kMetricsLength);
  metrics->set_bits(32);
  metrics->set_bound(privacy::kMetricsBound);
  return manifest;
}

TEST(RoundVectors, AManifestThatFollowsThePlanIsAccepted) {
  EXPECT_THAT(CheckVectors(TwoVectors(), EncodingPlan(), kLength), IsOk());
}

TEST(RoundVectors, AManifestThatDiffersInOneFieldIsRefused) {
  const struct {
    std::string names;
    std::function<void(v1::SessionManifest&)> spoil;
  } cases[] = {
      {"'update'", [](auto& m) { m.mutable_vectors(0)->set_length(11); }},
      {"'update'", [](auto& m) { m.mutable_vectors(0)->set_bits(31); }},
      {"'update'", [](auto& m) { m.mutable_vectors(0)->set_bound(2002); }},
      {"'update'", [](auto& m) { m.mutable_vectors(0)->set_name("other"); }},
      {"'metrics'", [](auto& m) { m.mutable_vectors(1)->set_length(5); }},
      {"'metrics'", [](auto& m) { m.mutable_vectors(1)->set_bits(16); }},
      {"'metrics'", [](auto& m) { m.mutable_vectors(1)->set_bound(1 << 22); }},
      {"3 vectors", [](auto& m) { *m.add_vectors() = m.vectors(0); }},
      {"round 3", [](auto& m) { m.set_cohort_size(1u << 22); }},
  };
  for (const auto& c : cases) {
    v1::SessionManifest manifest = TwoVectors();
    c.spoil(manifest);
    EXPECT_THAT(
        CheckVectors(manifest, EncodingPlan(), kLength),
        StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(c.names)));
  }
}

TEST(RoundVectors, MetricsAreLaidOutAsThePlanSaysAndCapped) {
  LocalResult result;
  result.update.assign(kLength, 0.5f);
  result.examples = 10;
  result.loss_sum = 2.5;
  result.eval_count = 7;
  result.eval_correct = 5;
  const auto vectors = EncodeRound(EncodingPlan(), result);
  ASSERT_THAT(vectors, IsOk());
  EXPECT_EQ(vectors->metrics,
            (std::vector<std::uint32_t>{8, 0, 7, 0, 5, 0, 10, 0, 640, 0}));
  EXPECT_EQ(vectors->update, std::vector<std::uint32_t>(kLength, 500));

  result.loss_sum = 1e12;
  const auto capped = EncodeRound(EncodingPlan(), result);
  ASSERT_THAT(capped, IsOk());
  EXPECT_EQ(privacy::DecodeMetrics(capped->metrics)[4], privacy::kMaxMetric);
}

}  // namespace
}  // namespace sotto::client
