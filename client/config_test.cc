#include "sotto/config.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto {
namespace {

using ::testing::HasSubstr;

const std::string kKey(64, 'a');

// A configuration with `more` appended to the members.
std::string Json(const std::string& more = "") {
  return R"({"storage": "s", "grpc": "127.0.0.1:1", "ca": "ca.pem",
    "issuer_public": ")" +
         kKey + R"(", "coordinator_public": ")" + kKey +
         R"(", "broker_public": ")" + kKey +
         R"(", "models_root": "m.json", "director_root": "d.json",
    "population": "digits", "model": "digits/cnn")" +
         more + "}";
}

TEST(ClientConfig, TheNeededKeysAreEnough) {
  const auto config = ParseClientConfig(Json());
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->model, "digits/cnn");
  EXPECT_EQ(config->app, "digits");
  EXPECT_EQ(config->threads, 1);
  EXPECT_FALSE(config->policy.allow_without_noise);
  EXPECT_FALSE(config->policy.trust_coordinator_noise);
}

TEST(ClientConfig, OptionalKeysAreRead) {
  const auto config = ParseClientConfig(
      Json(R"(, "data": "d", "threads": 2, "update_interval_ms": 500,
              "attributes": {"os": "linux"},
              "policy": {"min_cohort": 5, "allow_training": false,
                         "allow_without_noise": true,
                         "trust_coordinator_noise": true, "max_epsilon": 2.5,
                         "delta": 1e-7, "trust_horizon_rounds": 9})"));
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->threads, 2);
  EXPECT_EQ(config->update_interval.count(), 500);
  EXPECT_EQ(config->attributes.at("os"), "linux");
  EXPECT_EQ(config->policy.min_cohort, 5u);
  EXPECT_FALSE(config->policy.allow_training);
  EXPECT_TRUE(config->policy.allow_without_noise);
  EXPECT_TRUE(config->policy.trust_coordinator_noise);
  EXPECT_EQ(config->policy.max_epsilon, 2.5);
  EXPECT_EQ(config->policy.delta, 1e-7);
  EXPECT_EQ(config->policy.trust_horizon_rounds, 9u);
}

TEST(ClientConfig, BadInputNamesTheKey) {
  const struct {
    std::string json;
    std::string names;
  } cases[] = {
      {"", "not a JSON object"},
      {"[1]", "not a JSON object"},
      {"{}", "'storage'"},
      {Json(R"(, "colour": 1)"), "unknown key 'colour'"},
      {Json(R"(, "threads": 0)"), "'threads'"},
      {Json(R"(, "threads": -1)"), "'threads'"},
      {Json(R"(, "policy": {"max_epsilon": 0})"), "'policy.max_epsilon'"},
      {Json(R"(, "policy": {"delta": 0.5})"), "'policy.delta'"},
      {Json(R"(, "policy": {"allow_without_noise": 1})"),
       "'policy.allow_without_noise'"},
      {Json(R"(, "threads": 1.5)"), "'threads'"},
      {Json(R"(, "data": 3)"), "'data'"},
      {Json(R"(, "attributes": {"os": 1})"), "'attributes'"},
      {Json(R"(, "policy": {"min_cohort": 1})"), "'policy.min_cohort'"},
      {Json(R"(, "policy": {"x": 1})"), "unknown key 'policy.x'"},
      {Json(R"(, "policy": {"min_battery": 2})"), "'policy.min_battery'"},
      {Json(R"(, "issuer_public": "zz")"), "'issuer_public'"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(
        ParseClientConfig(c.json),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.names)));
  }
}

TEST(ClientConfig, AnAbsentFileIsNamed) {
  EXPECT_THAT(
      LoadClientConfig("/absent/device.json"),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("/absent/device.json")));
}

}  // namespace
}  // namespace sotto
