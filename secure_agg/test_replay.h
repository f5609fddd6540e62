// The sessions of tests/vectors/secure_agg, with our clients and our server.

#ifndef SOTTO_SECURE_AGG_TEST_REPLAY_H_
#define SOTTO_SECURE_AGG_TEST_REPLAY_H_

#include <algorithm>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/cohort.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {

using Json = nlohmann::json;

inline Json Load(const std::string& name) {
  std::ifstream file(SOTTO_SOURCE_DIR "/tests/vectors/secure_agg/" + name);
  return Json::parse(file);
}

inline Bytes Hex(const Json& text) {
  return HexDecode(text.get<std::string>()).value();
}
template <std::size_t kSize>
std::array<std::uint8_t, kSize> HexArray(const Json& text) {
  const Bytes bytes = Hex(text);
  std::array<std::uint8_t, kSize> out = {};
  EXPECT_EQ(bytes.size(), kSize);
  std::copy_n(bytes.begin(), std::min(kSize, bytes.size()), out.begin());
  return out;
}
inline crypto::Secret<32> HexSecret(const Json& text) {
  return crypto::Secret<32>::FromBytes(HexArray<32>(text));
}

// The stream of one party, byte after byte.
class Draws final : public crypto::Rng {
 public:
  explicit Draws(const Json& key) : bytes_(1 << 17) {
    crypto::Prg(crypto::Prg::Kind::kChaCha20, HexSecret(key)).Fill(bytes_, 0);
  }
  void Fill(std::span<std::uint8_t> out) override {
    ASSERT_LE(at_ + out.size(), bytes_.size());
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), out.size(),
                out.begin());
    at_ += out.size();
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

inline std::vector<VectorSpec> VectorsIn(const Json& file) {
  std::vector<VectorSpec> vectors;
  for (const Json& v : file["vectors"]) {
    vectors.push_back({.name = v["name"],
                       .length = v["length"],
                       .bits = v["bits"],
                       .bound = v["bound"],
                       .modular = v["modular"]});
  }
  return vectors;
}

// A session with the keys and draws of a file.
class Replay {
 public:
  explicit Replay(const Json& file)
      : file_(file),
        issuer_(crypto::SigningKey::FromSeed(HexSecret(file["issuer_seed"]))),
        coordinator_(
            crypto::SigningKey::FromSeed(HexSecret(file["coordinator_seed"]))),
        vectors_(VectorsIn(file)) {
    server_ =
        ServerSession::Create(
            {.task = file["task"],
             .round = file["round"],
             .round_id = HexArray<16>(file["round_id"]),
             .vectors = vectors_,
             .max_cohort = file["cohort_size"],
             .min_cohort = file["min_survivors"],
             .corrupted_fraction = file["corrupted_fraction"],
             .dropout_fraction = file["dropout_fraction"],
             .security_bits = file["security_bits"],
             .correctness_bits = file["correctness_bits"],
             .complete_up_to = kSmallCohort,
             .model_hash = HexArray<32>(file["model_hash"]),
             .plan_hash = HexArray<32>(file["plan_hash"]),
             .previous_model_hash = {},
             .deadline_ms = file["deadline_ms"],
             .prg = crypto::Prg::Parse(file["prg"].get<std::string>()).value(),
             .issuer = issuer_.public_key(),
             .population = "tests"},
            coordinator_)
            .value();
    for (const Json& member : file["members"]) {
      keys_.push_back(
          crypto::SigningKey::FromSeed(HexSecret(member["identity_seed"])));
      ids_.push_back(crypto::DeviceIdOf(keys_.back().public_key()));
      draws_.push_back(std::make_unique<Draws>(member["draws_key"]));
      logs_.push_back(std::make_unique<MemoryDecisionLog>());
      NamedVectors input = member["input"];
      inputs_.push_back(std::move(input));
    }
    for (std::uint32_t u = 0; u < keys_.size(); ++u)
      clients_.push_back(Make(u));
  }

  // Up to the messages of `last` included; each is called with what a member
  // sent and was sent. A client's reply is asked for only with its step.
  using Check = std::function<void(std::uint32_t, const char*,
                                   const google::protobuf::MessageLite&)>;
  void RunTo(
      Phase last, const Check& check = [](auto, auto, const auto&) {}) {
    const auto step = [&](Phase phase, const char* name, const auto& each) {
      if (phase > last || server_->phase() != phase) return;
      for (std::uint32_t u = 0; u < keys_.size(); ++u) each(u);
      if (phase == last) return;
      (void)name;
      ASSERT_THAT(server_->Close(), IsOk());
    };
    step(Phase::kAdvertise, "", [&](std::uint32_t u) {
      const auto ad = clients_[u].Advertise().value();
      check(u, "advertisement", ad);
      if (last == Phase::kAdvertise) return;
      ASSERT_THAT(server_->ReceiveAdvertisement(ad, now()), IsOk());
    });
    step(Phase::kShares, "shares", [&](std::uint32_t u) {
      const auto roster = server_->RosterFor(ids_[u]).value();
      check(u, "roster", roster);
      if (last == Phase::kShares) return;
      const auto shares = clients_[u].ShareKeys(roster);
      ASSERT_THAT(shares, IsOk());
      check(u, "shares", *shares);
      if (Silent("shares", u)) return;
      ASSERT_THAT(server_->ReceiveShares(ids_[u], *shares), IsOk());
    });
    step(Phase::kInputs, "input", [&](std::uint32_t u) {
      if (Silent("shares", u) || Silent("input", u)) return;
      const auto delivery = server_->DeliveryFor(ids_[u]).value();
      check(u, "delivery", delivery);
      if (last == Phase::kInputs) return;
      const auto masked = clients_[u].MaskInput(delivery, inputs_[u]);
      ASSERT_THAT(masked, IsOk());
      for (const auto& chunk : AllChunks(*masked)) {
        check(u, "chunks", chunk);
        ASSERT_THAT(server_->ReceiveInput(ids_[u], chunk), IsOk());
      }
    });
    step(Phase::kConsistency, "sign", [&](std::uint32_t u) {
      if (Silent("shares", u) || Silent("input", u) || Silent("sign", u))
        return;
      const auto survivors = server_->SurvivorsFor(ids_[u]).value();
      check(u, "survivors", survivors);
      if (last == Phase::kConsistency) return;
      const auto signature = clients_[u].SignSurvivors(survivors);
      ASSERT_THAT(signature, IsOk());
      EXPECT_EQ(HexEncode(AsBytes(signature->signature())),
                file_["members"][u]["signature"]);
      ASSERT_THAT(server_->ReceiveSurvivorSignature(ids_[u], *signature),
                  IsOk());
    });
    step(Phase::kUnmask, "unmask", [&](std::uint32_t u) {
      const auto request = server_->UnmaskRequestFor(ids_[u]);
      if (Silent("unmask", u) || !request.ok()) return;
      check(u, "request", *request);
      if (last == Phase::kUnmask) return;
      const auto unmask = clients_[u].Unmask(*request);
      ASSERT_THAT(unmask, IsOk());
      check(u, "unmask", *unmask);
      ASSERT_THAT(server_->ReceiveUnmaskShares(ids_[u], *unmask), IsOk());
    });
  }

  ServerSession& server() { return *server_; }
  ClientSession& client(std::uint32_t u) { return clients_[u]; }
  const crypto::DeviceId& id(std::uint32_t u) const { return ids_[u]; }
  const NamedVectors& input(std::uint32_t u) const { return inputs_[u]; }
  UnixTime now() const {
    return UnixTime(
        std::chrono::milliseconds(file_["now_ms"].get<std::int64_t>()));
  }

 private:
  ClientSession Make(std::uint32_t u) {
    return ClientSession::Create(
               {.certificate = crypto::IssueCertificate(
                    issuer_, keys_[u].public_key(), "tests", 0, 2000000000000),
                .identity = &keys_[u],
                .issuer = issuer_.public_key(),
                .coordinator = coordinator_.public_key(),
                .round_id = HexArray<16>(file_["round_id"]),
                .task = file_["task"],
                .round = file_["round"],
                .model_hash = HexArray<32>(file_["model_hash"]),
                .plan_hash = HexArray<32>(file_["plan_hash"]),
                .now = now(),
                .policy = {.min_cohort = file_["min_survivors"],
                           .corrupted_fraction = file_["corrupted_fraction"],
                           .security_bits = file_["security_bits"],
                           .complete_up_to = kSmallCohort,
                           .vectors = vectors_}},
               *draws_[u], *logs_[u])
        .value();
  }
  bool Silent(const char* step, std::uint32_t u) const {
    return file_["silent"].contains(step) &&
           std::ranges::count(file_["silent"][step], Json(u)) != 0;
  }

  const Json& file_;
  crypto::SigningKey issuer_, coordinator_;
  std::vector<VectorSpec> vectors_;
  std::unique_ptr<ServerSession> server_;
  std::vector<crypto::SigningKey> keys_;
  std::vector<crypto::DeviceId> ids_;
  std::vector<std::unique_ptr<Draws>> draws_;
  std::vector<std::unique_ptr<MemoryDecisionLog>> logs_;
  std::vector<NamedVectors> inputs_;
  std::vector<ClientSession> clients_;
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_TEST_REPLAY_H_
