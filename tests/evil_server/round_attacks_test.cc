// Attacks on what a round is about: S7 different models, S8 the same round
// again, S23 another server, or this one's words of another session, S27 an
// older plan.

#include <cmath>
#include <functional>

#include "crypto/hkdf.h"
#include "gtest/gtest.h"
#include "secure_agg/masking/mask.h"
#include "secure_agg/signed_bytes.h"
#include "tests/evil_server/evil_server.h"
#include "tests/evil_server/uniform.h"
#include "tests/support/status_matchers.h"

namespace sotto::evil {
namespace {

using ::testing::HasSubstr;

void FlipOneBit(std::string& bytes) {
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
}

// The server gives each what fits its model, so that only the others' signed
// keys tell.
TEST(S07DifferentModels, AOneBitDifferentModelForOneDeviceEndsTheRoundForAll) {
  for (const bool plan : {false, true}) {
    Fleet fleet({});
    EvilServer server(fleet, {});
    const auto hash_of = [plan](auto& message) -> std::string& {
      return plan ? *message.mutable_plan_hash()
                  : *message.mutable_model_hash();
    };
    server.assign = [&](std::uint32_t device, v1::Assignment& assignment) {
      if (device == 0) FlipOneBit(hash_of(assignment));
    };
    server.Lie(v1::StepReply::kRoster, [&](std::uint32_t device,
                                           v1::StepReply& reply) {
      v1::Roster& roster = *reply.mutable_roster();
      roster =
          server.MakeRoster({server.advertisement(0), server.advertisement(1),
                             server.advertisement(2), server.advertisement(3)});
      if (device == 0) FlipOneBit(hash_of(*roster.mutable_manifest()));
      server.Sign(roster);
    });
    server.Run();
    for (std::uint32_t i = 0; i < fleet.size(); ++i) {
      EXPECT_THAT(
          server.outcome(i),
          StatusIs(kDenied, HasSubstr("was given another model or plan")));
      EXPECT_TRUE(server.SentOf(i, v1::StepRequest::kShares).empty());
    }
    EXPECT_THAT(server.inner().Result(),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  }
}

TEST(S07DifferentModels, AManifestOfAnotherModelThanTheAssignedOneIsRefused) {
  Fleet fleet({});
  EvilServer server(fleet, {});
  server.Lie(v1::StepReply::kRoster,
             [&](std::uint32_t device, v1::StepReply& reply) {
               if (device != 0) return;
               v1::Roster& roster = *reply.mutable_roster();
               FlipOneBit(*roster.mutable_manifest()->mutable_model_hash());
               server.Sign(roster);
             });
  server.Run();
  EXPECT_THAT(server.outcome(0), StatusIs(kDenied, HasSubstr("another model")));
}

// Were it not refused: the masks of a pair that holds different models do not
// cancel, what is left is uniform.
TEST(S07DifferentModels, MasksOfTwoThatHoldDifferentModelsLeaveUniformNoise) {
  Fleet fleet({});
  EvilServer server(fleet, {});
  server.Run();
  const v1::SessionManifest& mine = server.inner().manifest();
  v1::SessionManifest theirs = mine;
  FlipOneBit(*theirs.mutable_model_hash());
  const crypto::Secret<32> shared;
  const auto masks = [&](const v1::SessionManifest& manifest,
                         secure_agg::Sign sign) {
    std::vector<secure_agg::Mask> out;
    // The same session id: the model's own place in the derivation counts.
    out.push_back({crypto::HkdfKey(
                       shared.Reveal(), {},
                       secure_agg::MaskInfo(server.session(), manifest, 0, 1)),
                   sign});
    return out;
  };
  const auto sum = [&](const v1::SessionManifest& other) {
    std::vector<std::uint32_t> values(1 << 16, 7);
    for (const auto& [manifest, sign] :
         {std::pair(&mine, secure_agg::Sign::kPlus),
          std::pair(&other, secure_agg::Sign::kMinus)}) {
      secure_agg::AddMasks(crypto::Prg::Kind::kAes256Ctr,
                           masks(*manifest, sign), "update", 32, values);
    }
    return values;
  };
  EXPECT_EQ(sum(mine), std::vector<std::uint32_t>(1 << 16, 7));
  ExpectUniform(sum(theirs), 32);
}

TEST(S08SameRoundAgain, ARoundTakesOneInputOfADeviceAcrossRestarts) {
  Fleet fleet({.on_disk = true});
  EvilServer first(fleet, {});
  first.Run();
  ASSERT_THAT(first.inner().Result(), IsOk());
  for (const bool restart : {false, true}) {
    if (restart) fleet.device(0).Restart();
    // With the target and without: another id, the same task and round.
    EvilServer again(fleet, {.round_id = restart ? 's' : 'r'});
    again.Run();
    EXPECT_THAT(again.outcome(0), StatusIs(absl::StatusCode::kAlreadyExists));
    EXPECT_TRUE(again.SentOf(0, v1::StepRequest::kInput).empty());
  }
  EvilServer next(fleet, {.round = 6, .round_id = 't'});
  next.Run();
  EXPECT_THAT(next.inner().Result(), IsOk());
}

// Each of the coordinator's statements, signed by another key, and one byte of
// a good signature changed.
TEST(S23AnotherServer, StatementsThatThePinnedKeyDidNotSignAreRefused) {
  const auto other = crypto::SigningKey::Generate(crypto::SystemRng());
  for (const bool foreign : {true, false}) {
    const auto spoil = [&](std::string& signature, const Bytes& bytes) {
      if (foreign) {
        signature = ToString(other.Sign(bytes));
      } else {
        FlipOneBit(signature);
      }
    };
    const std::vector<
        std::pair<Step, std::function<void(EvilServer&, v1::StepReply&)>>>
        lies = {{v1::StepReply::kRoster,
                 [&](EvilServer&, v1::StepReply& reply) {
                   v1::Roster& roster = *reply.mutable_roster();
                   spoil(*roster.mutable_manifest_signature(),
                         secure_agg::ManifestBytes(roster.manifest()));
                 }},
                {v1::StepReply::kDelivery,
                 [&](EvilServer& server, v1::StepReply& reply) {
                   v1::ShareDelivery& delivery = *reply.mutable_delivery();
                   spoil(*delivery.mutable_signature(),
                         secure_agg::DeliveryBytes(
                             server.session(), AsBytes(delivery.members())));
                 }},
                {v1::StepReply::kSurvivors,
                 [&](EvilServer& server, v1::StepReply& reply) {
                   v1::SurvivorSet& set = *reply.mutable_survivors();
                   spoil(*set.mutable_signature(),
                         secure_agg::ServerSurvivorBytes(
                             server.session(), AsBytes(set.members())));
                 }}};
    for (const auto& [step, lie] : lies) {
      Fleet fleet({});
      EvilServer server(fleet, {});
      server.Lie(step, [&server, &tell = lie](std::uint32_t device,
                                              v1::StepReply& reply) {
        if (device == 0) tell(server, reply);
      });
      server.Run();
      EXPECT_THAT(server.outcome(0),
                  StatusIs(kDenied, HasSubstr("coordinator's signature")));
      EXPECT_TRUE(server.SentOf(0, v1::StepRequest::kUnmask).empty());
    }
  }
}

TEST(S23AnotherServer, StatementsOfAnEarlierSessionAreRefused) {
  Fleet fleet({});
  EvilServer earlier(fleet, {.round = 4, .round_id = 'q'});
  v1::StepReply roster, delivery, survivors;
  const auto keep = [&](Step step, v1::StepReply& kept) {
    earlier.Lie(step, [&](std::uint32_t device, v1::StepReply& reply) {
      if (device == 0) kept = reply;
    });
  };
  keep(v1::StepReply::kRoster, roster);
  keep(v1::StepReply::kDelivery, delivery);
  keep(v1::StepReply::kSurvivors, survivors);
  earlier.Run();
  std::uint64_t round = 5;
  for (const auto& [step, replay, message] :
       {std::tuple(v1::StepReply::kRoster, &roster, "it is for task"),
        std::tuple(v1::StepReply::kDelivery, &delivery, "signature"),
        std::tuple(v1::StepReply::kSurvivors, &survivors, "signature")}) {
    EvilServer server(fleet, {.round = round++});
    server.Lie(step,
               [&, kept = replay](std::uint32_t device, v1::StepReply& reply) {
                 if (device == 0) reply = *kept;
               });
    server.Run();
    EXPECT_THAT(server.outcome(0), StatusIs(kDenied, HasSubstr(message)));
  }
}

TEST(S27OlderPlan, AManifestOfAnotherPlanOrOtherVectorsIsRefused) {
  const std::vector<
      std::pair<std::string, std::function<void(v1::SessionManifest&)>>>
      lies = {
          {"another plan", [](auto& m) { FlipOneBit(*m.mutable_plan_hash()); }},
          {"'update'", [](auto& m) { m.mutable_vectors(0)->set_bound(3); }},
          {"'update'", [](auto& m) { m.mutable_vectors(0)->set_bits(31); }},
          {"'update'", [](auto& m) { m.mutable_vectors(0)->set_length(39); }},
          {"'update'",
           [](auto& m) { m.mutable_vectors(0)->set_modular(true); }},
          {"'metrics'", [](auto& m) { m.mutable_vectors()->RemoveLast(); }},
          {"vectors",
           [](auto& m) {
             *m.add_vectors() = m.vectors(1);
             m.mutable_vectors(2)->set_name("more");
           }},
      };
  for (const auto& [message, lie] : lies) {
    Fleet fleet({});
    EvilServer server(fleet, {});
    server.Lie(v1::StepReply::kRoster,
               [&, change = lie](std::uint32_t, v1::StepReply& reply) {
                 change(*reply.mutable_roster()->mutable_manifest());
                 server.Sign(*reply.mutable_roster());
               });
    server.Run();
    for (std::uint32_t i = 0; i < fleet.size(); ++i) {
      EXPECT_THAT(server.outcome(i), StatusIs(kDenied, HasSubstr(message)));
      EXPECT_TRUE(server.SentOf(i, v1::StepRequest::kShares).empty());
    }
  }
}

}  // namespace
}  // namespace sotto::evil
