#include "model_store/container/leaves.h"

#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model_store/tuf/package_facts.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"

namespace sotto::model_store {
namespace {

using ::testing::HasSubstr;

Bytes Container(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i >> 13);
  }
  return bytes;
}

// The reference tree of Certificate Transparency: its eight inputs, and the
// roots of the first 1 to 8 of them.
TEST(LeavesTest, RootsAreThoseOfRfc6962) {
  const std::vector<std::string> inputs = {"",
                                           "00",
                                           "10",
                                           "2021",
                                           "3031",
                                           "40414243",
                                           "5051525354555657",
                                           "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  std::vector<crypto::Sha256Digest> leaves;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    leaves.push_back(LeafHash(HexDecode(inputs[i]).value()));
    EXPECT_EQ(HexEncode(LeafRoot(leaves)), roots[i]);
  }
}

TEST(LeavesTest, AContainerHasALeafPerBegunMegabyte) {
  EXPECT_EQ(LeafCount(0), 1u);
  EXPECT_EQ(LeafCount(1), 1u);
  EXPECT_EQ(LeafCount(kLeafBytes), 1u);
  EXPECT_EQ(LeafCount(kLeafBytes + 1), 2u);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kLeafBytes - 1,
                                 kLeafBytes, kLeafBytes + 1, 3 * kLeafBytes}) {
    EXPECT_EQ(LeafHashes(Container(size)).size(), LeafCount(size)) << size;
  }
}

TEST(LeavesTest, EachLeafIsCheckedAloneAndAtItsPlace) {
  const Bytes container = Container(2 * kLeafBytes + 100);
  const ByteView view = container;
  const auto leaves = LeafHashes(container);
  const auto leaf = [&](std::size_t i) {
    return view.subspan(i * kLeafBytes,
                        std::min(kLeafBytes, view.size() - i * kLeafBytes));
  };
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(CheckLeaf(leaves, view.size(), i, leaf(i)), IsOk());
    for (std::size_t j = 0; j < 3; ++j) {
      if (i == j) continue;
      EXPECT_THAT(CheckLeaf(leaves, view.size(), i, leaf(j)),
                  StatusIs(kDamaged, HasSubstr("leaf " + std::to_string(i))));
    }
    Bytes bad(leaf(i).begin(), leaf(i).end());
    for (const std::size_t at :
         {std::size_t{0}, bad.size() / 2, bad.size() - 1}) {
      bad[at] ^= 0x80;
      EXPECT_THAT(CheckLeaf(leaves, view.size(), i, bad), StatusIs(kDamaged));
      bad[at] ^= 0x80;
    }
    bad.pop_back();
    EXPECT_THAT(CheckLeaf(leaves, view.size(), i, bad), StatusIs(kDamaged));
    EXPECT_THAT(CheckLeaf(leaves, view.size(), i, {}), StatusIs(kDamaged));
  }
  EXPECT_THAT(CheckLeaf(leaves, view.size(), 3, {}), StatusIs(kDamaged));
}

class PackageFactsTest : public ::testing::Test {
 protected:
  TufTarget Target(const nlohmann::json& custom) const {
    return {.name = "digits/cnn/2.mseal",
            .length = container_.size(),
            .sha512 = {},
            .custom_json = custom.dump()};
  }

  const Bytes container_ = Container(kLeafBytes + 5);
  const nlohmann::json good_ =
      nlohmann::json::parse(PackageFactsJson(container_, 7, 2, 3));
};

TEST_F(PackageFactsTest, WhatAPublisherWritesADeviceReads) {
  const auto facts = ParsePackageFacts(Target(good_));
  ASSERT_THAT(facts, IsOk());
  EXPECT_EQ(facts->release_counter, 7u);
  EXPECT_EQ(facts->version, 2u);
  EXPECT_EQ(facts->min_release_counter, 3u);
  EXPECT_EQ(facts->digest, crypto::Sha256(container_));
  EXPECT_EQ(facts->leaves, LeafHashes(container_));
}

TEST_F(PackageFactsTest, ATargetWithoutFactsIsNoContainer) {
  EXPECT_EQ(ParsePackageFacts(Target(nlohmann::json::object()))
                .value()
                .release_counter,
            0u);
}

TEST_F(PackageFactsTest, AFactThatIsWrongIsNamed) {
  using Json = nlohmann::json;
  struct Case {
    std::string field;
    std::function<void(Json&)> spoil;
  };
  const std::vector<Case> cases = {
      {"must_match", [](Json& f) { f["must_match"] = 1; }},
      {"release_counter", [](Json& f) { f["must_match"] = Json::object(); }},
      {"release_counter",
       [](Json& f) { f["must_match"]["release_counter"] = 0; }},
      {"release_counter",
       [](Json& f) { f["must_match"]["release_counter"] = -1; }},
      {"version", [](Json& f) { f.erase("version"); }},
      {"version", [](Json& f) { f["version"] = "2"; }},
      {"sha256", [](Json& f) { f["sha256"] = "00"; }},
      {"sha256", [](Json& f) { f.erase("sha256"); }},
      {"tree", [](Json& f) { f.erase("tree"); }},
      {"tree", [](Json& f) { f["tree"]["alg"] = "md5"; }},
      {"tree", [](Json& f) { f["tree"]["leaf"] = 1024; }},
      {"root", [](Json& f) { f["tree"].erase("root"); }},
      {"leaves", [](Json& f) { f["tree"]["leaves"].erase(0); }},
      {"leaves", [](Json& f) { f["tree"]["leaves"][0] = 5; }},
      {"leaves",
       [](Json& f) { f["tree"]["leaves"][0] = f["tree"]["leaves"][1]; }},
      {"leaves", [](Json& f) { f["tree"]["leaves"] = Json::array(); }},
      {"min_release_counter", [](Json& f) { f["min_release_counter"] = 0; }},
  };
  for (const Case& c : cases) {
    Json facts = good_;
    c.spoil(facts);
    EXPECT_THAT(ParsePackageFacts(Target(facts)),
                StatusIs(kInvalid, HasSubstr("'" + c.field + "'")))
        << c.field;
  }
}

TEST(PackageRecipientTest, TheFourthPartOfANameIsTheRecipient) {
  EXPECT_EQ(PackageRecipient("digits/cnn/2/ab12.mseal"), "ab12");
  EXPECT_EQ(PackageRecipient("digits/cnn/2.mseal"), "");
  EXPECT_EQ(PackageRecipient("digits/cnn/2/ab12.plan"), "");
  EXPECT_EQ(PackageRecipient(".mseal"), "");
}

}  // namespace
}  // namespace sotto::model_store
