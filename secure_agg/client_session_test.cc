#include "secure_agg/client_session.h"

#include <functional>

#include "gtest/gtest.h"
#include "secure_agg/signed_bytes.h"
#include "tests/support/cohort.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

using ::testing::HasSubstr;
using State = ClientSession::State;

constexpr std::uint32_t kMe = 2;

// Drives everybody but leaves the last step of client kMe to the test.
class ClientSessionTest : public ::testing::Test {
 protected:
  // All messages that kMe has been sent, once the others went as far as needed.
  void AdvanceTo(State state) {
    const auto others = [&](const std::function<void(std::uint32_t)>& step,
                            bool with_me) {
      for (std::uint32_t i = 0; i < cohort_.size(); ++i) {
        if (i != kMe || with_me) step(i);
      }
      ASSERT_THAT(cohort_.server().Close(), IsOk());
    };
    ServerSession& server = cohort_.server();
    others(
        [&](std::uint32_t i) {
          ASSERT_THAT(server.ReceiveAdvertisement(
                          cohort_.client(i).Advertise().value(), cohort_.now()),
                      IsOk());
        },
        true);
    roster_ = server.RosterFor(cohort_.id(kMe)).value();
    if (state == State::kKeysSent) return;
    others(
        [&](std::uint32_t i) {
          ASSERT_THAT(
              server.ReceiveShares(
                  cohort_.id(i),
                  cohort_.client(i)
                      .ShareKeys(server.RosterFor(cohort_.id(i)).value())
                      .value()),
              IsOk());
        },
        true);
    delivery_ = server.DeliveryFor(cohort_.id(kMe)).value();
    if (state == State::kSharesSent) return;
    others([&](std::uint32_t i) { ASSERT_THAT(cohort_.SendInput(i), IsOk()); },
           true);
    survivors_ = server.SurvivorsFor(cohort_.id(kMe)).value();
    if (state == State::kInputSent) return;
    others(
        [&](std::uint32_t i) {
          ASSERT_THAT(
              server.ReceiveSurvivorSignature(
                  cohort_.id(i),
                  cohort_.client(i)
                      .SignSurvivors(server.SurvivorsFor(cohort_.id(i)).value())
                      .value()),
              IsOk());
        },
        true);
    request_ = server.UnmaskRequestFor(cohort_.id(kMe)).value();
  }

  ClientSession& me() { return cohort_.client(kMe); }
  SessionId session() { return SessionIdOf(cohort_.server().manifest()); }
  std::string SignedByCoordinator(const Bytes& bytes) {
    return ToString(cohort_.coordinator().Sign(bytes));
  }
  // Re-signs what a lying coordinator changed.
  void Resign(v1::Roster& roster) {
    roster.set_manifest_signature(
        SignedByCoordinator(ManifestBytes(roster.manifest())));
  }

  Cohort cohort_{{.size = 7, .min_cohort = 4, .corrupted_fraction = 0.2}};
  v1::Roster roster_;
  v1::ShareDelivery delivery_;
  v1::SurvivorSet survivors_;
  v1::UnmaskRequest request_;
};

TEST_F(ClientSessionTest, StepsRunOnlyInOrderAndAWrongCallChangesNothing) {
  AdvanceTo(State::kSurvivorsSigned);
  ASSERT_EQ(me().state(), State::kSurvivorsSigned);
  const auto wrong = absl::StatusCode::kFailedPrecondition;
  EXPECT_THAT(me().Advertise(), StatusIs(wrong));
  EXPECT_THAT(me().ShareKeys(roster_), StatusIs(wrong));
  EXPECT_THAT(me().MaskInput(delivery_, cohort_.input(kMe)), StatusIs(wrong));
  EXPECT_THAT(me().SignSurvivors(survivors_), StatusIs(wrong));
  ASSERT_EQ(me().state(), State::kSurvivorsSigned);
  EXPECT_THAT(me().Unmask(request_), IsOk());
  EXPECT_EQ(me().state(), State::kDone);
  EXPECT_THAT(me().Unmask(request_), StatusIs(wrong));
  ClientSession fresh = cohort_.NewClient(kMe);
  EXPECT_THAT(fresh.ShareKeys(roster_), StatusIs(wrong));
  EXPECT_THAT(fresh.Unmask(request_), StatusIs(wrong));
  EXPECT_EQ(fresh.state(), State::kCreated);
}

TEST_F(ClientSessionTest, EveryLieInTheRosterIsRefused) {
  AdvanceTo(State::kKeysSent);
  struct Case {
    std::string message;
    std::function<void(v1::Roster&)> lie;
    bool resign;
  };
  const auto manifest = [](auto change) {
    return [change](v1::Roster& r) { change(*r.mutable_manifest()); };
  };
  const std::vector<Case> cases = {
      {"signature", manifest([](auto& m) { m.set_deadline_ms(9999); }), false},
      {"protocol version", manifest([](auto& m) { m.set_protocol_version(2); }),
       true},
      {"it is for task", manifest([](auto& m) { m.set_round(6); }), true},
      {"another model",
       manifest([](auto& m) { m.set_model_hash(std::string(32, 'x')); }), true},
      {"another plan",
       manifest([](auto& m) { m.set_plan_hash(std::string(32, 'x')); }), true},
      {"deadline", manifest([](auto& m) { m.set_deadline_ms(5000); }), true},
      {"floor", manifest([](auto& m) { m.set_min_survivors(3); }), true},
      {"corrupted", manifest([](auto& m) { m.set_corrupted_fraction(0); }),
       true},
      {"threshold", manifest([](auto& m) { m.set_threshold(3); }), true},
      {"neighbours", manifest([](auto& m) { m.set_neighbours(4); }), true},
      {"vectors",
       manifest([](auto& m) { m.mutable_vectors(0)->set_length(5); }), true},
      {"vectors", manifest([](auto& m) { m.mutable_vectors(0)->set_bits(31); }),
       true},
      {"generator", manifest([](auto& m) { m.set_prg("mt19937"); }), true},
      {"key root",
       manifest([](auto& m) { m.set_key_root(std::string(32, 'x')); }), true},
      {"members", [](auto& r) { r.mutable_members()->RemoveLast(); }, true},
      {"signature of its keys",
       [](auto& r) {
         r.mutable_members(0)->mutable_keys()->set_mask_key(
             std::string(32, 'k'));
       },
       true},
      {"roster member 0",
       [](auto& r) {
         r.mutable_members(0)->mutable_keys()->set_certificate("none");
       },
       true},
      {"repeats a key", [](auto& r) { *r.mutable_members(1) = r.members(0); },
       true},
      {"out of order", [](auto& r) { r.mutable_members()->SwapElements(0, 1); },
       true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    // A client that stands where ours stood, with the same keys.
    Cohort cohort({.size = 7, .min_cohort = 4, .corrupted_fraction = 0.2});
    for (std::uint32_t i = 0; i < 7; ++i) {
      ASSERT_THAT(cohort.server().ReceiveAdvertisement(
                      cohort.client(i).Advertise().value(), cohort.now()),
                  IsOk());
    }
    ASSERT_THAT(cohort.server().Close(), IsOk());
    v1::Roster roster = cohort.server().RosterFor(cohort.id(kMe)).value();
    c.lie(roster);
    if (c.resign) {
      roster.set_manifest_signature(ToString(
          cohort.coordinator().Sign(ManifestBytes(roster.manifest()))));
    }
    const auto result = cohort.client(kMe).ShareKeys(roster);
    EXPECT_FALSE(result.ok());
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(c.message));
    EXPECT_EQ(cohort.client(kMe).state(), State::kAborted);
  }
}

TEST_F(ClientSessionTest, ARosterWithoutThisDevicesOwnKeysIsRefused) {
  AdvanceTo(State::kKeysSent);
  // The server kept keys that this device advertised before it restarted.
  cohort_.ReplaceClient(kMe);
  ASSERT_THAT(me().Advertise(), IsOk());
  EXPECT_THAT(me().ShareKeys(roster_),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("its keys were replaced")));
}

TEST_F(ClientSessionTest, EveryLieInTheDeliveryIsRefused) {
  AdvanceTo(State::kSharesSent);
  v1::ShareDelivery bad = delivery_;
  bad.mutable_shares(1)->set_ciphertext(delivery_.shares(0).ciphertext());
  const std::uint32_t culprit = delivery_.shares(1).sender();
  const auto refused = me().MaskInput(bad, cohort_.input(kMe)).status();
  EXPECT_THAT(refused,
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("share from")));
  EXPECT_EQ(me().state(), State::kAborted);
  // The operator learns whose it was.
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr(HexEncode(cohort_.id(culprit))));
  EXPECT_EQ(me().ComplaintFor(refused).accused(),
            static_cast<std::int32_t>(culprit));
}

TEST_F(ClientSessionTest, ADeliveryToFewOrWithoutThisDeviceIsRefused) {
  AdvanceTo(State::kSharesSent);
  v1::ShareDelivery few = delivery_;
  Bytes set = {0b0000111};  // three members, below the floor of four
  few.set_members(ToString(set));
  few.set_signature(SignedByCoordinator(DeliveryBytes(session(), set)));
  EXPECT_THAT(me().MaskInput(few, cohort_.input(kMe)),
              StatusIs(absl::StatusCode::kAborted));
}

TEST_F(ClientSessionTest, ADeliveryThatDeclaresThisDeviceGoneIsRefused) {
  AdvanceTo(State::kSharesSent);
  v1::ShareDelivery gone = delivery_;
  Bytes set = {0b1111011};
  gone.set_members(ToString(set));
  EXPECT_THAT(
      me().MaskInput(gone, cohort_.input(kMe)),
      StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("signature")));
}

TEST_F(ClientSessionTest, TheSameRoundIsContributedToOnce) {
  AdvanceTo(State::kInputSent);
  // A new process of the same device, with the same decision log, is asked to
  // take part in the round again.
  Cohort again({.size = 7, .min_cohort = 4, .corrupted_fraction = 0.2});
  ASSERT_THAT(again.Run([](auto, auto) { return true; }), IsOk());
  again.ReplaceServer(again.NewServer());
  for (std::uint32_t i = 0; i < 7; ++i) again.ReplaceClient(i);
  EXPECT_THAT(again.Run([](auto, auto) { return true; }),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(ClientSessionTest, EveryLieInTheSurvivorSetIsRefused) {
  for (const auto& [set, code] :
       std::vector<std::pair<Bytes, absl::StatusCode>>{
           {{0b1111011}, absl::StatusCode::kPermissionDenied},  // not me
           {{0b0000111}, absl::StatusCode::kAborted},           // too few
           {{0b10000111}, absl::StatusCode::kInvalidArgument},  // no member 7
           {{0b1111111, 0}, absl::StatusCode::kInvalidArgument}}) {
    Cohort cohort({.size = 7, .min_cohort = 4, .corrupted_fraction = 0.2});
    std::swap(cohort_, cohort);
    AdvanceTo(State::kInputSent);
    v1::SurvivorSet bad;
    bad.set_members(ToString(set));
    bad.set_signature(SignedByCoordinator(ServerSurvivorBytes(session(), set)));
    EXPECT_THAT(me().SignSurvivors(bad), StatusIs(code));
    EXPECT_EQ(me().state(), State::kAborted);
  }
}

TEST_F(ClientSessionTest, NoShareLeavesBeforeEnoughSignaturesOnTheSameSet) {
  AdvanceTo(State::kSurvivorsSigned);
  v1::UnmaskRequest few = request_;
  // t = floor((6 + 1) / 2) + 1 = 4; three are too few.
  while (few.signatures_size() > 3) few.mutable_signatures()->RemoveLast();
  EXPECT_THAT(me().Unmask(few), StatusIs(absl::StatusCode::kPermissionDenied,
                                         HasSubstr("3 neighbours signed")));
  EXPECT_EQ(me().state(), State::kAborted);
}

TEST_F(ClientSessionTest, ASignatureOnAnotherSetIsRefused) {
  AdvanceTo(State::kSurvivorsSigned);
  v1::UnmaskRequest mixed = request_;
  const std::uint32_t liar = mixed.signatures(0).sender();
  const Bytes other = {0b0111111};
  mixed.mutable_signatures(0)->set_signature(ToString(cohort_.key(liar).Sign(
      ClientSurvivorBytes(session(), Bytes{0b1111111}, other))));
  EXPECT_THAT(me().Unmask(mixed), StatusIs(absl::StatusCode::kPermissionDenied,
                                           HasSubstr("did not sign")));
}

// It may have masked its input for members of whom few share a sum with it.
TEST_F(ClientSessionTest, WhoMayHaveBeenShownOtherMembersIsNotUnmasked) {
  const Bytes all = {0b1111111}, fewer = {0b0111111};
  const auto unmask = [&](const auto& change) {
    Cohort cohort({.size = 7, .min_cohort = 4, .corrupted_fraction = 0.2});
    std::swap(cohort_, cohort);
    AdvanceTo(State::kSurvivorsSigned);
    // One of them sent its input and is silent since.
    v1::UnmaskRequest request = request_;
    const std::uint32_t silent = request.signatures(5).sender();
    request.mutable_signatures()->RemoveLast();
    const auto sign = [&](const Bytes& bytes) {
      auto* signature = request.add_member_signatures();
      signature->set_sender(silent);
      signature->set_signature(ToString(cohort_.key(silent).Sign(bytes)));
    };
    change(request, sign);
    return me().Unmask(request).status();
  };
  EXPECT_THAT(unmask([&](auto&, auto sign) {
                sign(ClientMembersBytes(session(), all));
              }),
              IsOk());
  EXPECT_THAT(unmask([](auto&, auto) {}),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("has not signed the members")));
  EXPECT_THAT(unmask([&](auto&, auto sign) {
                sign(ClientMembersBytes(session(), fewer));
              }),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("did not sign this set of members")));
  EXPECT_THAT(
      unmask([&](auto&, auto sign) { sign(DeliveryBytes(session(), all)); }),
      StatusIs(absl::StatusCode::kPermissionDenied));
  // One that signed the same survivors of other members.
  EXPECT_THAT(unmask([&](auto& request, auto sign) {
                sign(ClientMembersBytes(session(), all));
                auto* first = request.mutable_signatures(0);
                first->set_signature(ToString(
                    cohort_.key(first->sender())
                        .Sign(ClientSurvivorBytes(session(), fewer, all))));
              }),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("did not sign this survivor set")));
}

TEST_F(ClientSessionTest, RepeatingOneSignatureDoesNotCountTwice) {
  AdvanceTo(State::kSurvivorsSigned);
  v1::UnmaskRequest repeated;
  for (int i = 0; i < 6; ++i)
    *repeated.add_signatures() = request_.signatures(0);
  EXPECT_THAT(me().Unmask(repeated),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("1 neighbours signed")));
}

TEST_F(ClientSessionTest, EachPeersShareIsOfOneKindOnly) {
  AdvanceTo(State::kSurvivorsSigned);
  const auto shares = me().Unmask(request_).value();
  std::set<std::uint32_t> owners;
  for (const auto& share : shares.shares()) {
    EXPECT_TRUE(owners.insert(share.owner()).second);
    EXPECT_EQ(share.kind(), v1::UnmaskShares::SELF_MASK);
  }
  EXPECT_EQ(owners.size(), 6u);
}

TEST_F(ClientSessionTest, CreateRefusesACertificateOfAnotherKey) {
  ClientParams params = cohort_.client_params(0);
  params.identity = &cohort_.key(1);
  MemoryDecisionLog log;
  EXPECT_THAT(ClientSession::Create(params, cohort_.rng(), log),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

// Two sessions with the same inputs and keys of the same devices share no mask.
TEST(ClientSessionMaskTest, SessionsNeverShareMasks) {
  const auto masked = [](const std::string& seed) {
    Cohort cohort({.size = 3, .length = 50, .seed = seed});
    for (std::uint32_t i = 0; i < 3; ++i) {
      EXPECT_THAT(cohort.server().ReceiveAdvertisement(
                      cohort.client(i).Advertise().value(), cohort.now()),
                  IsOk());
    }
    EXPECT_THAT(cohort.server().Close(), IsOk());
    for (std::uint32_t i = 0; i < 3; ++i) {
      EXPECT_THAT(
          cohort.server().ReceiveShares(
              cohort.id(i),
              cohort.client(i)
                  .ShareKeys(cohort.server().RosterFor(cohort.id(i)).value())
                  .value()),
          IsOk());
    }
    EXPECT_THAT(cohort.server().Close(), IsOk());
    NamedVectors zero = {{"update", std::vector<std::uint32_t>(50, 0)},
                         {"metrics", std::vector<std::uint32_t>(3, 0)}};
    return cohort.client(0)
        .MaskInput(cohort.server().DeliveryFor(cohort.id(0)).value(), zero)
        ->ChunkAt("update", 0)
        ->elements();
  };
  EXPECT_NE(masked("a"), masked("b"));
}

}  // namespace
}  // namespace sotto::secure_agg
