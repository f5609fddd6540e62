#include "secure_agg/server_session.h"

#include <algorithm>
#include <numeric>

#include "gtest/gtest.h"
#include "secure_agg/signed_bytes.h"
#include "secure_agg/snapshot_bytes.h"
#include "tests/support/cohort.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

using ::testing::HasSubstr;

void ExpectExact(Cohort& cohort) {
  const auto result = cohort.server().Result();
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->sums, cohort.SumOf(result->included));
}

TEST(ServerSessionTest, TheSumIsExactWhenNobodyDropsOut) {
  for (const std::uint32_t n : {3u, 5u, 24u}) {
    for (const std::uint32_t bits : {16u, 20u, 32u}) {
      Cohort cohort({.size = n, .bits = bits});
      ASSERT_THAT(cohort.Run([](auto, auto) { return true; }), IsOk());
      ExpectExact(cohort);
      EXPECT_EQ(cohort.server().Result()->included.size(), n);
      EXPECT_TRUE(cohort.server().suspects().empty());
    }
  }
}

TEST(ServerSessionTest, TheSumIsExactOverTheSurvivorsOfEveryStep) {
  for (const Phase step : {Phase::kAdvertise, Phase::kShares, Phase::kInputs,
                           Phase::kConsistency, Phase::kUnmask}) {
    for (const std::uint32_t lost : {1u, 2u, 7u}) {
      SCOPED_TRACE(PhaseName(step) + " loses " + std::to_string(lost));
      Cohort cohort({.size = 24, .corrupted_fraction = 0.1});
      ASSERT_THAT(cohort.Run([&](std::uint32_t i, Phase phase) {
        return phase != step || i % 3 != 1 || i / 3 >= lost;
      }),
                  IsOk());
      ExpectExact(cohort);
      const bool counted = step > Phase::kInputs;
      EXPECT_EQ(cohort.server().Result()->included.size(),
                counted ? 24 : 24 - lost);
      for (const MemberStatus& member : cohort.server().Members()) {
        if (member.dropped) {
          EXPECT_EQ(member.dropped_in, step);
          EXPECT_EQ(member.reason, "no answer");
        }
      }
    }
  }
}

TEST(ServerSessionTest, TooFewSurvivorsEndTheSessionWithoutASum) {
  for (const Phase step :
       {Phase::kShares, Phase::kInputs, Phase::kConsistency, Phase::kUnmask}) {
    Cohort cohort({.size = 10});
    EXPECT_THAT(cohort.Run([&](std::uint32_t i, Phase phase) {
      return phase != step || i < 5;
    }),
                StatusIs(absl::StatusCode::kAborted, HasSubstr("needed")));
    EXPECT_EQ(cohort.server().phase(), Phase::kFailed);
    EXPECT_THAT(cohort.server().Result(),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  }
}

TEST(ServerSessionTest, ASnapshotAfterEveryMessageResumesToTheSameSum) {
  Cohort cohort({.size = 6});
  int messages = 0;
  ASSERT_THAT(
      cohort.Run([](std::uint32_t i,
                    Phase phase) { return phase != Phase::kInputs || i != 2; },
                 [&] {
                   const Bytes bytes = cohort.server().Snapshot();
                   auto restored =
                       ServerSession::Restore(bytes, cohort.coordinator());
                   ASSERT_THAT(restored, IsOk());
                   EXPECT_EQ((*restored)->Snapshot(), bytes);
                   cohort.ReplaceServer(*std::move(restored));
                   ++messages;
                 }),
      IsOk());
  ExpectExact(cohort);
  EXPECT_EQ(messages, 6 + 6 + 5 + 5 + 5 + 5);
}

TEST(ServerSessionTest, FlagsInSnapshotsHaveTheirBits) {
  EXPECT_EQ(FlagByte({true, false, false, true, true}), 0b11001);
  EXPECT_EQ(FlagByte({false, true, false}), 0b010);
  bool first = true, second = false, third = true;
  SetFlags(0b1010, {&first, &second, &third});
  EXPECT_FALSE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(third);
}

TEST(ServerSessionTest, ADamagedSnapshotIsDataLoss) {
  Cohort cohort({.size = 3});
  ASSERT_THAT(cohort.Run([](auto, auto) { return true; }), IsOk());
  const Bytes good = cohort.server().Snapshot();
  for (std::size_t i = 0; i < good.size(); i += 11) {
    Bytes damaged = good;
    damaged[i] ^= 1;
    EXPECT_THAT(ServerSession::Restore(damaged, cohort.coordinator()),
                StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_THAT(
        ServerSession::Restore(ByteView(good).first(i), cohort.coordinator()),
        StatusIs(absl::StatusCode::kDataLoss));
  }
}

TEST(ServerSessionTest, RepeatedMessagesChangeNothing) {
  Cohort cohort({.size = 4});
  ServerSession& server = cohort.server();
  std::vector<v1::KeyAdvertisement> keys;
  for (std::uint32_t i = 0; i < 4; ++i) {
    keys.push_back(cohort.client(i).Advertise().value());
    ASSERT_THAT(server.ReceiveAdvertisement(keys[i], cohort.now()), IsOk());
    ASSERT_THAT(server.ReceiveAdvertisement(keys[i], cohort.now()), IsOk());
  }
  EXPECT_EQ(server.arrived(), 4u);
  ASSERT_THAT(server.Close(), IsOk());
  EXPECT_THAT(server.ReceiveAdvertisement(keys[0], cohort.now()), IsOk());
  for (std::uint32_t i = 0; i < 4; ++i) {
    const auto shares =
        cohort.client(i).ShareKeys(server.RosterFor(cohort.id(i)).value());
    ASSERT_THAT(server.ReceiveShares(cohort.id(i), *shares), IsOk());
    ASSERT_THAT(server.ReceiveShares(cohort.id(i), *shares), IsOk());
  }
  ASSERT_THAT(server.Close(), IsOk());
  for (std::uint32_t i = 0; i < 4; ++i) {
    const auto masked = cohort.client(i).MaskInput(
        server.DeliveryFor(cohort.id(i)).value(), cohort.input(i));
    for (int twice = 0; twice < 2; ++twice) {
      for (const auto& chunk : AllChunks(*masked)) {
        const auto progress = server.ReceiveInput(cohort.id(i), chunk);
        ASSERT_THAT(progress, IsOk());
        if (chunk.last() || twice == 1) {
          EXPECT_TRUE(progress->complete);
        }
      }
    }
  }
  EXPECT_EQ(server.arrived(), 4u);
}

// Every change of one field of a good message is refused and changes nothing.
// Members refuse a roster with such keys, so one device could end every round.
TEST(ServerSessionTest, KeysThatWouldMakeOthersLeaveAreRefused) {
  Cohort cohort({.size = 4});
  ServerSession& server = cohort.server();
  const auto honest = cohort.client(0).Advertise().value();
  ASSERT_THAT(server.ReceiveAdvertisement(honest, cohort.now()), IsOk());
  auto hostile = cohort.client(1).Advertise().value();
  const auto send = [&](const std::string& channel, const std::string& mask) {
    auto copy = hostile;
    copy.set_channel_key(channel);
    copy.set_mask_key(mask);
    copy.set_signature(ToString(cohort.key(1).Sign(AdvertisementBytes(copy))));
    return server.ReceiveAdvertisement(copy, cohort.now());
  };
  const std::string zero(32, '\0');
  const std::string one = std::string(1, '\1') + std::string(31, '\0');
  for (const std::string& weak : {zero, one}) {
    EXPECT_THAT(send(weak, hostile.mask_key()),
                StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(send(hostile.channel_key(), weak),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(send(honest.channel_key(), hostile.mask_key()),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(send(hostile.channel_key(), honest.channel_key()),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(server.arrived(), 1u);
  EXPECT_THAT(send(hostile.channel_key(), hostile.mask_key()), IsOk());
  // Its own keys again, as after a lost reply.
  EXPECT_THAT(send(hostile.channel_key(), hostile.mask_key()), IsOk());
}

// The same issuer certifies devices of other apps, too.
TEST(ServerSessionTest, ADeviceOfAnotherPopulationIsNoMember) {
  Cohort cohort({.size = 4});
  ServerParams params = cohort.server_params();
  params.population = "another";
  cohort.ReplaceServer(
      ServerSession::Create(params, cohort.coordinator()).value());
  EXPECT_THAT(cohort.server().ReceiveAdvertisement(
                  cohort.client(0).Advertise().value(), cohort.now()),
              StatusIs(absl::StatusCode::kUnauthenticated,
                       HasSubstr("population 'test'")));
  EXPECT_EQ(cohort.server().arrived(), 0u);
  params.population.clear();
  EXPECT_THAT(ServerSession::Create(params, cohort.coordinator()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ServerSessionTest, MalformedMessagesAreRefusedWhole) {
  Cohort cohort({.size = 4});
  ServerSession& server = cohort.server();
  const auto id = cohort.id(0);
  const auto refuse = [&](const absl::Status& status, absl::StatusCode code) {
    EXPECT_THAT(status, StatusIs(code));
  };
  using absl::StatusCode;
  auto advert = cohort.client(0).Advertise().value();
  const auto spoiled = [&](auto change) {
    auto copy = advert;
    change(copy);
    return server.ReceiveAdvertisement(copy, cohort.now());
  };
  refuse(spoiled([](auto& a) { a.set_round(8); }),
         StatusCode::kUnauthenticated);
  refuse(spoiled([](auto& a) { a.set_mask_key("x"); }),
         StatusCode::kUnauthenticated);
  refuse(spoiled([](auto& a) { a.set_certificate("x"); }),
         StatusCode::kInvalidArgument);
  refuse(spoiled([](auto& a) { a.clear_signature(); }),
         StatusCode::kUnauthenticated);
  EXPECT_EQ(server.arrived(), 0u);
  ASSERT_THAT(server.ReceiveAdvertisement(advert, cohort.now()), IsOk());
  for (std::uint32_t i = 1; i < 4; ++i) {
    ASSERT_THAT(server.ReceiveAdvertisement(
                    cohort.client(i).Advertise().value(), cohort.now()),
                IsOk());
  }
  ASSERT_THAT(server.Close(), IsOk());

  auto shares =
      cohort.client(0).ShareKeys(server.RosterFor(id).value()).value();
  const auto bad_shares = [&](auto change) {
    auto copy = shares;
    change(copy);
    return server.ReceiveShares(id, copy);
  };
  refuse(bad_shares([](auto& s) { s.set_sender(1); }),
         StatusCode::kInvalidArgument);
  refuse(bad_shares([](auto& s) { s.mutable_shares()->RemoveLast(); }),
         StatusCode::kInvalidArgument);
  refuse(bad_shares([](auto& s) { s.mutable_shares(0)->set_recipient(2); }),
         StatusCode::kInvalidArgument);
  refuse(bad_shares([](auto& s) { s.mutable_shares(0)->set_recipient(99); }),
         StatusCode::kInvalidArgument);
  refuse(bad_shares([](auto& s) { s.set_self_mask_commitment("short"); }),
         StatusCode::kInvalidArgument);
  refuse(bad_shares([](auto& s) {
           s.mutable_shares(0)->set_ciphertext(std::string(40, 'x'));
         }),
         StatusCode::kUnauthenticated);
  refuse(server.ReceiveShares(crypto::DeviceId{}, shares),
         StatusCode::kNotFound);
  refuse(server.ReceiveUnmaskShares(id, {}), StatusCode::kFailedPrecondition);
  EXPECT_EQ(server.arrived(), 0u);
  ASSERT_THAT(server.ReceiveShares(id, shares), IsOk());
  for (std::uint32_t i = 1; i < 4; ++i) {
    ASSERT_THAT(
        server.ReceiveShares(
            cohort.id(i), cohort.client(i)
                              .ShareKeys(server.RosterFor(cohort.id(i)).value())
                              .value()),
        IsOk());
  }
  ASSERT_THAT(server.Close(), IsOk());

  const auto chunks =
      AllChunks(cohort.client(0)
                    .MaskInput(server.DeliveryFor(id).value(), cohort.input(0))
                    .value());
  const auto bad_chunk = [&](auto change) {
    auto copy = chunks[0];
    change(copy);
    return server.ReceiveInput(id, copy).status();
  };
  refuse(bad_chunk([](auto& c) { c.set_vector("other"); }),
         StatusCode::kInvalidArgument);
  refuse(bad_chunk([](auto& c) { c.set_offset(1000); }),
         StatusCode::kInvalidArgument);
  refuse(bad_chunk([](auto& c) { c.set_elements("abc"); }),
         StatusCode::kInvalidArgument);
  refuse(bad_chunk([](auto& c) { c.set_elements(std::string(44, 'x')); }),
         StatusCode::kInvalidArgument);
  refuse(bad_chunk([](auto& c) { c.set_last(true); }),
         StatusCode::kInvalidArgument);
  ASSERT_THAT(server.ReceiveInput(id, chunks[0]), IsOk());
  auto last = chunks[1];
  last.set_elements(std::string(12, '\1'));  // not what was signed
  refuse(server.ReceiveInput(id, last).status(), StatusCode::kUnauthenticated);
  // Others could not reveal the self mask of one that has not signed U2.
  const SessionId session = SessionIdOf(server.manifest());
  for (const Bytes& signed_bytes :
       {Bytes(), ClientMembersBytes(session, Bytes{0b0111}),
        DeliveryBytes(session, Bytes{0b1111})}) {
    ASSERT_THAT(server.ReceiveInput(id, chunks[0]), IsOk());
    last = chunks[1];
    last.set_members_signature(ToString(cohort.key(0).Sign(signed_bytes)));
    refuse(server.ReceiveInput(id, last).status(),
           StatusCode::kUnauthenticated);
  }
  EXPECT_EQ(server.arrived(), 0u);
  // The input starts again, and then counts once.
  ASSERT_THAT(server.ReceiveInput(id, chunks[0]), IsOk());
  ASSERT_THAT(server.ReceiveInput(id, chunks[1]), IsOk());
  EXPECT_EQ(server.arrived(), 1u);
}

// Takes every member up to the unmask step.
void RunToUnmask(Cohort& cohort, std::uint32_t size) {
  ServerSession& server = cohort.server();
  const auto each = [&](const auto& step) {
    for (std::uint32_t i = 0; i < size; ++i) step(i);
    EXPECT_THAT(server.Close(), IsOk());
  };
  each([&](std::uint32_t i) {
    EXPECT_THAT(server.ReceiveAdvertisement(
                    cohort.client(i).Advertise().value(), cohort.now()),
                IsOk());
  });
  each([&](std::uint32_t i) {
    EXPECT_THAT(
        server.ReceiveShares(
            cohort.id(i), cohort.client(i)
                              .ShareKeys(server.RosterFor(cohort.id(i)).value())
                              .value()),
        IsOk());
  });
  each([&](std::uint32_t i) { EXPECT_THAT(cohort.SendInput(i), IsOk()); });
  each([&](std::uint32_t i) {
    EXPECT_THAT(
        server.ReceiveSurvivorSignature(
            cohort.id(i),
            cohort.client(i)
                .SignSurvivors(server.SurvivorsFor(cohort.id(i)).value())
                .value()),
        IsOk());
  });
}

v1::UnmaskShares HonestShares(Cohort& cohort, std::uint32_t i) {
  return cohort.client(i)
      .Unmask(cohort.server().UnmaskRequestFor(cohort.id(i)).value())
      .value();
}

void SignAs(Cohort& cohort, std::uint32_t i, v1::UnmaskShares& shares) {
  shares.set_signature(ToString(cohort.key(i).Sign(
      UnmaskBytes(SessionIdOf(cohort.server().manifest()), shares))));
}

// A session whose first `liars` members reveal wrong shares, and sign them.
absl::Status CloseWithLiars(Cohort& cohort, std::uint32_t size,
                            std::uint32_t liars) {
  RunToUnmask(cohort, size);
  ServerSession& server = cohort.server();
  for (std::uint32_t i = 0; i < size; ++i) {
    auto shares = HonestShares(cohort, i);
    if (i < liars) {
      for (auto& share : *shares.mutable_shares()) {
        std::string bytes = share.share();
        bytes[0] = static_cast<char>(bytes[0] ^ 1);
        share.set_share(bytes);
      }
      SignAs(cohort, i, shares);
    }
    EXPECT_THAT(server.ReceiveUnmaskShares(cohort.id(i), shares), IsOk());
  }
  return server.Close();
}

// Owners come once each, ascending, and all of them.
TEST(ServerSessionTest, UnmaskSharesOfOtherOwnersThanAskedAreRefused) {
  Cohort cohort({.size = 5});
  RunToUnmask(cohort, 5);
  const v1::UnmaskShares honest = HonestShares(cohort, 1);
  ASSERT_EQ(honest.shares_size(), 4);  // of 0, 2, 3, 4
  const auto refused = [&](const auto& change, const char* why) {
    v1::UnmaskShares copy = honest;
    change(copy);
    SignAs(cohort, 1, copy);
    EXPECT_THAT(cohort.server().ReceiveUnmaskShares(cohort.id(1), copy),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)));
  };
  refused([](auto& m) { m.mutable_shares()->SwapElements(0, 1); },
          "member 2 is unexpected");
  refused([](auto& m) { *m.mutable_shares(2) = m.shares(1); },
          "member 2 is unexpected");
  refused([](auto& m) { m.mutable_shares()->RemoveLast(); },
          "member 4's is missing");
  refused([](auto& m) { *m.add_shares() = m.shares(3); },
          "member 4 is unexpected");
  refused([](auto& m) { m.mutable_shares(0)->set_owner(1); },
          "member 1 is unexpected");
  refused([](auto& m) { m.mutable_shares(3)->set_owner(5); },
          "member 5 is unexpected");
  refused(
      [](auto& m) {
        m.mutable_shares(0)->set_kind(v1::UnmaskShares::MASK_KEY);
      },
      "other kind");
  EXPECT_EQ(cohort.server().arrived(), 0u);
  EXPECT_THAT(cohort.server().ReceiveUnmaskShares(cohort.id(1), honest),
              IsOk());
}

// t = 7, so 11 of 12 holders of each secret: all 13 but the last member.
TEST(ServerSessionTest, TheLastToRevealSharesAreNotWaitedFor) {
  Cohort cohort({.size = 13});
  RunToUnmask(cohort, 13);
  ServerSession& server = cohort.server();
  for (std::uint32_t i = 0; i < 12; ++i) {
    EXPECT_FALSE(server.EnoughArrived()) << i;
    ASSERT_THAT(
        server.ReceiveUnmaskShares(cohort.id(i), HonestShares(cohort, i)),
        IsOk());
  }
  EXPECT_TRUE(server.EnoughArrived());
  cohort.ReplaceServer(
      ServerSession::Restore(server.Snapshot(), cohort.coordinator()).value());
  EXPECT_TRUE(cohort.server().EnoughArrived());
  ASSERT_THAT(cohort.server().Close(), IsOk());
  ExpectExact(cohort);
  const MemberStatus last = cohort.server().Members()[12];
  EXPECT_TRUE(last.included);
  EXPECT_FALSE(last.dropped);
  EXPECT_THAT(cohort.server().ReceiveUnmaskShares(cohort.id(12),
                                                  HonestShares(cohort, 12)),
              IsOk());
}

TEST(ServerSessionTest, AFinishedSessionHasNoSharesToDeliver) {
  Cohort cohort({.size = 4});
  ASSERT_THAT(CloseWithLiars(cohort, 4, 0), IsOk());
  EXPECT_THAT(cohort.server().DeliveryFor(cohort.id(0)),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("shares are erased")));
}

// t = 7 of 12 holders: (12 - 7) / 2 = 2 may be wrong.
TEST(ServerSessionTest, WrongSharesAreCorrectedAndTheirHoldersNamed) {
  for (const std::uint32_t liars : {0u, 1u, 2u}) {
    SCOPED_TRACE(liars);
    Cohort cohort({.size = 13});
    ASSERT_THAT(CloseWithLiars(cohort, 13, liars), IsOk());
    ExpectExact(cohort);
    std::vector<std::uint32_t> named = cohort.server().suspects();
    std::ranges::sort(named);
    std::vector<std::uint32_t> expected(liars);
    std::iota(expected.begin(), expected.end(), 0u);
    EXPECT_EQ(named, expected);
  }
}

TEST(ServerSessionTest, MoreWrongSharesThanThatGiveNoSum) {
  Cohort cohort({.size = 13});
  const absl::Status status = CloseWithLiars(cohort, 13, 3);
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted) << status;
  EXPECT_FALSE(cohort.server().Result().ok());
}

}  // namespace
}  // namespace sotto::secure_agg
