// Attacks by the shape of messages: S16 what sizes and logs tell, S17 malformed
// ones, both ways, S18 wrong shares.

#include <algorithm>
#include <functional>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "secure_agg/signed_bytes.h"
#include "tests/evil_server/evil_server.h"
#include "tests/evil_server/mutation.h"
#include "tests/support/status_matchers.h"

namespace sotto::evil {
namespace {

void ExpectExactSum(EvilServer& server, Fleet& fleet) {
  const auto result = server.inner().Result();
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->included.size(), fleet.size());
  std::vector<std::uint32_t> sum(fleet.options().num_weights, 0);
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    const std::vector<std::uint32_t> update = fleet.EncodedUpdate(i);
    for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += update[j];
  }
  EXPECT_EQ(result->sums.at("update"), sum);
}

// Kind and size of all that left the devices.
std::multiset<std::pair<int, std::size_t>> ShapesOf(
    const client::LocalResult& r) {
  Fleet fleet({});
  for (std::uint32_t i = 0; i < fleet.size(); ++i) fleet.device(i).result() = r;
  EvilServer server(fleet, {});
  server.Run();
  EXPECT_THAT(server.inner().Result(), IsOk());
  std::multiset<std::pair<int, std::size_t>> shapes;
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    for (const auto& sent : server.sent(i)) {
      shapes.insert({sent.message_case(), sent.ByteSizeLong()});
    }
  }
  return shapes;
}

TEST(S16Metadata, MessagesHaveTheSameSizesWhateverADeviceHolds) {
  client::LocalResult nothing, much;
  nothing.update.assign(40, 0.0f);
  nothing.examples = 1;
  much.update.assign(40, 0.15f);
  much.examples = 1'000'000;
  much.loss_sum = 12345;
  much.eval_count = 500'000;
  much.eval_correct = 123;
  EXPECT_EQ(ShapesOf(nothing), ShapesOf(much));
}

TEST(S16Metadata, TheAppsLogOfARoundHasStepsAndNoValues) {
  Fleet fleet({});
  EvilServer server(fleet, {});
  server.Run();
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    std::istringstream lines(fleet.device(i).told());
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      const auto event = nlohmann::json::parse(line);
      EXPECT_EQ(event.size(), 4u) << line;
      for (const char* key : {"event", "step", "task", "round"}) {
        EXPECT_TRUE(event.contains(key)) << line;
      }
    }
    EXPECT_EQ(count, 5);
  }
}

// What a lying server can sign of a reply that it changed.
void SignAgain(EvilServer& server, v1::StepReply& reply) {
  if (reply.has_roster()) server.Sign(*reply.mutable_roster());
  if (reply.has_delivery()) {
    v1::ShareDelivery& delivery = *reply.mutable_delivery();
    delivery.set_signature(server.Signed(secure_agg::DeliveryBytes(
        server.session(), AsBytes(delivery.members()))));
  }
  if (reply.has_survivors()) {
    v1::SurvivorSet& set = *reply.mutable_survivors();
    set.set_signature(server.Signed(secure_agg::ServerSurvivorBytes(
        server.session(), AsBytes(set.members()))));
  }
}

// Gives device 0 each change of that reply, with the old signature or with a
// new one; `never` must not leave it. Returns how many changes there were.
std::size_t GiveEveryChange(Step step, Message never) {
  std::size_t changes = 0;
  for (const bool sign : {false, true}) {
    std::set<std::string> done;
    while (true) {
      Fleet fleet({.num_weights = 3});
      EvilServer server(fleet, {});
      std::string change;
      server.Lie(step, [&](std::uint32_t device, v1::StepReply& reply) {
        if (device != 0) return;
        change = Mutate(reply, done);
        // Signing again would undo a change of the server's signature.
        const bool is_signature =
            change.find("signature") != std::string::npos &&
            change.find("keys") == std::string::npos;
        if (sign && !is_signature) SignAgain(server, reply);
      });
      server.Run();
      if (change.empty()) break;
      EXPECT_TRUE(server.SentOf(0, never).empty())
          << change << (sign ? ", signed" : "");
      // The others are not held up.
      EXPECT_THAT(server.outcome(1), IsOk()) << change;
    }
    changes += done.size();
  }
  return changes;
}

TEST(S17MalformedMessages, NoInputLeavesAfterAnyChangeOfARoster) {
  EXPECT_GT(GiveEveryChange(v1::StepReply::kRoster, v1::StepRequest::kInput),
            200u);
}

TEST(S17MalformedMessages, NoInputLeavesAfterAnyChangeOfADelivery) {
  EXPECT_GT(GiveEveryChange(v1::StepReply::kDelivery, v1::StepRequest::kInput),
            30u);
}

TEST(S17MalformedMessages, NoShareLeavesAfterAnyChangeOfASurvivorSet) {
  EXPECT_GT(
      GiveEveryChange(v1::StepReply::kSurvivors, v1::StepRequest::kUnmask),
      16u);
}

// Two of three signatures are enough, so that less of them is no attack.
TEST(S17MalformedMessages, NoOtherShareLeavesAfterAnyChangeOfAnUnmaskRequest) {
  std::set<std::string> done;
  while (true) {
    Fleet fleet({.num_weights = 3});
    EvilServer server(fleet, {});
    std::string change;
    server.Lie(v1::StepReply::kUnmaskRequest,
               [&](std::uint32_t device, v1::StepReply& reply) {
                 if (device == 0) change = Mutate(reply, done);
               });
    server.Run();
    if (change.empty()) break;
    for (const auto& sent : server.SentOf(0, v1::StepRequest::kUnmask)) {
      EXPECT_EQ(sent.unmask().shares_size(), 3);
      for (const auto& share : sent.unmask().shares()) {
        EXPECT_EQ(share.kind(), v1::UnmaskShares::SELF_MASK) << change;
      }
    }
  }
  EXPECT_GE(done.size(), 8u);
}

// What a device that the attacker owns reveals instead, signed.
void RevealInstead(EvilServer& server,
                   std::function<void(std::uint32_t, v1::UnmaskShares&)> lie) {
  server.Tamper(v1::StepRequest::kUnmask,
                [&server, lie](std::uint32_t device, v1::StepRequest& request) {
                  v1::UnmaskShares& shares = *request.mutable_unmask();
                  lie(device, shares);
                  shares.set_signature(ToString(
                      server.fleet().device(device).identity().key.Sign(
                          secure_agg::UnmaskBytes(server.session(), shares))));
                });
}

TEST(S17MalformedMessages, ABadUnmaskReplyIsRefusedAndTheSumIsExactWithoutIt) {
  const auto share = [](auto change) {
    return [change](v1::UnmaskShares& s) { change(*s.mutable_shares(1)); };
  };
  const std::vector<
      std::pair<std::string, std::function<void(v1::UnmaskShares&)>>>
      lies = {
          {"short", [](auto& s) { s.mutable_shares()->RemoveLast(); }},
          {"empty", [](auto& s) { s.clear_shares(); }},
          {"a duplicate", [](auto& s) { *s.mutable_shares(1) = s.shares(0); }},
          {"one more", [](auto& s) { *s.add_shares() = s.shares(0); }},
          {"the other kind",
           share([](auto& s) { s.set_kind(v1::UnmaskShares::MASK_KEY); })},
          {"no kind", share([](auto& s) { s.clear_kind(); })},
          {"four limbs", share([](auto& s) { s.mutable_share()->resize(32); })},
          {"six limbs", share([](auto& s) { s.mutable_share()->resize(48); })},
          {"a limb that is the prime", share([](auto& s) {
             s.mutable_share()->replace(0, 8,
                                        "\xff\xff\xff\xff\xff\xff\xff\x1f", 8);
           })},
          {"a limb of all ones", share([](auto& s) {
             s.mutable_share()->replace(32, 8, std::string(8, '\xff'));
           })},
          {"another sender", [](auto& s) { s.set_sender(s.sender() ^ 1); }},
      };
  for (const auto& [name, lie] : lies) {
    SCOPED_TRACE(name);
    Fleet fleet({.devices = 5});
    EvilServer server(fleet, {});
    RevealInstead(server,
                  [change = lie](std::uint32_t device, v1::UnmaskShares& s) {
                    if (device == 0) change(s);
                  });
    server.Run();
    ASSERT_EQ(server.refused().size(), 1u);
    EXPECT_THAT(server.refused()[0],
                StatusIs(absl::StatusCode::kInvalidArgument));
    ExpectExactSum(server, fleet);
  }
}

// Twelve members, eleven holders a secret, t = 6: up to floor((11 - 6) / 2) = 2
// wrong shares.
TEST(S18WrongShares, AsManyAsCanBeCorrectedAreAndTheirOwnersAreNamed) {
  for (std::uint32_t liars = 0; liars <= 3; ++liars) {
    Fleet fleet({.devices = 12, .corrupted_fraction = 0.05});
    EvilServer server(fleet, {.corrupted_fraction = 0.05});
    RevealInstead(server, [=](std::uint32_t device, v1::UnmaskShares& s) {
      if (device >= liars) return;
      for (auto& share : *s.mutable_shares()) {
        share.mutable_share()->front() ^= 1;
      }
    });
    server.Run();
    ASSERT_EQ(server.inner().manifest().threshold(), 6u);
    if (liars > 2) {
      EXPECT_EQ(server.inner().phase(), secure_agg::Phase::kFailed);
      EXPECT_FALSE(server.inner().Result().ok());
      break;
    }
    ExpectExactSum(server, fleet);
    std::set<std::uint32_t> culprits;
    for (std::uint32_t i = 0; i < liars; ++i) {
      culprits.insert(server.IndexOf(i));
    }
    const auto& suspects = server.inner().suspects();
    EXPECT_EQ(std::set<std::uint32_t>(suspects.begin(), suspects.end()),
              culprits);
  }
}

}  // namespace
}  // namespace sotto::evil
