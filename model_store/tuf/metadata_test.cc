#include "model_store/tuf/metadata.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model_store/tuf/test_metadata_forge.h"
#include "tests/support/status_matchers.h"

namespace sotto::model_store {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

TEST(TufTimeTest, TimesAreReadAndWrittenInOneForm) {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2026-01-01T00:00:00Z",
        "2030-01-31T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    EXPECT_EQ(FormatTufTime(ParseTufTime(text).value()), text);
  }
  EXPECT_EQ(ParseTufTime("2026-01-01T00:00:00Z").value(), 1767225600000);
}

TEST(TufTimeTest, OtherFormsAreRefused) {
  for (const char* text :
       {"", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00z",
        "2026-01-01 00:00:00Z", "2026-01-01T00:00:00.5Z", "2026-1-01T00:00:00Z",
        "2026- 1-01T00:00:00Z", "+026-01-01T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "1969-12-31T23:59:59Z",
        "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00Zx"}) {
    EXPECT_THAT(ParseTufTime(text), StatusIs(kInvalid)) << text;
  }
}

TEST(TufPathTest, AStarStaysWithinASegment) {
  EXPECT_TRUE(MatchesPath("digits/*", "digits/a"));
  EXPECT_TRUE(MatchesPath("digits/*", "digits/"));
  EXPECT_TRUE(MatchesPath("*.mseal", "a.mseal"));
  EXPECT_TRUE(MatchesPath("a*b*c", "aXbYbZc"));
  EXPECT_TRUE(MatchesPath("d?g/**", "dig/x"));
  EXPECT_TRUE(MatchesPath("", ""));
  EXPECT_FALSE(MatchesPath("digits/*", "digits/a/b"));
  EXPECT_FALSE(MatchesPath("digits/*", "digit/a"));
  EXPECT_FALSE(MatchesPath("*", "a/b"));
  EXPECT_FALSE(MatchesPath("a?b", "a/b"));
  EXPECT_FALSE(MatchesPath("a*c", "a/c"));
  EXPECT_FALSE(MatchesPath("digits/a", "digits/ab"));
  EXPECT_FALSE(MatchesPath("", "a"));
}

TEST(TufRoleNameTest, RoleNamesBecomeFileNames) {
  EXPECT_EQ(EncodeRoleName("family/digits"), "family%2Fdigits");
  EXPECT_EQ(EncodeRoleName("../x"), "..%2Fx");
  EXPECT_EQ(EncodeRoleName(".."), "%2E.");
  EXPECT_EQ(EncodeRoleName("."), "%2E");
  EXPECT_EQ(EncodeRoleName("a%2Fb \xc3\xa9"), "a%252Fb%20%C3%A9");
}

// Each case differs from the good root in one field.
TEST(TufMetadataTest, ARootWithAFieldThatIsWrongIsRefusedByName) {
  struct Case {
    std::string message;
    std::function<void(Json&)> spoil;
  };
  const std::vector<Case> cases = {
      {"type", [](Json& r) { r["_type"] = "targets"; }},
      {"_type", [](Json& r) { r.erase("_type"); }},
      {"spec_version", [](Json& r) { r["spec_version"] = "2.0.0"; }},
      {"spec_version", [](Json& r) { r["spec_version"] = 1; }},
      {"version", [](Json& r) { r["version"] = 0; }},
      {"version", [](Json& r) { r["version"] = -1; }},
      {"version", [](Json& r) { r["version"] = "1"; }},
      {"expires", [](Json& r) { r.erase("expires"); }},
      {"time", [](Json& r) { r["expires"] = "tomorrow"; }},
      {"keys", [](Json& r) { r["keys"] = Json::array(); }},
      {"timestamp", [](Json& r) { r["roles"].erase("timestamp"); }},
      {"threshold", [](Json& r) { r["roles"]["root"]["threshold"] = 0; }},
      {"threshold", [](Json& r) { r["roles"]["root"].erase("threshold"); }},
      {"key id",
       [](Json& r) {
         Json& ids = r["roles"]["root"]["keyids"];
         ids.push_back(ids[0]);
       }},
      {"keyids", [](Json& r) { r["roles"]["root"]["keyids"] = "x"; }},
      {"key",
       [](Json& r) { (*r["keys"].begin())["keyval"]["public"] = "abcd"; }},
      {"keytype", [](Json& r) { (*r["keys"].begin()).erase("keytype"); }},
  };
  const MetadataForge forge("2026-02-01T00:00:00Z");
  const auto parse = [](const Json& body) -> absl::Status {
    const auto envelope = ParseEnvelope(MetadataForge::Seal(body, {"root"}));
    return envelope.ok() ? ParseRoot(*envelope).status() : envelope.status();
  };
  EXPECT_THAT(parse(forge.root), IsOk());
  for (const Case& c : cases) {
    Json body = forge.root;
    c.spoil(body);
    EXPECT_THAT(parse(body), StatusIs(kInvalid, HasSubstr(c.message)))
        << body.dump();
  }
}

TEST(TufMetadataTest, UnknownFieldsAreKeptUnderTheSignature) {
  MetadataForge forge("2026-02-01T00:00:00Z");
  forge.root["x-future"] = {{"a", Json::array({1, nullptr})}};
  const auto envelope = ParseEnvelope(forge.SealedRoot()).value();
  TufRoot root = ParseRoot(envelope).value();
  EXPECT_THAT(VerifyRole("root", envelope, root.keys, root.roles["root"]),
              IsOk());
}

TEST(TufMetadataTest, SignaturesOfAnEnvelopeAreListedOnce) {
  const MetadataForge forge("2026-02-01T00:00:00Z");
  const Json good = Json::parse(forge.SealedRoot());
  Json twice = good;
  twice["signatures"].push_back(good["signatures"][0]);
  EXPECT_THAT(ParseEnvelope(AsBytes(twice.dump())), StatusIs(kInvalid));
  // Empty and odd ones are legal and do not count.
  for (const char* signature : {"", "zz", "abc"}) {
    Json odd = good;
    odd["signatures"][0]["sig"] = signature;
    const auto envelope = ParseEnvelope(AsBytes(odd.dump()));
    ASSERT_THAT(envelope, IsOk());
    EXPECT_TRUE(envelope->signatures.empty());
  }
}

}  // namespace
}  // namespace sotto::model_store
