// What a coordinator that shows its clients different sets learns on small
// rings. SOTTO_MODEL_CHECK=large searches more.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "crypto/rng.h"
#include "gtest/gtest.h"
#include "secure_agg/test_learned_sums.h"
#include "secure_agg/test_model_search.h"
#include "secure_agg/test_ring_search.h"

namespace sotto::secure_agg {
namespace {

// Sets of so many of n places, but one of those that are turns or mirror images
// of each other.
std::vector<MemberSet> PlacesOf(std::uint32_t n, std::uint32_t count) {
  std::vector<MemberSet> found;
  for (std::uint32_t set = 0; set < 1u << n; ++set) {
    if (ClientModel::Count(static_cast<MemberSet>(set)) != count) continue;
    std::uint32_t first = set;
    for (std::uint32_t turn = 0; turn < n; ++turn) {
      std::uint32_t turned = 0, mirrored = 0;
      for (std::uint32_t p = 0; p < n; ++p) {
        if ((set >> p & 1) == 0) continue;
        turned |= 1u << (p + turn) % n;
        mirrored |= 1u << (2 * n - 1 - p - turn) % n;
      }
      first = std::min({first, turned, mirrored});
    }
    if (first == set) found.push_back(static_cast<MemberSet>(set));
  }
  return found;
}

// What the docs call a_u, and a, k and t.
std::uint32_t CorruptedNear(const ModelConfig& config, std::uint32_t u) {
  return ClientModel::Count(static_cast<MemberSet>(
      config.near[u] >> (config.members - config.corrupted)));
}
std::uint32_t CorruptedNeighbours(const ModelConfig& config) {
  std::uint32_t most = 0;
  for (std::uint32_t v = 0; v < config.members - config.corrupted; ++v) {
    most = std::max(most, CorruptedNear(config, v));
  }
  return most;
}

ModelConfig SafeRing(std::uint32_t n, std::uint32_t k, MemberSet corrupted,
                     std::uint32_t min_survivors) {
  ModelConfig config = RingOf(n, k, corrupted);
  config.threshold = (k + CorruptedNeighbours(config)) / 2 + 1;
  config.min_survivors = min_survivors;
  return config;
}

bool IsLargeRun() {
  const char* bound = std::getenv("SOTTO_MODEL_CHECK");
  return bound != nullptr && std::strcmp(bound, "large") == 0;
}

// The first claim of docs/protocol/secure_aggregation.md: t - a_u other honest
// members besides u.
void ExpectClaim(const RingSearch& search) {
  const ModelConfig& config = search.model().config();
  EXPECT_FALSE(search.both_secrets());
  EXPECT_GT(search.least(), 0u);
  for (std::uint32_t u = 0; u < search.model().honest(); ++u) {
    if (search.LeastOf(u) == 0) continue;
    EXPECT_GT(search.LeastOf(u), config.threshold - CorruptedNear(config, u))
        << "member " << u;
  }
}

// The least sum, where it was found, is one that the automaton comes to.
void ExpectBroughtAbout(const RingSearch& search, ClientModel::State& state) {
  ASSERT_TRUE(search.BringAbout(state));
  const auto sums = LearnedSums(search.model(), state, 0).All();
  EXPECT_NE(std::ranges::find(sums, search.found_sum()), sums.end());
}

// At these sizes one over n_min - A honest members is the least, too, where the
// corrupted and the missing cannot cut the ring.
TEST(RingModelTest, SmallRingsKeepTheirSums) {
  struct Shape {
    std::uint32_t n, k, min_survivors, corrupted;
    bool is_large;
  };
  const std::vector<Shape> shapes = {
      {4, 2, 3, 0, false}, {5, 2, 3, 0, false}, {5, 2, 3, 1, false},
      {6, 2, 4, 0, false}, {6, 2, 4, 1, false}, {6, 2, 4, 2, false},
      {7, 2, 5, 1, false}, {7, 2, 5, 2, false}, {6, 4, 4, 0, false},
      {6, 4, 4, 1, false}, {6, 4, 4, 2, false}, {7, 4, 5, 1, false},
      {7, 4, 4, 2, false}, {7, 4, 4, 1, true},  {7, 4, 5, 0, true}};
  for (const auto& [n, k, min_survivors, corrupted, is_large] : shapes) {
    if (is_large && !IsLargeRun()) continue;
    for (const MemberSet places : PlacesOf(n, corrupted)) {
      const ModelConfig config = SafeRing(n, k, places, min_survivors);
      if (config.threshold > k) continue;  // no such graph
      RingSearch search(config);
      search.EachItsOwn();
      SCOPED_TRACE(::testing::Message()
                   << "n = " << n << ", k = " << k << ", corrupted " << places);
      std::printf(
          "n = %u, k = %u, t = %u, n_min = %u, corrupted places %#x: %zu "
          "choices, the least sum is over %u\n",
          n, k, config.threshold, min_survivors, places, search.choices(),
          search.least());
      ExpectClaim(search);
      if (k > corrupted + n - min_survivors) {
        EXPECT_GE(search.least(), min_survivors - corrupted);
      }
      ClientModel::State state;
      ExpectBroughtAbout(search, state);
    }
  }
}

// The reductions of test_ring_search.h lose nothing.
TEST(RingModelTest, EveryOrderOfStepsTellsTheSame) {
  struct Shape {
    std::uint32_t n, k, min_survivors, corrupted;
    bool is_large;
  };
  const std::vector<Shape> shapes = {{4, 2, 3, 0, false}, {5, 2, 4, 0, false},
                                     {5, 2, 3, 1, false}, {6, 2, 4, 2, false},
                                     {6, 4, 4, 2, false}, {6, 4, 5, 1, true}};
  for (const auto& [n, k, min_survivors, corrupted, is_large] : shapes) {
    if (is_large && !IsLargeRun()) continue;
    for (const MemberSet places : PlacesOf(n, corrupted)) {
      const ModelConfig config = SafeRing(n, k, places, min_survivors);
      if (config.threshold > k) continue;
      RingSearch search(config);
      search.EachItsOwn();
      std::array<std::uint32_t, ModelConfig::kMaxMembers> least = {};
      const Found found = SearchAll(
          config,
          [&](const ClientModel& model,
              const ClientModel::State& state) -> const char* {
            for (const MemberSet sum : LearnedSums(model, state, 0).All()) {
              const std::uint32_t size = ClientModel::Count(sum);
              for (std::uint32_t u = 0; u < model.honest(); ++u) {
                if (!ClientModel::Has(sum, u)) continue;
                if (least[u] == 0 || size < least[u]) least[u] = size;
              }
            }
            return nullptr;
          });
      EXPECT_EQ(found.violation, "");
      for (std::uint32_t u = 0; u < n - corrupted; ++u) {
        EXPECT_EQ(search.LeastOf(u), least[u]) << "member " << u;
      }
      std::printf("n = %u, k = %u, corrupted places %#x: %zu states\n", n, k,
                  places, found.states);
    }
  }
}

// Nor on a ring of ten, where two U2 can tell less than one does: any U2 and
// U3, by the automaton, beside what the search says of these U3.
TEST(RingModelTest, NoChoiceOfU2TellsLessThanTheSearchSays) {
  const ModelConfig config = SafeRing(10, 6, 1, 6);
  const ClientModel model(config);
  crypto::SeededRng rng(AsBytes("ring of ten"));
  const auto below = [&](std::uint64_t n) {
    return static_cast<std::uint32_t>(crypto::UniformBelow(rng, n));
  };
  int told = 0, of_two_sets = 0, least = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    std::array<MemberSet, 2> u3, u2;
    for (std::size_t set : {0, 1}) {
      // Members are numbered by place, the corrupted one last.
      u3[set] = model.everybody();
      const std::uint32_t first = below(10), gone = below(5);
      for (std::uint32_t i = 0; i < gone; ++i) {
        u3[set] &= static_cast<MemberSet>(~(1u << (first + i) % 10));
      }
      u2[set] = static_cast<MemberSet>(u3[set] | below(1 << 10));
    }
    ClientModel::State state = model.Start();
    RingSearch::Sets survivors = {};
    bool is_open = true;
    for (std::uint32_t v = 0; v < model.honest(); ++v) {
      ClientRecord& own = state[v][0];
      const std::size_t set = below(4) == 0 ? 1 : 0;
      const bool is_in = ClientModel::Has(u3[set], v);
      own.step = ClientRecord::Step::kInputSent;
      own.survivors = is_in ? u3[set] : model.everybody();
      own.members = is_in ? u2[set] : model.everybody();
      survivors[v] = own.survivors;
      is_open = is_open && model.AcceptsSurvivors(state, v, own.survivors);
    }
    if (!is_open) continue;
    for (std::uint32_t v = 0; v < model.honest(); ++v) {
      state[v][0].step = ClientRecord::Step::kSigned;
    }
    const ClientModel::State all_signed = state;
    for (std::uint32_t v = 0; v < model.honest(); ++v) {
      if (!model.CanUnmask(all_signed, v)) continue;
      state[v][0].step = ClientRecord::Step::kDone;
    }
    const auto sums = LearnedSums(model, state, 0).All();
    if (sums.empty()) continue;
    RingSearch search(config);
    search.These(survivors);
    for (const MemberSet sum : sums) {
      ++told;
      const std::uint32_t size = ClientModel::Count(sum);
      of_two_sets += size < model.honest() && u2[0] != u2[1] ? 1 : 0;
      for (std::uint32_t u = 0; u < model.honest(); ++u) {
        if (!ClientModel::Has(sum, u)) continue;
        EXPECT_NE(search.LeastOf(u), 0u);
        EXPECT_LE(search.LeastOf(u), size);
        least += search.LeastOf(u) == size && size < model.honest() ? 1 : 0;
      }
    }
  }
  EXPECT_GT(of_two_sets, 50);
  EXPECT_GT(least, 50);
  std::printf("%d sums told, %d with two U2, %d times a member's least\n", told,
              of_two_sets, least);
}

// As test_ring_search.h says when it leaves them out. That a client contributes
// once does not depend on the graph.
TEST(RingModelTest, RestartsTellNothingMore) {
  ModelConfig config = SafeRing(4, 2, 0, 3);
  config.restarting = 2;
  const auto not_of_all = [](const ClientModel& model,
                             const ClientModel::State& state) {
    const char* found = nullptr;
    for (std::uint32_t s = 0; s < model.sessions(); ++s) {
      for (const MemberSet sum : LearnedSums(model, state, s).All()) {
        if (sum != model.everybody()) found = "a sum over some";
      }
    }
    return found;
  };
  const Found found = SearchAll(config, not_of_all);
  EXPECT_EQ(found.violation, "");
  EXPECT_GT(found.unmasked, 0u);
}

// That the search finds what is there to be found.
TEST(RingModelTest, ASmallerThresholdShowsBothSecretsOnARing) {
  ModelConfig config = SafeRing(6, 4, 1, 4);
  EXPECT_EQ(config.threshold, 3u);
  config.threshold = 2;
  RingSearch search(config);
  search.EachItsOwn();
  EXPECT_TRUE(search.both_secrets());
}

TEST(RingModelTest, MoreCorruptedNeighboursThanAssumedShowBothSecrets) {
  ModelConfig config = RingOf(7, 4, 1 | 1 << 3);
  EXPECT_EQ(CorruptedNeighbours(config), 2u);
  config.threshold = 3;  // as one would need
  config.min_survivors = 5;
  RingSearch search(config);
  search.EachItsOwn();
  EXPECT_TRUE(search.both_secrets());
}

// n_min says nothing on a ring that corrupted and missing members can cut.
TEST(RingModelTest, ACutRingTellsASumOverFewerThanNMin) {
  // Nobody is missing.
  const ModelConfig small = SafeRing(6, 2, 1 | 1 << 3, 6);
  RingSearch halves(small);
  halves.EachItsOwn();
  EXPECT_EQ(halves.least(), 2u);  // n_min - A is 4
  // One corrupted and one missing member on each side.
  const ModelConfig config = SafeRing(10, 4, 1 << 3 | 1 << 8, 8);
  EXPECT_EQ(CorruptedNeighbours(config), 1u);
  RingSearch cut(config);
  cut.AnyTwo();
  EXPECT_FALSE(cut.both_secrets());
  EXPECT_EQ(cut.least(), 3u);  // t - a + 1; n_min - A is 6
}

// Nor where one set cannot: with two corrupted and one missing member, of four
// that a cut takes. Another set may miss another.
TEST(RingModelTest, TwoSetsTellASumOverFewerThanNMin) {
  const ModelConfig config = SafeRing(10, 4, 1 | 1 << 5, 9);
  RingSearch search(config);
  search.AnyTwo();
  ExpectClaim(search);
  EXPECT_EQ(search.least(), 3u);  // t - a + 1; n_min - A is 7
  ClientModel::State state;
  ExpectBroughtAbout(search, state);
}

// A ring of ten that devices take: their a is 1, and five cannot cut it.
TEST(RingModelTest, TwoSetsOnARingOfTenKeepTheirSums) {
  const ModelConfig config = SafeRing(10, 6, 1, 6);
  EXPECT_EQ(config.threshold, 4u);
  RingSearch search(config);
  search.AnyTwo();
  ExpectClaim(search);
  EXPECT_EQ(search.least(), 5u);
  ClientModel::State state;
  ExpectBroughtAbout(search, state);
  std::printf("n = 10, k = 6: %zu choices of two U3, %zu of two U2\n",
              search.choices(), search.partings_tried());
}

// Whoever shows a member's b need then not be in that member's U2: a sum of two
// is told, where t - a others should be left.
TEST(RingModelTest, WhereU2IsNotSignedTwoSetsTellASumOverTwo) {
  ModelConfig config = SafeRing(10, 6, 1, 6);
  config.signs_members = false;
  RingSearch search(config);
  search.AnyTwo();
  EXPECT_FALSE(search.both_secrets());
  EXPECT_EQ(search.least(), 2u);
  ClientModel::State state;
  ExpectBroughtAbout(search, state);
  // Those who added a mask with one of the two are more.
  const LearnedSums learned(search.model(), state, 0);
  for (std::uint32_t u = 0; u < search.model().honest(); ++u) {
    if (!ClientModel::Has(search.found_sum(), u)) continue;
    EXPECT_GE(ClientModel::Count(learned.ConnectedTo(u)), 4u);
  }
}

}  // namespace
}  // namespace sotto::secure_agg
