// Attacks on the shares of a device's two secrets: S1 both kinds of one member,
// S2 different survivor sets, S3 misrouted ciphertexts.

#include <algorithm>
#include <map>

#include "gtest/gtest.h"
#include "secure_agg/signed_bytes.h"
#include "tests/evil_server/evil_server.h"
#include "tests/support/status_matchers.h"

namespace sotto::evil {
namespace {

using ::testing::HasSubstr;

// The kinds of share that left a device, by owner.
std::map<std::uint32_t, std::set<v1::UnmaskShares::Kind>> Revealed(
    const EvilServer& server, std::uint32_t device) {
  std::map<std::uint32_t, std::set<v1::UnmaskShares::Kind>> kinds;
  for (const auto& sent : server.SentOf(device, v1::StepRequest::kUnmask)) {
    for (const auto& share : sent.unmask().shares()) {
      kinds[share.owner()].insert(share.kind());
    }
  }
  return kinds;
}

v1::SurvivorSignature Forge(const EvilServer& server, std::uint32_t sybil,
                            const v1::SurvivorSet& set) {
  const Member& member = server.sybil(sybil);
  v1::SurvivorSignature signature;
  signature.set_sender(server.IndexOf(member.id));
  signature.set_signature(
      ToString(member.key.Sign(secure_agg::ClientSurvivorBytes(
          server.session(),
          AsBytes(server.MakeSurvivors(server.Everybody()).members()),
          AsBytes(set.members())))));
  return signature;
}

TEST(S01BothShares, EachMembersShareIsOfTheKindThatItsSurvivalAsksFor) {
  Fleet fleet({.devices = 6});
  EvilServer server(fleet, {});
  server.DieAt(2, v1::StepReply::kDelivery);  // shared its keys, sends no input
  server.Run();
  ASSERT_THAT(server.inner().Result(), IsOk());
  const std::uint32_t gone = server.IndexOf(2);
  for (const std::uint32_t i : {0u, 1u, 3u, 4u, 5u}) {
    const auto revealed = Revealed(server, i);
    EXPECT_EQ(revealed.size(), 5u);
    for (const auto& [owner, kinds] : revealed) {
      EXPECT_EQ(kinds, std::set{owner == gone ? v1::UnmaskShares::MASK_KEY
                                              : v1::UnmaskShares::SELF_MASK});
    }
  }
}

TEST(S01BothShares, AskedAgainADeviceRepeatsItsAnswerAndNothingElse) {
  Fleet fleet({.devices = 2});
  EvilServer server(fleet, {.sybils = 5});
  int times = 0;
  // Another survivor set, without the other device, that all sybils signed.
  server.Lie(v1::StepReply::kOutcome,
             [&](std::uint32_t device, v1::StepReply& reply) {
               if (device != 0 || times == 4) return;
               auto fewer = server.Everybody();
               fewer.erase(server.IndexOf(1));
               const v1::SurvivorSet other = server.MakeSurvivors(fewer);
               if (++times % 2 == 1) {
                 *reply.mutable_survivors() = other;
                 return;
               }
               for (std::uint32_t i = 0; i < 5; ++i) {
                 *reply.mutable_unmask_request()->add_signatures() =
                     Forge(server, i, other);
               }
             });
  server.Run();
  const auto answers = server.SentOf(0, v1::StepRequest::kUnmask);
  ASSERT_EQ(answers.size(), 5u);
  for (const auto& answer : answers) {
    EXPECT_EQ(answer.SerializeAsString(), answers[0].SerializeAsString());
  }
  for (const auto& [owner, kinds] : Revealed(server, 0)) {
    EXPECT_EQ(kinds.size(), 1u);
  }
}

// Overlapping lists: a member is among the survivors that this device signed,
// and among the dead by the request.
TEST(S01BothShares, ARequestForAnotherSetThanTheSignedOneRevealsNothing) {
  Fleet fleet({.devices = 2});
  EvilServer server(fleet, {.sybils = 5});
  server.Lie(v1::StepReply::kUnmaskRequest,
             [&](std::uint32_t device, v1::StepReply& reply) {
               if (device != 0) return;
               auto fewer = server.Everybody();
               fewer.erase(server.IndexOf(1));
               const v1::SurvivorSet other = server.MakeSurvivors(fewer);
               reply.mutable_unmask_request()->Clear();
               for (std::uint32_t i = 0; i < 5; ++i) {
                 *reply.mutable_unmask_request()->add_signatures() =
                     Forge(server, i, other);
               }
             });
  server.Run();
  EXPECT_THAT(server.outcome(0), StatusIs(kDenied, HasSubstr("did not sign")));
  EXPECT_TRUE(Revealed(server, 0).empty());
  EXPECT_FALSE(Revealed(server, 1).empty());
}

TEST(S01BothShares, AProcessThatRestartedRevealsNothingMoreOfTheRound) {
  for (const Step death :
       {v1::StepReply::kSurvivors, v1::StepReply::kUnmaskRequest,
        v1::StepReply::kOutcome}) {
    Fleet fleet({.devices = 4, .on_disk = true});
    EvilServer first(fleet, {});
    first.DieAt(0, death);
    first.Run();
    ASSERT_THAT(first.outcome(0), StatusIs(absl::StatusCode::kCancelled));
    EXPECT_EQ(Revealed(first, 0).empty(), death != v1::StepReply::kOutcome);

    fleet.device(0).Restart();
    EvilServer again(fleet, {});
    again.Run();
    EXPECT_THAT(again.outcome(0), StatusIs(absl::StatusCode::kAlreadyExists));
    EXPECT_TRUE(again.SentOf(0, v1::StepRequest::kInput).empty());
    EXPECT_TRUE(Revealed(again, 0).empty());
  }
}

// Half of the devices are told that a member died, which the others take for
// alive: each half would reveal another kind of its share.
void TellTwoSets(EvilServer& server, std::uint32_t victim) {
  server.Lie(v1::StepReply::kSurvivors,
             [&server, victim](std::uint32_t device, v1::StepReply& reply) {
               auto members = server.Everybody();
               if (device % 2 == 0) members.erase(server.IndexOf(victim));
               *reply.mutable_survivors() = server.MakeSurvivors(members);
             });
}

TEST(S02TwoSurvivorSets, WhenHalvesAreToldDifferentSetsNobodyUnmasks) {
  for (const bool only_matching : {false, true}) {
    Fleet fleet({.devices = 8});
    EvilServer server(fleet, {.sybils = 1, .corrupted_fraction = 0.12});
    TellTwoSets(server, 1);
    server.Lie(v1::StepReply::kUnmaskRequest,
               [&](std::uint32_t device, v1::StepReply& reply) {
                 auto members = server.Everybody();
                 if (device % 2 == 0) members.erase(server.IndexOf(1));
                 auto& request = *reply.mutable_unmask_request();
                 request.Clear();
                 for (std::uint32_t i = 0; i < fleet.size(); ++i) {
                   if (i == device || (device % 2 == 0 && i == 1)) continue;
                   if (only_matching && i % 2 != device % 2) continue;
                   for (const auto& sent :
                        server.SentOf(i, v1::StepRequest::kSurvivorSignature)) {
                     *request.add_signatures() = sent.survivor_signature();
                   }
                 }
                 // A sybil signs whatever is wanted.
                 *request.add_signatures() =
                     Forge(server, 0, server.MakeSurvivors(members));
               });
    server.Run();
    for (std::uint32_t i = 0; i < fleet.size(); ++i) {
      EXPECT_EQ(server.SentOf(i, v1::StepRequest::kSurvivorSignature).size(),
                1u);
      EXPECT_THAT(
          server.outcome(i),
          StatusIs(kDenied, HasSubstr(only_matching ? "signed this survivor set"
                                                    : "did not sign")));
      EXPECT_TRUE(Revealed(server, i).empty());
    }
  }
}

// Device 0 masks its input for fewer members than the others know of.
TEST(S02TwoSurvivorSets, WhoWasShownOtherMembersIsNotUnmasked) {
  Fleet fleet({.devices = 6});
  EvilServer server(fleet, {});
  server.Lie(v1::StepReply::kDelivery, [&](std::uint32_t device,
                                           v1::StepReply& reply) {
    if (device != 0) return;
    auto fewer = server.Everybody();
    fewer.erase(server.IndexOf(1));
    server.SetMembers(*reply.mutable_delivery(), fewer);
    auto& shares = *reply.mutable_delivery()->mutable_shares();
    shares.erase(std::remove_if(shares.begin(), shares.end(),
                                [&](const auto& share) {
                                  return share.sender() == server.IndexOf(1);
                                }),
                 shares.end());
  });
  server.Lie(v1::StepReply::kSurvivors, [&](std::uint32_t device,
                                            v1::StepReply& reply) {
    if (device == 0) return;
    *reply.mutable_survivors() = server.MakeSurvivors(server.Everybody());
  });
  server.Lie(v1::StepReply::kUnmaskRequest,
             [&](std::uint32_t device, v1::StepReply& reply) {
               auto& request = *reply.mutable_unmask_request();
               request.Clear();
               for (std::uint32_t i = 1; i < fleet.size(); ++i) {
                 if (i == device) continue;
                 for (const auto& sent :
                      server.SentOf(i, v1::StepRequest::kSurvivorSignature)) {
                   *request.add_signatures() = sent.survivor_signature();
                 }
               }
               // All that device 0 ever signed of its members.
               const auto sent = server.SentOf(0, v1::StepRequest::kInput);
               ASSERT_FALSE(sent.empty());
               auto* told = request.add_member_signatures();
               told->set_sender(server.IndexOf(0u));
               told->set_signature(sent.back().input().members_signature());
             });
  server.Run();
  for (std::uint32_t i = 1; i < fleet.size(); ++i) {
    EXPECT_THAT(server.outcome(i),
                StatusIs(kDenied, HasSubstr("did not sign this set")));
    EXPECT_TRUE(Revealed(server, i).empty());
  }
}

TEST(S02TwoSurvivorSets, ADeviceSignsOneSetOnly) {
  Fleet fleet({.devices = 4});
  EvilServer server(fleet, {});
  int times = 0;
  server.Lie(v1::StepReply::kUnmaskRequest,
             [&](std::uint32_t device, v1::StepReply& reply) {
               if (device != 0 || ++times > 2) return;
               auto fewer = server.Everybody();
               fewer.erase(server.IndexOf(1));
               *reply.mutable_survivors() = server.MakeSurvivors(fewer);
             });
  server.Run();
  const auto signatures = server.SentOf(0, v1::StepRequest::kSurvivorSignature);
  ASSERT_EQ(signatures.size(), 3u);
  for (const auto& signature : signatures) {
    EXPECT_EQ(signature.SerializeAsString(), signatures[0].SerializeAsString());
  }
}

// The ciphertext that `from` sealed for the member at `to`.
std::string CiphertextOf(const EvilServer& server, std::uint32_t from,
                         std::uint32_t to) {
  for (const auto& sent : server.SentOf(from, v1::StepRequest::kShares)) {
    for (const auto& share : sent.shares().shares()) {
      if (share.recipient() == to) return share.ciphertext();
    }
  }
  return "";
}

// Runs a round in which `lie` changes what device 0 is delivered; nothing of
// its input may leave.
void ExpectRefusedDelivery(Fleet& fleet, EvilServer& server,
                           const std::function<void(v1::ShareDelivery&)>& lie) {
  server.Lie(v1::StepReply::kDelivery,
             [&](std::uint32_t device, v1::StepReply& reply) {
               if (device == 0) lie(*reply.mutable_delivery());
             });
  server.Run();
  EXPECT_THAT(server.outcome(0), StatusIs(absl::StatusCode::kDataLoss,
                                          HasSubstr("share from member")));
  EXPECT_TRUE(server.SentOf(0, v1::StepRequest::kInput).empty());
  EXPECT_EQ(server.SentOf(0, v1::StepRequest::kComplaint).size(), 1u);
  EXPECT_EQ(fleet.size(), 4u);
}

TEST(S03Misrouting, ADevicesOwnCiphertextDoesNotComeBackToIt) {
  Fleet fleet({});
  EvilServer server(fleet, {});
  ExpectRefusedDelivery(fleet, server, [&](v1::ShareDelivery& delivery) {
    auto& share = *delivery.mutable_shares(0);
    share.set_ciphertext(CiphertextOf(server, 0, share.sender()));
  });
}

TEST(S03Misrouting, TwoSendersCiphertextsCannotBeSwapped) {
  Fleet fleet({});
  EvilServer server(fleet, {});
  ExpectRefusedDelivery(fleet, server, [&](v1::ShareDelivery& delivery) {
    delivery.mutable_shares(0)->mutable_ciphertext()->swap(
        *delivery.mutable_shares(1)->mutable_ciphertext());
  });
}

TEST(S03Misrouting, ACiphertextForAnotherMemberDoesNotOpen) {
  Fleet fleet({});
  EvilServer server(fleet, {});
  ExpectRefusedDelivery(fleet, server, [&](v1::ShareDelivery& delivery) {
    for (auto& share : *delivery.mutable_shares()) {
      if (share.sender() != server.IndexOf(1)) continue;
      share.set_ciphertext(CiphertextOf(server, 1, server.IndexOf(2)));
    }
  });
}

TEST(S03Misrouting, ACiphertextOfAnotherSessionDoesNotOpen) {
  Fleet fleet({});
  EvilServer earlier(fleet, {.round = 4, .round_id = 'q'});
  earlier.Run();
  ASSERT_THAT(earlier.inner().Result(), IsOk());
  EvilServer server(fleet, {});
  ExpectRefusedDelivery(fleet, server, [&](v1::ShareDelivery& delivery) {
    for (auto& share : *delivery.mutable_shares()) {
      if (share.sender() != server.IndexOf(1)) continue;
      share.set_ciphertext(CiphertextOf(earlier, 1, server.IndexOf(0u)));
    }
  });
}

}  // namespace
}  // namespace sotto::evil
