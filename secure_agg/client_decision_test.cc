// What a client decides once, what it takes from a lying coordinator over a
// whole session, and what another process of it decided before.

#include "gtest/gtest.h"
#include "secure_agg/client_session.h"
#include "secure_agg/signed_bytes.h"
#include "tests/support/cohort.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

using ::testing::HasSubstr;
using State = ClientSession::State;

constexpr std::uint32_t kMember = 2;
constexpr auto kAlready = absl::StatusCode::kAlreadyExists;

class ClientDecisionTest : public ::testing::Test {
 protected:
  void Advertise() {
    for (std::uint32_t i = 0; i < cohort_.size(); ++i) {
      ASSERT_THAT(server().ReceiveAdvertisement(
                      cohort_.client(i).Advertise().value(), cohort_.now()),
                  IsOk());
    }
    ASSERT_THAT(server().Close(), IsOk());
  }
  // Everybody but the first `absent` members.
  void Share(std::uint32_t absent) {
    for (std::uint32_t i = 0; i < cohort_.size(); ++i) {
      const auto shares = cohort_.client(i).ShareKeys(
          server().RosterFor(cohort_.id(i)).value());
      ASSERT_THAT(shares, IsOk());
      if (i < absent) continue;
      ASSERT_THAT(server().ReceiveShares(cohort_.id(i), *shares), IsOk());
    }
    ASSERT_THAT(server().Close(), IsOk());
  }
  void SendInputs(std::uint32_t absent) {
    for (std::uint32_t i = absent; i < cohort_.size(); ++i) {
      ASSERT_THAT(cohort_.SendInput(i), IsOk());
    }
    ASSERT_THAT(server().Close(), IsOk());
  }
  void Sign() {
    for (std::uint32_t i = 0; i < cohort_.size(); ++i) {
      const auto signature = cohort_.client(i).SignSurvivors(
          server().SurvivorsFor(cohort_.id(i)).value());
      ASSERT_THAT(signature, IsOk());
      ASSERT_THAT(server().ReceiveSurvivorSignature(cohort_.id(i), *signature),
                  IsOk());
    }
    ASSERT_THAT(server().Close(), IsOk());
  }

  ServerSession& server() { return cohort_.server(); }
  ClientSession& me() { return cohort_.client(kMember); }
  SessionId session() { return SessionIdOf(server().manifest()); }

  Cohort cohort_{{.size = 7, .min_cohort = 4, .corrupted_fraction = 0.2}};
};

// The coordinator gave one member another model or plan, and that member signed
// what it got: everybody else sees it in the roster.
TEST(ClientRosterTest, AMemberThatWasGivenAnotherModelOrPlanIsSeen) {
  for (const bool model : {true, false}) {
    Cohort cohort({.size = 7, .min_cohort = 4, .corrupted_fraction = 0.2});
    for (std::uint32_t i = 0; i < cohort.size(); ++i) {
      ASSERT_THAT(cohort.server().ReceiveAdvertisement(
                      cohort.client(i).Advertise().value(), cohort.now()),
                  IsOk());
    }
    ASSERT_THAT(cohort.server().Close(), IsOk());
    v1::Roster roster = cohort.server().RosterFor(cohort.id(kMember)).value();
    v1::KeyAdvertisement& other = *roster.mutable_members(0)->mutable_keys();
    std::string& hash =
        model ? *other.mutable_model_hash() : *other.mutable_plan_hash();
    hash.back() = static_cast<char>(hash.back() ^ 1);
    other.set_signature(
        ToString(cohort.key(0).Sign(AdvertisementBytes(other))));
    std::vector<crypto::Sha256Digest> leaves;
    for (const auto& member : roster.members()) {
      leaves.push_back(LeafHash(member.keys()));
    }
    roster.mutable_manifest()->set_key_root(ToString(KeyRoot(leaves)));
    roster.set_manifest_signature(
        ToString(cohort.coordinator().Sign(ManifestBytes(roster.manifest()))));
    EXPECT_THAT(
        cohort.client(kMember).ShareKeys(roster),
        StatusIs(kDenied, HasSubstr("was given another model or plan")));
    EXPECT_EQ(cohort.client(kMember).state(), State::kAborted);
  }
}

TEST_F(ClientDecisionTest, ASurvivorThatNeverSharedItsKeysIsRefused) {
  Advertise();
  Share(/*absent=*/1);
  SendInputs(/*absent=*/1);
  v1::SurvivorSet all;
  const Bytes set = {0b1111111};  // member 0 is none of U2
  all.set_members(ToString(set));
  all.set_signature(ToString(
      cohort_.coordinator().Sign(ServerSurvivorBytes(session(), set))));
  EXPECT_THAT(me().SignSurvivors(all),
              StatusIs(kDenied, HasSubstr("never shared its keys")));
  EXPECT_EQ(me().state(), State::kAborted);
}

TEST_F(ClientDecisionTest, AnotherSurvivorSetThanTheRecordedOneIsNotSigned) {
  Advertise();
  Share(0);
  SendInputs(0);
  ASSERT_THAT(cohort_.log(kMember).RecordSurvivors(session(), Bytes{0b1111110}),
              IsOk());
  EXPECT_THAT(
      me().SignSurvivors(server().SurvivorsFor(cohort_.id(kMember)).value()),
      StatusIs(kAlready));
  EXPECT_EQ(me().state(), State::kAborted);
}

TEST_F(ClientDecisionTest, SharesAreRevealedOnceForASession) {
  Advertise();
  Share(0);
  SendInputs(0);
  Sign();
  ASSERT_THAT(cohort_.log(kMember).RecordUnmask(session()), IsOk());
  EXPECT_THAT(
      me().Unmask(server().UnmaskRequestFor(cohort_.id(kMember)).value()),
      StatusIs(kAlready));
  EXPECT_EQ(me().state(), State::kAborted);
}

}  // namespace
}  // namespace sotto::secure_agg
