#include "model_store/tuf/updater.h"

#include <filesystem>

#include "base/file.h"
#include "model_store/tuf/test_updater.h"

namespace sotto::model_store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Le;
using Json = nlohmann::json;

class UpdaterTest : public UpdaterFixture {};

TEST_F(UpdaterTest, TargetsOfTheTopAndOfADelegationAreFoundAndFetched) {
  Updater updater = Open();
  ASSERT_THAT(updater.Refresh(), IsOk());
  const auto plain = updater.FindTarget("plain.txt");
  ASSERT_THAT(plain, IsOk());
  EXPECT_EQ(plain->length, 5u);
  const auto model = updater.FindTarget("digits/a");
  ASSERT_THAT(model, IsOk());
  EXPECT_THAT(updater.FetchTarget(*model),
              StatusIs(absl::StatusCode::kNotFound));
  fetcher_.files[Updater::TargetPath(*model)] = ToBytes("model a");
  EXPECT_EQ(ToString(updater.FetchTarget(*model).value()), "model a");
  EXPECT_EQ(fetcher_.limits[Updater::TargetPath(*model)], 7u);
  EXPECT_EQ(updater.ListTargets("digits/").value().size(), 1u);
}

TEST_F(UpdaterTest, NothingIsFoundBeforeARefreshThatSucceeded) {
  Updater updater = Open();
  EXPECT_THAT(updater.FindTarget("plain.txt"), StatusIs(kExpired));
  ASSERT_THAT(updater.Refresh(), IsOk());
  clock_.Advance(std::chrono::hours(24 * 60));
  ASSERT_THAT(updater.Refresh(), StatusIs(kExpired));
  EXPECT_THAT(updater.FindTarget("plain.txt"), StatusIs(kExpired));
  EXPECT_THAT(updater.ListTargets(""), StatusIs(kExpired));
}

TEST_F(UpdaterTest, ATargetOfOtherBytesOrAnotherLengthIsDataLoss) {
  Updater updater = Open();
  ASSERT_THAT(updater.Refresh(), IsOk());
  const TufTarget target = updater.FindTarget("digits/a").value();
  for (const char* content : {"model b", "model", ""}) {
    fetcher_.files[Updater::TargetPath(target)] = ToBytes(content);
    EXPECT_THAT(updater.FetchTarget(target),
                StatusIs(absl::StatusCode::kDataLoss))
        << content;
  }
  fetcher_.files[Updater::TargetPath(target)] = ToBytes("model a and more");
  EXPECT_THAT(updater.FetchTarget(target),
              StatusIs(absl::StatusCode::kResourceExhausted));
  fetcher_.keeps_limits = false;
  EXPECT_THAT(updater.FetchTarget(target),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(UpdaterTest, ACheckWithNothingNewCostsTwoSmallRequests) {
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_THAT(
      fetcher_.requests,
      ElementsAre("metadata/2.root.json", "metadata/timestamp.json",
                  "metadata/1.snapshot.json", "metadata/1.targets.json"));
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_THAT(fetcher_.requests,
              ElementsAre("metadata/2.root.json", "metadata/timestamp.json"));
  EXPECT_LE(fetcher_.served_bytes, 4096u);
}

// T5.
TEST_F(UpdaterTest, EveryFileIsAskedForWithALimit) {
  ASSERT_THAT(Find("digits/a"), IsOk());
  EXPECT_EQ(fetcher_.limits["metadata/2.root.json"], 512u * 1024);
  EXPECT_EQ(fetcher_.limits["metadata/timestamp.json"], 16u * 1024);
  for (const char* file :
       {"metadata/1.snapshot.json", "metadata/1.targets.json",
        "metadata/1.family%2Fdigits.json"}) {
    EXPECT_EQ(fetcher_.limits[file], fetcher_.files[file].size()) << file;
  }
}

TEST_F(UpdaterTest, AFileLongerThanWasSignedIsRefused) {
  for (const char* file :
       {"metadata/1.snapshot.json", "metadata/1.targets.json"}) {
    const Bytes good = fetcher_.files[file];
    fetcher_.files[file].push_back(' ');
    fetcher_.keeps_limits = true;
    EXPECT_THAT(Refresh(), StatusIs(absl::StatusCode::kResourceExhausted));
    fetcher_.keeps_limits = false;
    EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("bytes")));
    fetcher_.files[file] = good;
  }
  EXPECT_THAT(Refresh(), IsOk());
}

// T1: who may sign.
TEST_F(UpdaterTest, EachRoleNeedsItsThresholdOfItsOwnKeys) {
  struct Case {
    std::string role;
    MetadataForge::Names signers;
  };
  const std::vector<Case> cases = {
      {"timestamp", {}},
      {"timestamp", {"snapshot"}},
      {"snapshot", {"timestamp"}},
      {"targets", {"targets-1"}},
      {"targets", {"targets-1", "family-1"}},
      {"targets", {"snapshot", "timestamp"}},  // T7: the online keys
      {"family/digits", {"family-1"}},
      {"family/digits", {"targets-1", "targets-2"}},
  };
  for (const Case& c : cases) {
    MetadataForge forge("2026-02-01T00:00:00Z");
    ForgetTrust();
    forge.SignAs(c.role, c.signers);
    forge.Publish(fetcher_.files);
    EXPECT_THAT(Find("digits/a"),
                StatusIs(kDenied, AllOf(HasSubstr("'" + c.role + "'"),
                                        HasSubstr("threshold"))))
        << c.role;
  }
  ForgetTrust();
  forge_.Publish(fetcher_.files);
  EXPECT_THAT(Find("digits/a"), IsOk());
}

TEST_F(UpdaterTest, AnyTwoOfTheThreeTargetsKeysSuffice) {
  forge_.SignAs("targets", {"targets-3", "targets-1", "stranger"});
  forge_.Publish(fetcher_.files);
  EXPECT_THAT(Refresh(), IsOk());
}

TEST_F(UpdaterTest, OneKeyUnderTwoIdsCountsOnce) {
  const std::string alias(64, 'a');
  const std::string first = MetadataForge::IdOf("targets-1");
  forge_.root["keys"][alias] = forge_.root["keys"][first];
  forge_.root["roles"]["targets"]["keyids"] = {first, alias};
  pinned_ = forge_.SealedRoot();
  Json envelope =
      Json::parse(MetadataForge::Seal(forge_.targets, {"targets-1"}));
  Json again = envelope["signatures"][0];
  again["keyid"] = alias;
  envelope["signatures"].push_back(again);
  forge_.Publish(fetcher_.files);
  const Bytes bytes = ToBytes(envelope.dump());
  fetcher_.files["metadata/1.targets.json"] = bytes;
  forge_.snapshot["meta"]["targets.json"] = {{"version", 1}};
  forge_.PublishSnapshot(fetcher_.files);
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("1 valid")));
}

TEST_F(UpdaterTest, AChangedByteOfSignedMetadataIsRefused) {
  // Without hashes, so that the signature is what refuses.
  forge_.snapshot["meta"] = {{"targets.json", {{"version", 1}}},
                             {"family/digits.json", {{"version", 1}}}};
  forge_.PublishSnapshot(fetcher_.files);
  std::string text = ToString(fetcher_.files["metadata/1.targets.json"]);
  text.replace(text.find("\"length\":5"), 10, "\"length\":6");
  fetcher_.files["metadata/1.targets.json"] = ToBytes(text);
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("'targets'")));
}

// T2.
TEST_F(UpdaterTest, VersionsNeverFall) {
  PublishNext();
  PublishNext();
  ASSERT_THAT(Find("digits/a"), IsOk());
  const MetadataForge trusted = forge_;
  SaveTrust();
  const auto older = [](Json& body) {
    body["version"] = body["version"].get<int>() - 1;
  };
  // The timestamp itself.
  older(forge_.timestamp);
  forge_.PublishTimestamp(fetcher_.files);
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("timestamp: an older")));
  RestoreTrust();
  // The snapshot that a newer timestamp names.
  forge_ = trusted;
  MetadataForge::Next(forge_.timestamp);
  older(forge_.snapshot);
  forge_.PublishSnapshot(fetcher_.files);
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("older snapshot")));
  // The roles that a newer snapshot names.
  for (const char* role : {"targets", "family/digits"}) {
    RestoreTrust();
    forge_ = trusted;
    MetadataForge::Next(forge_.timestamp);
    MetadataForge::Next(forge_.snapshot);
    older(*role == 't' ? forge_.targets : forge_.delegated[role]);
    forge_.Publish(fetcher_.files);
    EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("rolls back")));
  }
  RestoreTrust();
  // A role that is dropped.
  forge_ = trusted;
  MetadataForge::Next(forge_.timestamp);
  MetadataForge::Next(forge_.snapshot);
  forge_.snapshot["meta"].erase("family/digits.json");
  forge_.PublishSnapshot(fetcher_.files);
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("drops")));
  RestoreTrust();
  // And the honest successor passes.
  forge_ = trusted;
  PublishNext();
  PublishNext();
  EXPECT_THAT(Find("digits/a"), IsOk());
}

TEST_F(UpdaterTest, ExpiredTrustedMetadataStillStopsARollback) {
  PublishNext();
  ASSERT_THAT(Refresh(), IsOk());
  clock_.Advance(std::chrono::hours(24 * 60));
  MetadataForge old("2030-01-01T00:00:00Z");
  old.root = forge_.root;
  old.root["version"] = 2;
  old.root["expires"] = "2030-01-01T00:00:00Z";
  old.Publish(fetcher_.files);
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("rollback")));
}

TEST_F(UpdaterTest, ATimestampOfTheSameVersionChangesNothing) {
  ASSERT_THAT(Refresh(), IsOk());
  MetadataForge::Next(forge_.snapshot);
  forge_.PublishSnapshot(fetcher_.files);  // the same timestamp version
  EXPECT_THAT(Refresh(), IsOk());
  EXPECT_THAT(fetcher_.requests,
              ElementsAre("metadata/2.root.json", "metadata/timestamp.json"));
}

// T3.
TEST_F(UpdaterTest, EveryRoleExpires) {
  for (const char* role :
       {"root", "timestamp", "snapshot", "targets", "family/digits"}) {
    SCOPED_TRACE(role);
    ForgetTrust();
    MetadataForge forge("2026-02-01T00:00:00Z");
    Json* body = *role == 'r'                     ? &forge.root
                 : *role == 's'                   ? &forge.snapshot
                 : *role == 'f'                   ? &forge.delegated[role]
                 : std::string(role) == "targets" ? &forge.targets
                                                  : &forge.timestamp;
    // Expired at that very second.
    (*body)["expires"] = "2026-01-01T00:00:00Z";
    pinned_ = forge.SealedRoot();
    forge.Publish(fetcher_.files);
    EXPECT_THAT(Find("digits/a"), StatusIs(kExpired, HasSubstr(role)));
    (*body)["expires"] = "2026-01-01T00:00:01Z";
    pinned_ = forge.SealedRoot();
    forge.Publish(fetcher_.files);
    ForgetTrust();
    EXPECT_THAT(Find("digits/a"), IsOk());
  }
}

TEST_F(UpdaterTest, OneMomentJudgesAWholeRefresh) {
  fetcher_.before = [&](const std::string& path) {
    if (path == "metadata/timestamp.json") {
      clock_.Advance(std::chrono::hours(24 * 365));
    }
    return absl::OkStatus();
  };
  EXPECT_THAT(Refresh(), IsOk());
  EXPECT_THAT(Refresh(), StatusIs(kExpired));
}

// T4.
TEST_F(UpdaterTest, FilesThatWereNotSignedTogetherAreRefused) {
  const auto old_targets = fetcher_.files["metadata/1.targets.json"];
  const auto old_snapshot = fetcher_.files["metadata/1.snapshot.json"];
  PublishNext();
  const auto good = fetcher_.files;
  fetcher_.files["metadata/2.targets.json"] = old_targets;
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("targets")));
  fetcher_.files = good;
  ForgetTrust();
  fetcher_.files["metadata/2.snapshot.json"] = old_snapshot;
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("snapshot")));
  // Without hashes the versions still tell them apart.
  fetcher_.files = good;
  ForgetTrust();
  forge_.timestamp["meta"] = {{"snapshot.json", {{"version", 2}}}};
  forge_.PublishTimestamp(fetcher_.files);
  fetcher_.files["metadata/2.snapshot.json"] = old_snapshot;
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("version")));
  ForgetTrust();
  forge_.snapshot["meta"]["targets.json"] = {{"version", 2}};
  forge_.PublishSnapshot(fetcher_.files);
  fetcher_.files["metadata/2.targets.json"] = old_targets;
  EXPECT_THAT(Refresh(), StatusIs(kDenied, HasSubstr("version")));
}

TEST_F(UpdaterTest, ARefreshThatBreaksOffAnywhereIsTakenUpAgain) {
  PublishNext();
  for (std::size_t broken = 0; broken < 4; ++broken) {
    ForgetTrust();
    std::size_t asked = 0;
    fetcher_.before = [&](const std::string&) -> absl::Status {
      if (asked++ != broken) return absl::OkStatus();
      return absl::UnavailableError("cut");
    };
    EXPECT_THAT(Refresh(), StatusIs(absl::StatusCode::kUnavailable)) << broken;
    fetcher_.before = nullptr;
    EXPECT_THAT(Find("digits/a"), IsOk()) << broken;
  }
}

TEST_F(UpdaterTest, DamagedTrustedFilesAreFetchedAgain) {
  ASSERT_THAT(Find("digits/a"), IsOk());
  for (const char* file : {"root.json", "timestamp.json", "snapshot.json",
                           "targets.json", "family%2Fdigits.json"}) {
    ASSERT_TRUE(FileExists(folder_ + "/" + file)) << file;
    ASSERT_THAT(WriteFileAtomically(folder_ + "/" + file, "{\"signed\":"),
                IsOk());
    EXPECT_THAT(Find("digits/a"), IsOk()) << file;
  }
}

}  // namespace
}  // namespace sotto::model_store
