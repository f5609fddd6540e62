#include "server/config.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

using ::testing::HasSubstr;

nlohmann::json Good() {
  return {{"listen", "127.0.0.1:0"},
          {"http_listen", "127.0.0.1:8443"},
          {"tls_certificate", "c.pem"},
          {"tls_key", "k.pem"},
          {"state", "sqlite:/var/s.db"},
          {"blobs", "file:/var/blobs"},
          {"model_store", "/srv/store"},
          {"keys",
           {{"coordinator", "a"},
            {"broker", "b"},
            {"broker_signing", "bs"},
            {"director", "d"},
            {"issuer_public", "00"}}},
          {"admin_token_file", "token"}};
}

TEST(ConfigTest, AFullFileIsRead) {
  const auto config = ParseConfig(Good().dump());
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->http_listen.port, 8443);
  EXPECT_EQ(config->state_path, "/var/s.db");
  EXPECT_EQ(config->blobs_folder, "/var/blobs");
  EXPECT_EQ(config->broker_key, "b");
  EXPECT_EQ(config->broker_signing_key, "bs");
}

TEST(ConfigTest, AnUnknownKeyIsNamed) {
  auto json = Good();
  json["lissten"] = "x";
  EXPECT_THAT(ParseConfig(json.dump()),
              StatusIs(kInvalid, HasSubstr("'lissten'")));
  json = Good();
  json["keys"]["brocker"] = "x";
  EXPECT_THAT(ParseConfig(json.dump()),
              StatusIs(kInvalid, HasSubstr("'keys.brocker'")));
}

TEST(ConfigTest, EachMissingKeyIsNamed) {
  const auto good = Good();
  for (const auto& [key, value] : good.items()) {
    auto json = Good();
    json.erase(key);
    EXPECT_THAT(ParseConfig(json.dump()),
                StatusIs(kInvalid, HasSubstr("'" + key + "'")));
  }
}

TEST(ConfigTest, AnAddressNeedsAHostAndAPort) {
  for (const char* text : {"", ":1", "host", "host:", "host:65536", "host:1x",
                           "host:-1", "host:123456789"}) {
    EXPECT_THAT(ParseAddress(text, "listen"),
                StatusIs(kInvalid, HasSubstr("'listen'")))
        << text;
  }
  EXPECT_EQ(ParseAddress("[::1]:65535", "listen")->port, 65535);
}

TEST(ConfigTest, ASchemeThatIsNotBuiltInIsUnimplemented) {
  auto json = Good();
  json["state"] = "postgresql://db";
  EXPECT_THAT(ParseConfig(json.dump()),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("'state'")));
  json = Good();
  json["blobs"] = "folder";
  EXPECT_THAT(ParseConfig(json.dump()), StatusIs(kInvalid, HasSubstr("blobs")));
}

TEST(ConfigTest, AnotherTypeOrNoJsonIsRefused) {
  auto json = Good();
  json["listen"] = 5;
  EXPECT_THAT(ParseConfig(json.dump()),
              StatusIs(kInvalid, HasSubstr("listen")));
  json = Good();
  json["token_lifetime_ms"] = 1;
  EXPECT_THAT(ParseConfig(json.dump()),
              StatusIs(kInvalid, HasSubstr("token_lifetime_ms")));
  EXPECT_THAT(ParseConfig("{"), StatusIs(kInvalid));
  EXPECT_THAT(ParseConfig("[]"), StatusIs(kInvalid));
}

TEST(ConfigTest, AMissingFileIsNamed) {
  EXPECT_THAT(
      LoadConfig("/nowhere/c.json"),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/c.json")));
}

}  // namespace
}  // namespace sotto::server
