// Attacks on who is in the cohort and how many: S4 lower thresholds, S5 small
// cohorts, S6 neighbours that the server chose.

#include <algorithm>
#include <functional>

#include "base/clock.h"
#include "gtest/gtest.h"
#include "secure_agg/signed_bytes.h"
#include "tests/evil_server/evil_server.h"
#include "tests/support/status_matchers.h"

namespace sotto::evil {
namespace {

using ::testing::HasSubstr;

// Every device is shown a manifest with that change, and signed; none shares a
// key.
void ExpectManifestRefused(
    Fleet& fleet, EvilServer& server,
    const std::function<void(v1::SessionManifest&)>& change,
    const std::string& message) {
  server.Lie(v1::StepReply::kRoster, [&](std::uint32_t, v1::StepReply& reply) {
    change(*reply.mutable_roster()->mutable_manifest());
    server.Sign(*reply.mutable_roster());
  });
  server.Run();
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    EXPECT_THAT(server.outcome(i), StatusIs(kDenied, HasSubstr(message)));
    EXPECT_TRUE(server.SentOf(i, v1::StepRequest::kShares).empty());
  }
}

// k = 9 and a = floor(0.2 * 10) = 2: floor(11 / 2) = 5 shares of each kind
// could be had, were 5 enough.
TEST(S04LowerThreshold, ThresholdsAtHalfOfHoldersAndCorruptedAreRefused) {
  Fleet fleet({.devices = 10, .corrupted_fraction = 0.2});
  EvilServer honest(fleet, {.round = 4, .corrupted_fraction = 0.2});
  honest.Run();
  EXPECT_EQ(honest.inner().manifest().threshold(), 6u);
  EXPECT_THAT(honest.inner().Result(), IsOk());
  EvilServer server(fleet, {.corrupted_fraction = 0.2});
  ExpectManifestRefused(
      fleet, server, [](auto& m) { m.set_threshold(5); }, "threshold");
}

TEST(S04LowerThreshold, FewerCorruptedMembersThanThePolicyAssumesAreRefused) {
  Fleet fleet({.devices = 10, .corrupted_fraction = 0.2});
  // The threshold is right for what the manifest assumes.
  EvilServer server(fleet, {.corrupted_fraction = 0.1});
  ExpectManifestRefused(
      fleet, server, [](auto&) {}, "this device's floor is 0.2");
}

TEST(S04LowerThreshold, FewerNeighboursThanTheCohortNeedsAreRefused) {
  Fleet fleet({.devices = 10});
  EvilServer server(fleet, {});
  ExpectManifestRefused(
      fleet, server,
      [](auto& m) {
        m.set_neighbours(4);
        m.set_threshold(3);
      },
      "neighbours");
}

TEST(S05SmallCohort, ACohortOneBelowTheFloorIsRefusedAtTheRoster) {
  Fleet fleet({.devices = 4, .min_cohort = 5});
  // One as it is, one that claims the floor.
  EvilServer open(fleet, {.min_cohort = 4});
  ExpectManifestRefused(
      fleet, open, [](auto&) {}, "this device's floor is 5");
  EvilServer claims(fleet, {.min_cohort = 4});
  ExpectManifestRefused(
      fleet, claims, [](auto& m) { m.set_min_survivors(5); },
      "this device's floor is 5");
}

// Six members; the devices want five of them, and are shown four.
TEST(S05SmallCohort, OneBelowTheFloorWithSharesEndsTheSession) {
  Fleet fleet({.devices = 6, .min_cohort = 5});
  EvilServer server(fleet, {.min_cohort = 5});
  server.Lie(v1::StepReply::kDelivery,
             [&](std::uint32_t device, v1::StepReply& reply) {
               // This device and three others.
               std::set<std::uint32_t> four = {server.IndexOf(device)};
               for (std::uint32_t i = 0; four.size() < 4; ++i) four.insert(i);
               v1::ShareDelivery& delivery = *reply.mutable_delivery();
               server.SetMembers(delivery, four);
               v1::ShareDelivery kept = delivery;
               delivery.clear_shares();
               for (const auto& share : kept.shares()) {
                 if (four.count(share.sender()) != 0) {
                   *delivery.add_shares() = share;
                 }
               }
             });
  server.Run();
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    EXPECT_THAT(server.outcome(i), StatusIs(absl::StatusCode::kAborted,
                                            HasSubstr("delivery: 4 members")));
    EXPECT_TRUE(server.SentOf(i, v1::StepRequest::kInput).empty());
  }
}

TEST(S05SmallCohort, OneBelowTheFloorOfSurvivorsIsNotSigned) {
  Fleet fleet({.devices = 6, .min_cohort = 5});
  EvilServer server(fleet, {.min_cohort = 5});
  server.Lie(v1::StepReply::kSurvivors,
             [&](std::uint32_t device, v1::StepReply& reply) {
               std::set<std::uint32_t> four = {server.IndexOf(device)};
               for (std::uint32_t i = 0; four.size() < 4; ++i) four.insert(i);
               *reply.mutable_survivors() = server.MakeSurvivors(four);
             });
  server.Run();
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    EXPECT_THAT(server.outcome(i),
                StatusIs(absl::StatusCode::kAborted,
                         HasSubstr("survivor set: 4 members")));
    EXPECT_TRUE(server.SentOf(i, v1::StepRequest::kSurvivorSignature).empty());
  }
}

// The honest server would refuse it, too.
TEST(S05SmallCohort, AMemberOfAnotherIssuerIsNoMember) {
  Fleet fleet({.devices = 3});
  const auto rogue = crypto::SigningKey::Generate(crypto::SystemRng());
  EvilServer server(fleet, {.sybils = 1, .issuer = &rogue});
  server.Lie(v1::StepReply::kRoster, [&](std::uint32_t, v1::StepReply& reply) {
    v1::KeyAdvertisement keys = server.advertisement(0);
    keys.set_certificate(ToString(server.sybil(0).certificate));
    keys.set_channel_key(std::string(32, 'c'));
    keys.set_mask_key(std::string(32, 'm'));
    keys.set_signature(ToString(
        server.sybil(0).key.Sign(secure_agg::AdvertisementBytes(keys))));
    *reply.mutable_roster() =
        server.MakeRoster({server.advertisement(0), server.advertisement(1),
                           server.advertisement(2), keys});
  });
  server.Run();
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    EXPECT_THAT(server.outcome(i), StatusIs(kDenied, HasSubstr("issuer")));
    EXPECT_TRUE(server.SentOf(i, v1::StepRequest::kShares).empty());
  }
}

// A cohort filled up from another population of the same issuer.
TEST(S05SmallCohort, AMemberOfAnotherPopulationIsNoMember) {
  Fleet fleet({.devices = 3});
  EvilServer server(fleet, {.sybils = 1});
  server.Lie(v1::StepReply::kRoster, [&](std::uint32_t, v1::StepReply& reply) {
    const auto& sybil = server.sybil(0);
    const std::int64_t now = SystemClock().NowMillis();
    v1::KeyAdvertisement keys = server.advertisement(0);
    keys.set_certificate(ToString(
        crypto::IssueCertificate(fleet.issuer(), sybil.key.public_key(),
                                 "another", now - 1000, now + 1'000'000)));
    keys.set_channel_key(std::string(32, 'c'));
    keys.set_mask_key(std::string(32, 'm'));
    keys.set_signature(
        ToString(sybil.key.Sign(secure_agg::AdvertisementBytes(keys))));
    *reply.mutable_roster() =
        server.MakeRoster({server.advertisement(0), server.advertisement(1),
                           server.advertisement(2), keys});
  });
  server.Run();
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    EXPECT_THAT(server.outcome(i),
                StatusIs(kDenied, HasSubstr("population 'another'")));
    EXPECT_TRUE(server.SentOf(i, v1::StepRequest::kShares).empty());
  }
}

// One device among 509 members of the server, on a ring.
constexpr std::uint32_t kSybils = 509;
constexpr EvilServer::Options kRing = {.sybils = kSybils,
                                       .min_cohort = 450,
                                       .corrupted_fraction = 0.05,
                                       .dropout_fraction = 0.01};

// The server's members stop there: they would only cost time.
void ExpectRosterRefused(
    const std::function<void(EvilServer&, v1::Roster&)>& lie,
    EvilServer::Options options, const std::string& message) {
  Fleet fleet({.devices = 1, .min_cohort = 450, .corrupted_fraction = 0.05});
  EvilServer server(fleet, options);
  server.Lie(v1::StepReply::kRoster, [&](std::uint32_t, v1::StepReply& reply) {
    ASSERT_LT(reply.roster().manifest().neighbours(), kSybils);
    lie(server, *reply.mutable_roster());
    server.Sign(*reply.mutable_roster());
  });
  server.Run();
  EXPECT_THAT(server.outcome(0), StatusIs(kDenied, HasSubstr(message)));
  EXPECT_TRUE(server.SentOf(0, v1::StepRequest::kShares).empty());
}

TEST(S06ChosenNeighbours, AnotherMemberInANeighboursPlaceIsRefused) {
  ExpectRosterRefused(
      [](EvilServer& server, v1::Roster& roster) {
        std::set<std::uint32_t> shown;
        for (const auto& member : roster.members()) {
          shown.insert(member.index());
        }
        // Truly a member, with its path, but no neighbour.
        v1::Roster::Member stranger;
        for (std::uint32_t i = 0; i < kSybils && !stranger.has_keys(); ++i) {
          const v1::Roster of =
              server.inner().RosterFor(server.sybil(i).id).value();
          for (const auto& member : of.members()) {
            if (shown.count(member.index()) == 0) stranger = member;
          }
        }
        ASSERT_TRUE(stranger.has_keys());
        for (auto& member : *roster.mutable_members()) {
          if (member.index() == server.IndexOf(0u)) continue;
          member = stranger;
          break;
        }
        std::ranges::sort(*roster.mutable_members(), {},
                          &v1::Roster::Member::index);
      },
      kRing, "not the neighbours that follow");
}

TEST(S06ChosenNeighbours, AMemberThatIsNotUnderTheKeyRootIsRefused) {
  ExpectRosterRefused(
      [](EvilServer& server, v1::Roster& roster) {
        for (auto& member : *roster.mutable_members()) {
          if (member.index() == server.IndexOf(0u)) continue;
          // New keys of a member that the server owns, signed by it.
          for (std::uint32_t i = 0; i < kSybils; ++i) {
            if (server.IndexOf(server.sybil(i).id) != member.index()) continue;
            member.mutable_keys()->set_nonce(std::string(32, 'n'));
            member.mutable_keys()->set_signature(
                ToString(server.sybil(i).key.Sign(
                    secure_agg::AdvertisementBytes(member.keys()))));
          }
          return;
        }
      },
      kRing, "");
}

// So few that a ring of them is easily cut.
TEST(S06ChosenNeighbours, ARingOfASmallCohortIsRefused) {
  Fleet fleet({.devices = 1, .min_cohort = 90, .corrupted_fraction = 0.05});
  EvilServer server(fleet, {.sybils = 99,
                            .min_cohort = 90,
                            .corrupted_fraction = 0.05,
                            .dropout_fraction = 0.01,
                            .complete_up_to = 0});
  server.Run();
  EXPECT_THAT(server.outcome(0),
              StatusIs(kDenied, HasSubstr("wants the complete graph")));
}

// 2^20 tries of cohorts would find one that suits: below the devices' sigma.
TEST(S06ChosenNeighbours, ARingThatTriesOfCohortsWouldBreakIsRefused) {
  EvilServer::Options weak = kRing;
  weak.security_bits = 40;
  ExpectRosterRefused([](EvilServer&, v1::Roster&) {}, weak, "manifest");
}

}  // namespace
}  // namespace sotto::evil
