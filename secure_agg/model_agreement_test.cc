// Real clients take and refuse what the automaton of test_client_model.h does,
// on random traces of a lying coordinator with some corrupted members, on the
// complete graph and on rings; and what they reveal is what it says.

#include <array>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "secure_agg/graph/threshold.h"
#include "secure_agg/test_client_model.h"
#include "secure_agg/test_learned_sums.h"
#include "secure_agg/test_trace.h"

namespace sotto::secure_agg {
namespace {

struct Counts {
  int accepted = 0, refused = 0, unmasked = 0, with_members = 0;
};

void RunTrace(Trace trace, int steps, Counts& counts) {
  for (int step = 0; step < steps; ++step) trace.TryAnything();
  counts.accepted += trace.accepted();
  counts.refused += trace.refused();
  counts.with_members += trace.unmasked_with_members();
  for (const auto& member : trace.state()) {
    for (const ClientRecord& r : member) {
      counts.unmasked += r.step == ClientRecord::Step::kDone;
    }
  }
}

void ExpectMany(const Counts& counts) {
  EXPECT_GT(counts.accepted, 500);
  EXPECT_GT(counts.refused, 200);
  EXPECT_GT(counts.unmasked, 50);
  EXPECT_GT(counts.with_members, 5);
  std::printf(
      "%d steps taken, %d refused, %d clients unmasked, %d of them with a "
      "signature on U2 alone\n",
      counts.accepted, counts.refused, counts.unmasked, counts.with_members);
}

TEST(ModelAgreementTest, ClientsTakeAndRefuseWhatTheModelDoes) {
  Counts counts;
  for (int seed = 0; seed < 250; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::uint32_t members = 3 + static_cast<std::uint32_t>(seed) % 3;
    const std::uint32_t corrupted =
        members == 3 ? 0 : static_cast<std::uint32_t>(seed / 3) % 2;
    ModelConfig config = {
        .members = members, .corrupted = corrupted, .min_survivors = 3};
    config.threshold =
        CompleteGraph(members, (corrupted + 0.25) / members)->threshold;
    config.restarting = static_cast<std::uint32_t>(seed) % 2;
    config.manifests = 1 + static_cast<std::uint32_t>(seed / 7) % 2;
    RunTrace(Trace(config, seed), 150, counts);
  }
  ExpectMany(counts);
}

TEST(ModelAgreementTest, ClientsOnARingTakeAndRefuseWhatTheModelDoes) {
  Counts counts;
  for (int seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto number = static_cast<std::uint32_t>(seed);
    const std::uint32_t members = 6 + number % 3, corrupted = number / 3 % 2;
    const ModelConfig config = {.members = members,
                                .corrupted = corrupted,
                                .threshold = 3,
                                .min_survivors = members - 2,
                                .manifests = 1 + number / 7 % 2};
    RunTrace(Trace(config, seed, 4), 500, counts);
  }
  ExpectMany(counts);
}

// What a server could do if U2 were not signed, ring_model_test.cc: clients
// take every step of it but the last, at the security that devices insist on.
void ShowARingOfTen(bool different_u2, int unmasked,
                    std::vector<std::size_t> told) {
  const ModelConfig config = {
      .members = 10, .corrupted = 1, .threshold = 4, .min_survivors = 6};
  Trace trace(config, 1, 6);
  // The corrupted member is at place 1.
  std::array<std::uint32_t, 10> at = {};
  for (std::uint32_t v = 0; v < 10; ++v) at[(trace.Ahead(9, v) + 1) % 10] = v;
  const auto without = [&](std::initializer_list<std::size_t> places) {
    MemberSet set = trace.model().everybody();
    for (const std::size_t place : places) {
      set &= static_cast<MemberSet>(~(1u << at[place]));
    }
    return set;
  };
  const std::array<std::size_t, 4> shown_first = {0, 2, 3, 9};
  const std::array<std::size_t, 5> shown_second = {4, 5, 6, 7, 8};
  for (std::uint32_t v = 0; v < 9; ++v) trace.TryRoster(v, 0);
  trace.TryDelivery(at[0], different_u2 ? without({7, 8}) : without({}));
  trace.TryDelivery(at[2], different_u2 ? without({4, 5}) : without({}));
  for (const std::size_t p : {3, 4, 5, 6, 7, 8, 9}) {
    trace.TryDelivery(at[p], without({}));
  }
  for (const std::size_t p : shown_first) {
    trace.TrySurvivors(at[p], without({4, 5, 7, 8}));
  }
  for (const std::size_t p : shown_second) {
    trace.TrySurvivors(at[p], without({3, 9}));
  }
  trace.SkipNothing();
  for (const std::size_t p : {0, 2, 4, 5, 6, 7, 8}) trace.TryUnmask(at[p]);
  EXPECT_EQ(trace.accepted(), 9 + 9 + 9 + unmasked);
  EXPECT_EQ(trace.refused(), 7 - unmasked);
  std::vector<MemberSet> sums;
  if (!told.empty()) sums.push_back(0);
  for (const std::size_t p : told) {
    sums[0] |= static_cast<MemberSet>(1u << at[p]);
  }
  EXPECT_EQ(LearnedSums(trace.model(), trace.state(), 0).All(), sums);
}

TEST(ModelAgreementTest, ClientsOnARingOfTenDoNotUnmaskWhoWasShownAnotherU2) {
  // 6 has no neighbour in its U3 that was.
  ShowARingOfTen(true, 1, {});
}

TEST(ModelAgreementTest, OneU2OnARingOfTenTellsASumOfSeven) {
  ShowARingOfTen(false, 7, {0, 2, 4, 5, 6, 7, 8});
}

}  // namespace
}  // namespace sotto::secure_agg
