// Messages that tests/vectors/secure_agg says must be refused: by whom, in
// which step, and with which status.

#include <map>

#include "gtest/gtest.h"
#include "secure_agg/test_replay.h"

namespace sotto::secure_agg {
namespace {

// The good message with the case's bytes in the place of some of its own.
template <typename Message>
Message Replaced(const Message& good, const Json& c) {
  const std::string bytes = good.SerializeAsString();
  const std::size_t front = c["keep_front"], back = c["keep_back"];
  Message message;
  EXPECT_TRUE(message.ParseFromString(bytes.substr(0, front) +
                                      ToString(Hex(c["between"])) +
                                      bytes.substr(bytes.size() - back)));
  EXPECT_NE(message.SerializeAsString(), bytes);
  return message;
}

Phase PhaseOf(const std::string& step) {
  static const std::map<std::string, Phase> phases = {
      {"Roster", Phase::kShares},
      {"ShareDelivery", Phase::kInputs},
      {"SurvivorSet", Phase::kConsistency},
      {"UnmaskRequest", Phase::kUnmask},
      {"KeyAdvertisement", Phase::kAdvertise},
      {"EncryptedShares", Phase::kShares},
      {"MaskedInputChunk", Phase::kInputs},
      {"SurvivorSignature", Phase::kConsistency},
      {"UnmaskShares", Phase::kUnmask},
      {"Complaint", Phase::kShares}};
  return phases.at(step);
}

// The answer of the client to the good message of a step, or the changed one.
absl::Status Send(Replay& replay, std::uint32_t u, const Json& c, bool change) {
  const std::string step = c["step"];
  const auto of = [&](const auto& good) {
    return change ? Replaced(good, c) : good;
  };
  ClientSession& client = replay.client(u);
  ServerSession& server = replay.server();
  if (step == "Roster") {
    return client.ShareKeys(of(server.RosterFor(replay.id(u)).value()))
        .status();
  }
  if (step == "ShareDelivery") {
    return client
        .MaskInput(of(server.DeliveryFor(replay.id(u)).value()),
                   replay.input(u))
        .status();
  }
  if (step == "SurvivorSet") {
    return client.SignSurvivors(of(server.SurvivorsFor(replay.id(u)).value()))
        .status();
  }
  return client.Unmask(of(server.UnmaskRequestFor(replay.id(u)).value()))
      .status();
}

TEST(RefusedVectorsTest, AClientEndsTheSessionWhereItMust) {
  for (const char* name : {"complete.json", "ring.json"}) {
    const Json file = Load(name);
    for (const Json& c : file["client_refuses"]) {
      SCOPED_TRACE(absl::StrFormat("%s: %s: %s", name,
                                   c["step"].get<std::string>(),
                                   c["what"].get<std::string>()));
      const std::uint32_t u = c["client"];
      Replay replay(file);
      replay.RunTo(PhaseOf(c["step"]));
      const absl::Status status = Send(replay, u, c, /*change=*/true);
      EXPECT_EQ(absl::StatusCodeToString(status.code()), c["status"])
          << status.message();
      EXPECT_EQ(replay.client(u).state(), ClientSession::State::kAborted);
      // The good message comes too late.
      EXPECT_THAT(Send(replay, u, c, /*change=*/false),
                  StatusIs(absl::StatusCode::kFailedPrecondition));
    }
  }
}

absl::Status Receive(Replay& replay, std::uint32_t u, const Json& c,
                     const v1::KeyAdvertisement& ad) {
  const std::string step = c["step"];
  ServerSession& server = replay.server();
  const crypto::DeviceId& device = replay.id(u);
  if (step == "KeyAdvertisement") {
    return server.ReceiveAdvertisement(Replaced(ad, c), replay.now());
  }
  if (step == "Complaint") {
    return server.ReceiveComplaint(device, Replaced(v1::Complaint(), c));
  }
  if (step == "EncryptedShares") {
    const auto good =
        replay.client(u).ShareKeys(server.RosterFor(device).value()).value();
    return server.ReceiveShares(device, Replaced(good, c));
  }
  if (step == "MaskedInputChunk") {
    const auto input =
        replay.client(u)
            .MaskInput(server.DeliveryFor(device).value(), replay.input(u))
            .value();
    return server
        .ReceiveInput(device, Replaced(input.ChunkAt("", 0).value(), c))
        .status();
  }
  if (step == "SurvivorSignature") {
    const auto good = replay.client(u)
                          .SignSurvivors(server.SurvivorsFor(device).value())
                          .value();
    return server.ReceiveSurvivorSignature(device, Replaced(good, c));
  }
  const auto good =
      replay.client(u).Unmask(server.UnmaskRequestFor(device).value()).value();
  return server.ReceiveUnmaskShares(device, Replaced(good, c));
}

TEST(RefusedVectorsTest, AServerRefusesWhatItMustAndStaysAsItIs) {
  const Json file = Load("complete.json");
  for (const Json& c : file["server_refuses"]) {
    SCOPED_TRACE(absl::StrFormat("%s: %s", c["step"].get<std::string>(),
                                 c["what"].get<std::string>()));
    const std::uint32_t u = c["device"];
    Replay replay(file);
    v1::KeyAdvertisement ad;
    replay.RunTo(PhaseOf(c["step"]), [&](std::uint32_t v, const std::string& f,
                                         const auto& message) {
      if (f != "advertisement") return;
      if (v == u) {
        ASSERT_TRUE(ad.ParseFromString(message.SerializeAsString()));
      }
      // The others have joined when its own arrives.
      if (v == u || PhaseOf(c["step"]) != Phase::kAdvertise) return;
      v1::KeyAdvertisement other;
      ASSERT_TRUE(other.ParseFromString(message.SerializeAsString()));
      ASSERT_THAT(replay.server().ReceiveAdvertisement(other, replay.now()),
                  IsOk());
    });
    const Bytes before = replay.server().Snapshot();
    const absl::Status status = Receive(replay, u, c, ad);
    EXPECT_EQ(absl::StatusCodeToString(status.code()), c["status"])
        << status.message();
    EXPECT_EQ(replay.server().Snapshot(), before);
  }
}

}  // namespace
}  // namespace sotto::secure_agg
