// Sessions on a ring: members see their neighbours alone.

#include <algorithm>
#include <functional>
#include <set>

#include "gtest/gtest.h"
#include "secure_agg/graph/ring.h"
#include "secure_agg/signed_bytes.h"
#include "tests/support/cohort.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

using ::testing::HasSubstr;

// Weak enough for a ring of so few.
const Cohort::Options kRing = {.size = 60,
                               .min_cohort = 40,
                               .corrupted_fraction = 0.05,
                               .dropout_fraction = 0.1,
                               .complete_up_to = 50,
                               .security_bits = 8,
                               .correctness_bits = 8};

void ExpectExact(Cohort& cohort, std::size_t included) {
  const auto& manifest = cohort.server().manifest();
  EXPECT_LT(manifest.neighbours(), manifest.cohort_size() - 1);
  const auto result = cohort.server().Result();
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->included.size(), included);
  EXPECT_EQ(result->sums, cohort.SumOf(result->included));
  EXPECT_TRUE(cohort.server().suspects().empty());
}

void FormCohort(Cohort& cohort) {
  for (std::uint32_t i = 0; i < cohort.size(); ++i) {
    ASSERT_THAT(cohort.server().ReceiveAdvertisement(
                    cohort.client(i).Advertise().value(), cohort.now()),
                IsOk());
  }
  ASSERT_THAT(cohort.server().Close(), IsOk());
}

Ring RingOf(Cohort& cohort) {
  const v1::SessionManifest& m = cohort.server().manifest();
  crypto::Sha256Digest root;
  std::ranges::copy(AsBytes(m.key_root()), root.begin());
  return Ring::Create(root, m.task(), m.round(), m.cohort_size(),
                      m.neighbours())
      .value();
}

std::vector<std::uint32_t> NeighboursOf(Cohort& cohort, std::uint32_t member) {
  return RingOf(cohort).NeighboursOf(member);
}

// One more than it can lose: the two next to it and the farthest, so that each
// of the others loses fewer, the member itself included.
std::set<std::uint32_t> TooManyNeighboursOf(Cohort& cohort,
                                            std::uint32_t member) {
  const Ring ring = RingOf(cohort);
  std::vector<std::uint32_t> near = ring.NeighboursOf(member);
  std::ranges::sort(near, std::greater(), [&](std::uint32_t v) {
    const std::uint32_t ahead =
        (ring.PlaceOf(v) + ring.size() - ring.PlaceOf(member)) % ring.size();
    const std::uint32_t distance = std::min(ahead, ring.size() - ahead);
    return distance == 1 ? ring.size() : distance;
  });
  const auto keep = cohort.server().manifest().threshold() - 1;
  return {near.begin(), near.end() - keep};
}

TEST(RingSessionTest, TheSumIsExactWhenNobodyDropsOut) {
  for (const std::uint32_t bits : {16u, 32u}) {
    Cohort::Options options = kRing;
    options.bits = bits;
    Cohort cohort(options);
    ASSERT_THAT(cohort.Run([](auto, auto) { return true; }), IsOk());
    ExpectExact(cohort, 60);
  }
}

TEST(RingSessionTest, TheSumIsExactOverTheSurvivorsOfEveryStep) {
  for (const Phase step : {Phase::kAdvertise, Phase::kShares, Phase::kInputs,
                           Phase::kConsistency, Phase::kUnmask}) {
    SCOPED_TRACE(PhaseName(step));
    Cohort cohort(kRing);
    ASSERT_THAT(cohort.Run([&](std::uint32_t i, Phase phase) {
      return phase != step || i % 15 != 3;
    }),
                IsOk());
    ExpectExact(cohort, step > Phase::kInputs ? 60 : 56);
  }
}

TEST(RingSessionTest, ASnapshotResumesToTheSameSum) {
  Cohort cohort(kRing);
  int messages = 0;
  ASSERT_THAT(
      cohort.Run([](std::uint32_t i,
                    Phase phase) { return phase != Phase::kInputs || i != 2; },
                 [&] {
                   if (++messages % 17 != 0) return;
                   const Bytes bytes = cohort.server().Snapshot();
                   auto restored =
                       ServerSession::Restore(bytes, cohort.coordinator());
                   ASSERT_THAT(restored, IsOk());
                   EXPECT_EQ((*restored)->Snapshot(), bytes);
                   cohort.ReplaceServer(*std::move(restored));
                 }),
      IsOk());
  ExpectExact(cohort, 59);
}

// Its shares reach too few; the others go on without it.
TEST(RingSessionTest, AMemberWithTooFewNeighboursIsLeftOut) {
  Cohort cohort(kRing);
  std::set<std::uint32_t> gone;
  ASSERT_THAT(cohort.Run([&](std::uint32_t i, Phase phase) {
    if (phase != Phase::kShares) return phase < Phase::kShares || i != 59;
    if (gone.empty()) gone = TooManyNeighboursOf(cohort, 59);
    return gone.count(i) == 0;
  }),
              IsOk());
  const MemberStatus status = cohort.server().Members()[59];
  EXPECT_TRUE(status.dropped);
  EXPECT_FALSE(status.included);
  EXPECT_EQ(status.dropped_in, Phase::kShares);
  EXPECT_THAT(status.reason, HasSubstr("of its neighbours shared their keys"));
  const auto result = cohort.server().Result();
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->sums, cohort.SumOf(result->included));
}

TEST(RingSessionTest, AClientSeesItsNeighboursAlone) {
  Cohort cohort(kRing);
  FormCohort(cohort);
  const v1::Roster roster = cohort.server().RosterFor(cohort.id(5)).value();
  const auto near = NeighboursOf(cohort, 5);
  ASSERT_EQ(roster.members_size(), static_cast<int>(near.size()) + 1);
  const auto shares = cohort.client(5).ShareKeys(roster);
  ASSERT_THAT(shares, IsOk());
  ASSERT_EQ(shares->shares_size(), static_cast<int>(near.size()));
  for (std::size_t i = 0; i < near.size(); ++i) {
    EXPECT_EQ(shares->shares(static_cast<int>(i)).recipient(), near[i]);
  }
}

TEST(RingSessionTest, EveryLieInTheRosterIsRefused) {
  struct Case {
    const char* message;
    std::function<void(v1::Roster&, Cohort&)> lie;
  };
  const auto substitute = [](v1::Roster& roster, Cohort& cohort) {
    // Another member of the cohort, truly under the root, in the place of one
    // of the neighbours.
    std::set<std::uint32_t> shown;
    for (const auto& member : roster.members()) shown.insert(member.index());
    std::uint32_t other = 0;
    while (shown.count(other) != 0) ++other;
    v1::Roster::Member stranger;
    for (std::uint32_t i = 0; i < cohort.size(); ++i) {
      const v1::Roster of = cohort.server().RosterFor(cohort.id(i)).value();
      for (const auto& member : of.members()) {
        if (member.index() == other) stranger = member;
      }
    }
    for (auto& member : *roster.mutable_members()) {
      if (member.index() == 5) continue;
      member = stranger;
      break;
    }
    std::ranges::sort(*roster.mutable_members(), {},
                      &v1::Roster::Member::index);
  };
  const std::vector<Case> cases = {
      {"not the neighbours that follow", substitute},
      {"under the manifest's root",
       [](auto& r, auto&) {
         std::string& path = *r.mutable_members(1)->mutable_path();
         path[0] = static_cast<char>(path[0] ^ 1);
       }},
      {"too short",
       [](auto& r, auto&) {
         std::string& path = *r.mutable_members(1)->mutable_path();
         path.resize(path.size() - 32);
       }},
      {"not of hashes",
       [](auto& r, auto&) {
         r.mutable_members(1)->mutable_path()->pop_back();
       }},
      {"under the manifest's root",
       [](auto& r, auto&) {
         // A place further on that is free.
         auto& last = *r.mutable_members(r.members_size() - 1);
         last.set_index(last.index() ^ 1);
       }},
      {"roster shows",
       [](auto& r, auto&) { r.mutable_members()->RemoveLast(); }},
      {"threshold",
       [](auto& r, auto&) {
         r.mutable_manifest()->set_threshold(r.manifest().threshold() - 1);
       }},
      {"threshold",
       [](auto& r, auto&) {
         r.mutable_manifest()->set_threshold(r.manifest().neighbours() + 1);
       }},
      {"neighbours",
       [](auto& r, auto&) {
         r.mutable_manifest()->set_neighbours(r.manifest().neighbours() - 1);
       }},
      {"do not keep a cohort",
       [](auto& r, auto&) { r.mutable_manifest()->set_neighbours(4); }},
      {"key root",
       [](auto& r, auto&) { r.mutable_manifest()->set_key_root("short"); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    Cohort cohort(kRing);
    FormCohort(cohort);
    v1::Roster roster = cohort.server().RosterFor(cohort.id(5)).value();
    c.lie(roster, cohort);
    roster.set_manifest_signature(
        ToString(cohort.coordinator().Sign(ManifestBytes(roster.manifest()))));
    const auto result = cohort.client(5).ShareKeys(roster);
    EXPECT_FALSE(result.ok());
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(c.message));
    EXPECT_EQ(cohort.client(5).state(), ClientSession::State::kAborted);
  }
}

// The same cohort at the client's own, higher, level of security.
TEST(RingSessionTest, ARingBelowTheClientsFloorIsRefused) {
  Cohort cohort(kRing);
  FormCohort(cohort);
  ClientParams params = cohort.client_params(5);
  params.policy.security_bits = 80;
  ClientSession strict =
      ClientSession::Create(params, cohort.rng(), cohort.log(5)).value();
  ASSERT_THAT(strict.Advertise(), IsOk());
  EXPECT_THAT(strict.ShareKeys(cohort.server().RosterFor(cohort.id(5)).value()),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

// As noise demands, which is shared among the members that n_min leaves.
TEST(RingSessionTest, ADeviceThatInsistsOnAllMembersRefusesARing) {
  Cohort cohort(kRing);
  FormCohort(cohort);
  ClientParams params = cohort.client_params(5);
  params.policy.complete_up_to = 60;
  ClientSession strict =
      ClientSession::Create(params, cohort.rng(), cohort.log(5)).value();
  ASSERT_THAT(strict.Advertise(), IsOk());
  EXPECT_THAT(strict.ShareKeys(cohort.server().RosterFor(cohort.id(5)).value()),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("complete graph")));
}

}  // namespace
}  // namespace sotto::secure_agg
