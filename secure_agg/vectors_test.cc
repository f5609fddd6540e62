// Sessions that tests/vectors/secure_agg/make_vectors.py worked out from
// docs/protocol/secure_aggregation.md alone: our clients and our server send
// the same bytes.

#include <algorithm>
#include <map>

#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "crypto/kex.h"
#include "gtest/gtest.h"
#include "secure_agg/graph/key_tree.h"
#include "secure_agg/graph/parameters.h"
#include "secure_agg/graph/ring.h"
#include "secure_agg/masking/mask.h"
#include "secure_agg/sharing/shamir.h"
#include "secure_agg/signed_bytes.h"
#include "secure_agg/test_replay.h"

namespace sotto::secure_agg {
namespace {

// The whole message in hex, or its SHA-256.
std::string Shown(const google::protobuf::MessageLite& message,
                  const Json& like) {
  const std::string bytes = message.SerializeAsString();
  if (like.get<std::string>().size() != 64) return HexEncode(AsBytes(bytes));
  return HexEncode(crypto::Sha256(AsBytes(bytes)));
}

void ExpectSession(const std::string& name) {
  const Json file = Load(name);
  Replay replay(file);
  std::map<std::uint32_t, std::size_t> chunks;
  int messages = 0;
  replay.RunTo(Phase::kFinished, [&](std::uint32_t u, const std::string& field,
                                     const auto& message) {
    SCOPED_TRACE(absl::StrFormat("member %d, %s", u, field));
    Json want = file["members"][u][field];
    if (field == "chunks") want = want.at(chunks[u]++);
    EXPECT_TRUE(Shown(message, want) == want);
    ++messages;
  });
  EXPECT_GT(messages, 9 * static_cast<int>(file["u3"].size()));
  const v1::SessionManifest& manifest = replay.server().manifest();
  EXPECT_EQ(HexEncode(AsBytes(manifest.SerializeAsString())), file["manifest"]);
  EXPECT_EQ(HexEncode(ManifestBytes(manifest)), file["manifest_bytes"]);
  EXPECT_EQ(HexEncode(SessionIdOf(manifest)), file["session"]);
  const Bytes u2 = Hex(file["u2"]);
  EXPECT_EQ(HexEncode(ClientMembersBytes(SessionIdOf(manifest), u2)),
            file["u2_client_bytes"]);
  EXPECT_EQ(HexEncode(ClientSurvivorBytes(SessionIdOf(manifest), u2,
                                          Hex(file["u3"]))),
            file["u3_client_bytes"]);
  const auto result = replay.server().Result();
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(Json(result->sums), file["sums"]);
  EXPECT_EQ(result->included.size(), CountBits(Hex(file["u3"])));
}

TEST(SecureAggVectorsTest, EveryMessageOfACompleteGraphIsTheSame) {
  ExpectSession("complete.json");
}

TEST(SecureAggVectorsTest, EveryMessageOfARingIsTheSame) {
  ExpectSession("ring.json");
}

std::vector<std::uint32_t> Stream(const std::string& prg,
                                  crypto::Secret<32> seed,
                                  const std::string& name, std::uint32_t bits,
                                  std::size_t count) {
  std::vector<std::uint32_t> values(count, 0);
  std::vector<Mask> masks;
  masks.push_back({std::move(seed), Sign::kPlus});
  AddMasks(crypto::Prg::Parse(prg).value(), masks, name, bits, values);
  ReduceLanes(bits <= 16 ? 16 : 32, values);
  return values;
}

void ExpectStreams(const Json& file, const Json& seed, const Json& streams) {
  for (const VectorSpec& spec : VectorsIn(file)) {
    const Json& want = streams[spec.name];
    EXPECT_EQ(HexEncode(VectorKey(HexSecret(seed), spec.name).Reveal()),
              want["key"]);
    EXPECT_EQ(Json(Stream(file["prg"], HexSecret(seed), spec.name, spec.bits,
                          want["lanes"].size())),
              want["lanes"]);
  }
}

TEST(SecureAggVectorsTest, EveryValueInsideIsTheSame) {
  for (const char* name : {"complete.json", "ring.json"}) {
    SCOPED_TRACE(name);
    const Json file = Load(name);
    v1::SessionManifest manifest;
    ASSERT_TRUE(manifest.ParseFromString(ToString(Hex(file["manifest"]))));
    const SessionId session = SessionIdOf(manifest);
    const Ring ring =
        Ring::Create(HexArray<32>(file["key_root"]), file["task"],
                     file["round"], file["cohort_size"], file["neighbours"])
            .value();
    for (std::uint32_t place = 0; place < ring.size(); ++place) {
      EXPECT_EQ(ring.PlaceOf(file["order"][place]), place);
      EXPECT_EQ(Json(ring.NeighboursOf(place)),
                file["members"][place]["neighbours"]);
    }
    for (const std::uint32_t u :
         file["detailed"].get<std::vector<std::uint32_t>>()) {
      SCOPED_TRACE(u);
      const Json& me = file["members"][u];
      v1::KeyAdvertisement ad;
      ASSERT_TRUE(ad.ParseFromString(ToString(Hex(me["advertisement"]))));
      EXPECT_EQ(HexEncode(LeafHash(ad)), me["leaf"]);
      EXPECT_EQ(HexEncode(SelfMaskCommitment(session, Hex(me["self_mask"]))),
                me["commitment"]);
      ExpectStreams(file, me["self_mask"], me["self_mask_lanes"]);
      const auto channel =
          crypto::X25519Key::FromBytes(HexSecret(me["channel_secret"]));
      const auto mask =
          crypto::X25519Key::FromBytes(HexSecret(me["mask_secret"]));
      EXPECT_EQ(ToString(channel.public_key()), ad.channel_key());
      EXPECT_EQ(ToString(mask.public_key()), ad.mask_key());
      v1::Roster roster;
      ASSERT_TRUE(roster.ParseFromString(ToString(Hex(me["roster"]))));
      for (const Json& pair : me["pairs"]) {
        const std::uint32_t v = pair["peer"];
        const auto peer =
            std::ranges::find(roster.members(), v, &v1::Roster::Member::index);
        crypto::X25519PublicKey c = {}, s = {};
        std::ranges::copy(AsBytes(peer->keys().channel_key()), c.begin());
        std::ranges::copy(AsBytes(peer->keys().mask_key()), s.begin());
        const auto key = crypto::HkdfKey(channel.Agree(c).value().Reveal(), {},
                                         ChannelInfo(session, u, v));
        EXPECT_EQ(HexEncode(key.Reveal()), pair["channel_key"]);
        const Bytes sealed = Hex(pair["ciphertext"]);
        crypto::AeadNonce nonce;
        std::copy_n(sealed.begin(), nonce.size(), nonce.begin());
        const auto text =
            crypto::Aead(key).Open(nonce, ShareAad(session, u, v),
                                   ByteView(sealed).subspan(nonce.size()));
        ASSERT_THAT(text, IsOk());
        EXPECT_EQ(HexEncode(text->Reveal()), pair["plaintext"]);
        const auto seed = crypto::HkdfKey(mask.Agree(s).value().Reveal(), {},
                                          MaskInfo(session, manifest, u, v));
        EXPECT_EQ(HexEncode(seed.Reveal()), pair["pair_seed"]);
        ExpectStreams(file, pair["pair_seed"], pair["first_lanes"]);
      }
      // t of the shares are the secrets.
      for (const char* kind : {"mask_key", "self_mask"}) {
        std::vector<Share> shares;
        for (const Json& pair : me["pairs"]) {
          if (shares.size() == file["threshold"]) break;
          shares.push_back(
              DecodeShare(Hex(pair[std::string("share_of_") + kind]),
                          pair["peer"].get<std::uint64_t>() + 1)
                  .value());
        }
        EXPECT_EQ(HexEncode(CombineShares(shares).value().Reveal()),
                  kind == std::string("mask_key") ? me["mask_secret"]
                                                  : me["self_mask"]);
      }
    }
  }
}

TEST(SecureAggVectorsTest, TreesRingsStreamsSharesAndGraphsAreTheSame) {
  const Json file = Load("primitives.json");
  std::vector<crypto::Sha256Digest> leaves;
  for (const Json& leaf : file["leaves"]) leaves.push_back(HexArray<32>(leaf));
  for (const Json& want : file["trees"]) {
    const std::size_t size = want["size"];
    const KeyTree tree(
        {leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_EQ(HexEncode(tree.root()), want["root"]);
    for (std::size_t i = 0; i < size; ++i) {
      Json path = Json::array();
      for (const auto& sibling : tree.Path(i))
        path.push_back(HexEncode(sibling));
      EXPECT_EQ(path, want["paths"][i]);
      EXPECT_THAT(CheckPath(leaves[i], i, size, tree.Path(i), tree.root()),
                  IsOk());
    }
  }
  for (const Json& want : file["rings"]) {
    const Ring ring = Ring::Create(HexArray<32>(file["ring_root"]), "task",
                                   want["round"], want["n"], want["k"])
                          .value();
    for (std::uint32_t u = 0; u < ring.size(); ++u) {
      EXPECT_EQ(Json(ring.NeighboursOf(u)), want["neighbours"][u]);
    }
  }
  for (const Json& want : file["streams"]) {
    const std::uint32_t bits = want["bits"];
    const auto lanes = Stream(want["prg"], HexSecret(want["seed_of_key"]),
                              "update", bits, 4102);
    EXPECT_EQ(
        Json(std::vector<std::uint32_t>(lanes.begin() + 4090, lanes.end())),
        want["lanes_from_4090"]);
    const std::size_t width = bits <= 16 ? 2 : 4;
    Bytes raw(8 * width);
    crypto::Prg(crypto::Prg::Parse(want["prg"].get<std::string>()).value(),
                HexSecret(want["raw_key"]))
        .Fill(raw, 4096 * width / crypto::Prg::kBlockBytes);
    for (std::size_t i = 0; i < 8; ++i) {
      std::uint32_t lane = 0;
      for (std::size_t b = 0; b < width; ++b) {
        lane |= static_cast<std::uint32_t>(raw[i * width + b]) << (8 * b);
      }
      EXPECT_EQ(lane, want["raw_lanes_from_4096"][i]);
    }
  }
  for (const Json& want : file["shamir"]) {
    Draws draws(want["draws_key"]);
    const std::vector<std::uint64_t> points = want["points"];
    const auto shares =
        SplitSecret(HexSecret(want["secret"]), want["t"], points, draws);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      EXPECT_EQ(HexEncode(EncodeShare(shares[i])), want["shares"][i]);
    }
  }
  for (const Json& want : file["graphs"]) {
    SCOPED_TRACE(want.dump());
    const auto found = ChooseGraph({.cohort_size = want["n"],
                                    .corrupted_fraction = want["gamma"],
                                    .dropout_fraction = want["delta"],
                                    .security_bits = want["sigma"],
                                    .correctness_bits = want["eta"],
                                    .min_survivors = want["n_min"]});
    ASSERT_THAT(found, IsOk());
    EXPECT_EQ(Json({found->neighbours, found->threshold}), want["found"]);
  }
}

}  // namespace
}  // namespace sotto::secure_agg
