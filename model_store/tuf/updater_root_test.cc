// Root rotation, recovery after it, and delegations.

#include <filesystem>

#include "base/file.h"
#include "model_store/tuf/test_updater.h"
#include "model_store/tuf/updater.h"

namespace sotto::model_store {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class UpdaterRootTest : public UpdaterFixture {
 protected:
  std::vector<TufTarget> List() {
    Updater updater = Open();
    EXPECT_THAT(updater.Refresh(), IsOk());
    return updater.ListTargets("").value();
  }
  // Root `version` of other root keys, signed by `signers`.
  Bytes NextRoot(int version, const MetadataForge::Names& signers) {
    MetadataForge next = forge_;
    next.root["version"] = version;
    next.SetRole("root", {"new-root"}, 1);
    return MetadataForge::Seal(next.root, signers);
  }
};

TEST_F(UpdaterRootTest, ThePinnedRootMustSignItself) {
  EXPECT_THAT(
      Updater::Open(folder_, MetadataForge::Seal(forge_.root, {"other"}),
                    fetcher_, clock_)
          .status(),
      StatusIs(kDenied));
  EXPECT_THAT(Updater::Open(folder_, AsBytes("{}"), fetcher_, clock_).status(),
              StatusIs(kInvalid));
}

// T8.
TEST_F(UpdaterRootTest, ANewRootNeedsTheOldKeysAndTheNewOnes) {
  const std::string file = "metadata/2.root.json";
  fetcher_.files[file] = NextRoot(2, {"root"});
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("root")));
  fetcher_.files[file] = NextRoot(2, {"new-root"});
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("root")));
  fetcher_.files[file] = NextRoot(3, {"root", "new-root"});
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("follow")));
  fetcher_.files[file] = NextRoot(1, {"root", "new-root"});
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("follow")));
  fetcher_.files[file] = NextRoot(2, {"root", "new-root"});
  EXPECT_THAT(Refresh(), IsOk());
}

TEST_F(UpdaterRootTest, ARootOnceTrustedStaysTrustedAfterARestart) {
  fetcher_.files["metadata/2.root.json"] = NextRoot(2, {"root", "new-root"});
  ASSERT_THAT(Refresh(), IsOk());
  // The old root key signs another second root, and a third: too late.
  MetadataForge::Names thief = {"root"};
  MetadataForge stolen = forge_;
  stolen.root["version"] = 3;
  fetcher_.files["metadata/3.root.json"] =
      MetadataForge::Seal(stolen.root, thief);
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("root")));
}

TEST_F(UpdaterRootTest, RootsAreWalkedOneByOneAndOnlyTheLastMayBeExpired) {
  Json root = forge_.root;
  root["expires"] = "2020-01-01T00:00:00Z";
  for (int version = 2; version <= 5; ++version) {
    root["version"] = version;
    fetcher_.files["metadata/" + std::to_string(version) + ".root.json"] =
        MetadataForge::Seal(root, {"root"});
  }
  EXPECT_THAT(Refresh(), StatusIs(kExpired, HasSubstr("root")));
  root["version"] = 6;
  root["expires"] = "2026-02-01T00:00:00Z";
  fetcher_.files["metadata/6.root.json"] = MetadataForge::Seal(root, {"root"});
  EXPECT_THAT(Refresh(), IsOk());
}

// T6, T7.
TEST_F(UpdaterRootTest,
       VersionsPushedForwardByStolenKeysAreForgottenOnRotation) {
  const MetadataForge honest = forge_;
  forge_.timestamp["version"] = std::uint64_t{1} << 60;
  forge_.snapshot["version"] = std::uint64_t{1} << 60;
  forge_.Publish(fetcher_.files);
  ASSERT_THAT(Refresh(), IsOk());
  forge_ = honest;
  PublishNext();
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("rollback")));
  // Root gives both roles new keys.
  forge_.root["version"] = 2;
  forge_.SetRole("timestamp", {"timestamp-2"}, 1);
  forge_.SetRole("snapshot", {"snapshot-2"}, 1);
  forge_.SignAs("timestamp", {"timestamp-2"});
  forge_.SignAs("snapshot", {"snapshot-2"});
  forge_.Publish(fetcher_.files);
  EXPECT_THAT(Find("digits/a"), IsOk());
  // The stolen key is worth nothing now.
  PublishNext();
  forge_.SignAs("timestamp", {"timestamp"});
  forge_.PublishTimestamp(fetcher_.files);
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("timestamp")));
}

TEST_F(UpdaterRootTest, OneRotatedRoleIsEnoughToForget) {
  for (const std::string role : {"timestamp", "snapshot"}) {
    SCOPED_TRACE(role);
    ForgetTrust();
    fetcher_.files.clear();
    MetadataForge forge("2026-02-01T00:00:00Z");
    forge.timestamp["version"] = 1000;
    forge.snapshot["version"] = 1000;
    forge.Publish(fetcher_.files);
    ASSERT_THAT(Refresh(), IsOk());
    forge.timestamp["version"] = 2;
    forge.snapshot["version"] = 2;
    forge.root["version"] = 2;
    forge.SetRole(role, {"fresh"}, 1);
    forge.SignAs(role, {"fresh"});
    forge.Publish(fetcher_.files);
    EXPECT_THAT(Refresh(), IsOk());
  }
}

TEST_F(UpdaterRootTest, KeysOfOtherTypesAreReadButDoNotCount) {
  const std::string pem_id(64, 'b');
  forge_.root["keys"][pem_id] = {
      {"keytype", "ecdsa"},
      {"scheme", "ecdsa-sha2-nistp256"},
      {"keyval",
       {{"public",
         "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"}}}};
  forge_.root["roles"]["timestamp"]["keyids"].push_back(pem_id);
  pinned_ = forge_.SealedRoot();
  EXPECT_THAT(Refresh(), IsOk());
  forge_.root["roles"]["timestamp"] = {{"keyids", {pem_id}}, {"threshold", 1}};
  pinned_ = forge_.SealedRoot();
  ForgetTrust();
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("timestamp")));
}

TEST_F(UpdaterRootTest, ADelegatedRoleNamesOnlyWhatItsPathsCover) {
  auto& targets = forge_.delegated["family/digits"]["targets"];
  targets["other/a"] = MetadataForge::Entry("x");
  targets["digits/deep/a"] = MetadataForge::Entry("x");
  targets["plain.txt"] = MetadataForge::Entry("another");
  forge_.Publish(fetcher_.files);
  EXPECT_THAT(Find("digits/a"), IsOk());
  EXPECT_THAT(Find("other/a"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Find("digits/deep/a"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(Find("plain.txt").value().length, 5u);
  Updater updater = Open();
  ASSERT_THAT(updater.Refresh(), IsOk());
  EXPECT_THAT(
      updater.ListTargets("").value(),
      ::testing::ElementsAre(::testing::Field(&TufTarget::name, "digits/a"),
                             ::testing::Field(&TufTarget::name, "plain.txt")));
}

TEST_F(UpdaterRootTest, ATerminatingDelegationEndsTheSearch) {
  const auto with_second = [&](bool terminating) {
    MetadataForge forge("2026-02-01T00:00:00Z");
    forge.targets["delegations"]["keys"].update(forge.KeysOf({"second"}));
    forge.targets["delegations"]["roles"] = {
        MetadataForge::Delegation("family/digits", {"digits/*"},
                                  {"family-1", "family-2"}, terminating),
        MetadataForge::Delegation("second", {"digits/*"}, {"second"})};
    forge.delegated["second"] = forge.Body("targets");
    forge.delegated["second"]["targets"] = {
        {"digits/b", MetadataForge::Entry("b")},
        {"digits/a", MetadataForge::Entry("not this one")}};
    forge.SignAs("second", {"second"});
    ForgetTrust();
    forge.Publish(fetcher_.files);
  };
  with_second(false);
  EXPECT_THAT(Find("digits/b"), IsOk());
  EXPECT_EQ(Find("digits/a").value().length, 7u);  // the first names it
  EXPECT_EQ(List().size(), 3u);
  with_second(true);
  EXPECT_THAT(Find("digits/b"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(List().size(), 2u);  // plain.txt and the first digits/a
}

// family/digits may name digits/* and delegates digits/s* to "inner".
TEST_F(UpdaterRootTest, DelegationsNestWithinThePathsOfEachDelegator) {
  auto& family = forge_.delegated["family/digits"];
  family["delegations"] = {
      {"keys", forge_.KeysOf({"inner"})},
      {"roles",
       {MetadataForge::Delegation("inner", {"digits/s*", "x"}, {"inner"})}}};
  forge_.delegated["inner"] = forge_.Body("targets");
  forge_.delegated["inner"]["targets"] = {
      {"digits/s1", MetadataForge::Entry("1")},
      {"digits/t1", MetadataForge::Entry("2")},
      {"x", MetadataForge::Entry("3")}};
  forge_.SignAs("inner", {"inner"});
  forge_.Publish(fetcher_.files);
  EXPECT_THAT(Find("digits/s1"), IsOk());
  EXPECT_THAT(Find("digits/t1"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Find("x"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(List(), ::testing::ElementsAre(
                          ::testing::Field(&TufTarget::name, "digits/a"),
                          ::testing::Field(&TufTarget::name, "digits/s1"),
                          ::testing::Field(&TufTarget::name, "plain.txt")));
  // Its keys are those that its delegator names, not another's.
  family["delegations"]["keys"] = forge_.KeysOf({"other"});
  family["delegations"]["roles"] = Json::array(
      {MetadataForge::Delegation("inner", {"digits/s*"}, {"other"})});
  ForgetTrust();
  forge_.Publish(fetcher_.files);
  EXPECT_THAT(Find("digits/s1"), StatusIs(kDenied, HasSubstr("inner")));
}

TEST_F(UpdaterRootTest, DelegationsInACircleEnd) {
  auto& family = forge_.delegated["family/digits"];
  family["delegations"] = {
      {"keys", forge_.KeysOf({"inner"})},
      {"roles",
       {MetadataForge::Delegation("inner", {"digits/*"}, {"inner"}, false)}}};
  auto& inner = forge_.delegated["inner"] = forge_.Body("targets");
  inner["targets"] = Json::object();
  inner["delegations"] = {
      {"keys", forge_.KeysOf({"family-1", "family-2"})},
      {"roles",
       {MetadataForge::Delegation("family/digits", {"digits/*"},
                                  {"family-1", "family-2"}, false)}}};
  forge_.SignAs("inner", {"inner"});
  forge_.Publish(fetcher_.files);
  EXPECT_THAT(Find("digits/none"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(List().size(), 2u);
}

// T5.
TEST_F(UpdaterRootTest, ASearchEndsAfter32Roles) {
  forge_.targets["delegations"]["keys"] = forge_.KeysOf({"many"});
  forge_.targets["delegations"]["roles"] = Json::array();
  forge_.delegated.clear();
  for (int i = 0; i < 40; ++i) {
    const std::string name = "role" + std::to_string(i);
    forge_.targets["delegations"]["roles"].push_back(
        MetadataForge::Delegation(name, {"digits/*"}, {"many"}, false));
    Json& body = forge_.delegated[name] = forge_.Body("targets");
    body["targets"] = {
        {"digits/" + std::to_string(i), MetadataForge::Entry("x")}};
    forge_.SignAs(name, {"many"});
  }
  forge_.Publish(fetcher_.files);
  EXPECT_THAT(Find("digits/31"), IsOk());
  EXPECT_THAT(Find("digits/32"), StatusIs(absl::StatusCode::kNotFound));
}

// T9: a role is judged by the delegation at hand, not by what was trusted.
TEST_F(UpdaterRootTest, ARoleIsVerifiedAgainstItsDelegatorOfToday) {
  ASSERT_THAT(Find("digits/a"), IsOk());
  forge_.targets["delegations"]["keys"] = forge_.KeysOf({"fresh"});
  forge_.targets["delegations"]["roles"] = Json::array(
      {MetadataForge::Delegation("family/digits", {"digits/*"}, {"fresh"})});
  MetadataForge::Next(forge_.targets);
  MetadataForge::Next(forge_.snapshot);
  MetadataForge::Next(forge_.timestamp);
  forge_.Publish(fetcher_.files);  // the family's file as it was
  EXPECT_THAT(Find("digits/a"), StatusIs(kDenied, HasSubstr("family/digits")));
}

TEST_F(UpdaterRootTest, ADelegationThatTheSnapshotOmitsIsRefused) {
  forge_.snapshot["meta"].erase("family/digits.json");
  forge_.PublishSnapshot(fetcher_.files);
  EXPECT_THAT(Find("digits/a"), StatusIs(kDenied, HasSubstr("snapshot")));
  EXPECT_THAT(Find("plain.txt"), IsOk());
}

TEST_F(UpdaterRootTest, DelegationsMayNotTakeEachOthersOrARolesName) {
  for (const char* name :
       {"snapshot", "root", "timestamp", "targets", "", "family/digits"}) {
    MetadataForge forge("2026-02-01T00:00:00Z");
    forge.targets["delegations"]["roles"].push_back(
        MetadataForge::Delegation(name, {"x/*"}, {"family-1"}));
    ForgetTrust();
    forge.Publish(fetcher_.files);
    EXPECT_THAT(Refresh(), StatusIs(kInvalid, HasSubstr(name))) << name;
  }
}

// T17.
TEST_F(UpdaterRootTest, ARoleNameStaysInsideTheTrustedFolder) {
  const std::string name = "../../escape";
  forge_.targets["delegations"]["roles"] =
      Json::array({MetadataForge::Delegation(name, {"digits/*"},
                                             {"family-1", "family-2"})});
  forge_.delegated[name] = forge_.delegated["family/digits"];
  forge_.delegated.erase("family/digits");
  forge_.SignAs(name, {"family-1", "family-2"});
  forge_.Publish(fetcher_.files);
  ASSERT_THAT(Find("digits/a"), IsOk());
  EXPECT_TRUE(FileExists(folder_ + "/..%2F..%2Fescape.json"));
}

}  // namespace
}  // namespace sotto::model_store
