// Every order in which a lying coordinator can bring the clients of a small
// cohort on, restarts included: no state shows it both secrets of an honest
// client, a sum over others than all honest members of the one set that a
// session unmasks, or two contributions of one client. SOTTO_MODEL_CHECK=large
// searches more.

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "gtest/gtest.h"
#include "secure_agg/graph/threshold.h"
#include "secure_agg/test_learned_sums.h"
#include "secure_agg/test_model_search.h"

namespace sotto::secure_agg {
namespace {

// The second claim of docs/protocol/secure_aggregation.md.
const char* OtherSum(const ClientModel& model,
                     const ClientModel::State& state) {
  const auto honest = static_cast<MemberSet>((1u << model.honest()) - 1);
  for (std::uint32_t s = 0; s < model.sessions(); ++s) {
    MemberSet unmasked = 0;
    for (std::uint32_t w = 0; w < model.honest(); ++w) {
      const ClientRecord& r = state[w][ClientModel::StartIn(s, w)];
      if (r.step == ClientRecord::Step::kDone && r.session == s) {
        unmasked = r.survivors;
      }
    }
    if (unmasked == 0) continue;
    for (const MemberSet sum : LearnedSums(model, state, s).All()) {
      if (sum != (unmasked & honest)) {
        return "a sum over others than the honest of the unmasked set";
      }
    }
  }
  return nullptr;
}

Found Search(const ModelConfig& config) { return SearchAll(config, OtherSum); }

ModelConfig Honest(std::uint32_t members, std::uint32_t corrupted,
                   std::uint32_t min_survivors) {
  // As clients compute it: floor(gamma n) is `corrupted`.
  const double gamma = (corrupted + 0.25) / members;
  return {.members = members,
          .corrupted = corrupted,
          .threshold = CompleteGraph(members, gamma).value().threshold,
          .min_survivors = min_survivors};
}

void ExpectSafe(ModelConfig config, const char* what) {
  const Found found = Search(config);
  EXPECT_EQ(found.violation, "") << what;
  EXPECT_GT(found.unmasked, 0u) << what;  // it can come to an end
  std::printf("%s: %zu states, in %zu of them somebody has unmasked\n", what,
              found.states, found.unmasked);
}

bool IsLarge() {
  const char* bound = std::getenv("SOTTO_MODEL_CHECK");
  return bound != nullptr && std::strcmp(bound, "large") == 0;
}

TEST(ModelCheckTest, ThreeClientsThatRestartAreSafe) {
  ModelConfig config = Honest(3, 0, 2);
  config.restarting = 3;
  ExpectSafe(config, "n = 3, each restarts");
  config.manifests = 2;
  ExpectSafe(config, "n = 3, two manifests, each restarts");
}

TEST(ModelCheckTest, FourClientsAreSafe) {
  ModelConfig config = Honest(4, 0, 3);
  ExpectSafe(config, "n = 4");
  config.restarting = 1;
  ExpectSafe(config, "n = 4, one restarts");
  config = Honest(4, 1, 3);
  config.manifests = 2;
  ExpectSafe(config, "n = 4, one corrupted, two manifests");
  config.restarting = 2;
  config.manifests = 1;
  ExpectSafe(config, "n = 4, one corrupted, two restart");
  config = Honest(4, 0, 3);
  config.manifests = 2;
  ExpectSafe(config, "n = 4, two manifests");
  config.manifests = 1;
  config.restarting = 2;
  ExpectSafe(config, "n = 4, two restart");
  if (!IsLarge()) return;
  config.restarting = 3;
  ExpectSafe(config, "n = 4, three restart");
}

TEST(ModelCheckTest, FiveClientsAreSafe) {
  ExpectSafe(Honest(5, 2, 3), "n = 5, two corrupted");
  ExpectSafe(Honest(5, 1, 3), "n = 5, one corrupted");
  ExpectSafe(Honest(5, 0, 3), "n = 5");
  ModelConfig config = Honest(5, 1, 3);
  config.restarting = 1;
  ExpectSafe(config, "n = 5, one corrupted, one restarts");
  if (!IsLarge()) return;
  config.restarting = 3;
  ExpectSafe(config, "n = 5, one corrupted, three restart");
  config = Honest(5, 0, 3);
  config.restarting = 1;
  ExpectSafe(config, "n = 5, one restarts");
}

// That the search finds what is there to be found.
TEST(ModelCheckTest, ASmallerThresholdShowsBothSecrets) {
  ModelConfig config = Honest(5, 1, 3);
  EXPECT_EQ(config.threshold, 3u);
  config.threshold = 2;
  EXPECT_NE(Search(config).violation, "");
}

TEST(ModelCheckTest, MoreCorruptedMembersThanAssumedShowBothSecrets) {
  ModelConfig config = Honest(5, 0, 3);
  config.corrupted = 3;
  EXPECT_EQ(Search(config).violation, "both secrets of an honest client");
}

TEST(ModelCheckTest, WithoutALogOfContributionsAClientContributesTwice) {
  ModelConfig config = Honest(3, 0, 3);
  config.restarting = 3;
  config.keeps_contributions = false;
  EXPECT_EQ(Search(config).violation, "two contributions of a client");
}

}  // namespace
}  // namespace sotto::secure_agg
