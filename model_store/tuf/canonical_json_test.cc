#include "model_store/tuf/canonical_json.h"

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::model_store {
namespace {

std::string Canonical(std::string_view text) {
  return CanonicalJson(ParseStrictJson(AsBytes(text)).value());
}

TEST(CanonicalJsonTest, KeysAreSortedAndNothingIsAddedBetweenTokens) {
  EXPECT_EQ(Canonical(" { \"b\" : [ 1 , -2, true, false , null ],\n"
                      "   \"a\" : { \"B\" : {}, \"A\" : [] } } "),
            R"({"a":{"A":[],"B":{}},"b":[1,-2,true,false,null]})");
}

TEST(CanonicalJsonTest, KeysAreSortedByCodePoint) {
  // U+FB33 comes before U+1F600, though not in UTF-16.
  EXPECT_EQ(Canonical("{\"\U0001F600\":1,\"\uFB33\":2,\"z\":3,\"\":4}"),
            "{\"\":4,\"z\":3,\"\uFB33\":2,\"\U0001F600\":1}");
}

TEST(CanonicalJsonTest, OnlyQuoteAndBackslashAreEscaped) {
  EXPECT_EQ(Canonical(R"("\"\\\/\n\t\u0001\u00e9")"),
            "\"\\\"\\\\/\n\t\x01\u00e9\"");
  EXPECT_EQ(Canonical(R"({"\u0061\"":1})"), R"({"a\"":1})");
}

TEST(CanonicalJsonTest, IntegersKeepTheirValueToTheEndsOfTheRange) {
  EXPECT_EQ(Canonical("[18446744073709551615,-9223372036854775808,-0]"),
            "[18446744073709551615,-9223372036854775808,0]");
}

TEST(CanonicalJsonTest, WhatHasMoreThanOneReadingIsRefused) {
  for (const char* text : {"",
                           "{",
                           "{}x",
                           "{} {}",
                           "[1,]",
                           "{\"a\":1,\"a\":1}",
                           "{\"x\":{\"a\":1,\"b\":2,\"\\u0061\":1}}",
                           "1.0",
                           "[1e2]",
                           "18446744073709551616",
                           "-9223372036854775809",
                           "1e999",
                           "NaN",
                           "Infinity",
                           "'a'",
                           "{a:1}",
                           "// x\n1",
                           "\"\n\"",
                           "\"\xff\"",
                           "\"\\ud800\"",
                           "\xef\xbb\xbf{",
                           "01",
                           "+1"}) {
    EXPECT_THAT(ParseStrictJson(AsBytes(text)), StatusIs(kInvalid)) << text;
  }
}

TEST(CanonicalJsonTest, TheSameKeyInTwoObjectsIsNoRepetition) {
  EXPECT_THAT(ParseStrictJson(AsBytes(R"([{"a":1},{"a":{"a":1}}])")), IsOk());
}

TEST(CanonicalJsonTest, DepthIsLimitedTo32) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_THAT(ParseStrictJson(AsBytes(nested(32))), IsOk());
  EXPECT_THAT(ParseStrictJson(AsBytes(nested(33))), StatusIs(kInvalid));
  EXPECT_THAT(ParseStrictJson(AsBytes(nested(1000000))), StatusIs(kInvalid));
  // Brackets in text are no depth.
  EXPECT_THAT(ParseStrictJson(AsBytes("\"\\\"" + std::string(99, '[') + "\"")),
              IsOk());
}

}  // namespace
}  // namespace sotto::model_store
