#include "tests/evil_server/fleet.h"

#include <cstdio>
#include <utility>

#include "client/agent/round_vectors.h"
#include "gtest/gtest.h"

namespace sotto::evil {
namespace {

client::Identity MakeIdentity(const crypto::SigningKey& issuer) {
  Member member = Certify(issuer);
  client::Identity identity{.key = std::move(member.key),
                            .grant_key = {},
                            .certificate = {},
                            .certificate_bytes = member.certificate};
  identity.certificate =
      crypto::DecodeCertificate(identity.certificate_bytes).value();
  return identity;
}

std::string NewDatabasePath() {
  static int files = 0;
  std::string path =
      testing::TempDir() + "/evil" + std::to_string(files++) + ".db";
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::remove((path + suffix).c_str());
  }
  return path;
}

}  // namespace

Member Certify(const crypto::SigningKey& issuer) {
  auto key = crypto::SigningKey::Generate(crypto::SystemRng());
  const std::int64_t now = SystemClock().NowMillis();
  Bytes certificate = crypto::IssueCertificate(issuer, key.public_key(), "test",
                                               now - 1000, now + 1'000'000);
  const crypto::DeviceId id = crypto::DeviceIdOf(key.public_key());
  return {.key = std::move(key), .certificate = certificate, .id = id};
}

Device::Device(const crypto::SigningKey& issuer, const std::string& path)
    : identity_(MakeIdentity(issuer)),
      path_(path),
      database_(client::ClientDatabase::Open(path).value()),
      events_([this](const std::string&, const std::string& json) {
        told_ += json + "\n";
      }),
      rng_(&crypto::SystemRng()) {}

void Device::Restart() {
  database_.reset();
  database_ = client::ClientDatabase::Open(path_).value();
}

absl::StatusOr<v1::RoundOutcome> Device::Run(
    const v1::Assignment& assignment, const v1::Plan& plan,
    const ClientConfig& config, const crypto::PublicKey& issuer,
    const crypto::PublicKey& coordinator, client::RoundSession::Send send) {
  client::Interrupt interrupt;
  client::SqliteDecisionLog log(*database_, SystemClock());
  client::RoundSession session({.config = config,
                                .identity = identity_,
                                .issuer = issuer,
                                .coordinator = coordinator,
                                .log = log,
                                .clock = SystemClock(),
                                .rng = *rng_,
                                .events = events_,
                                .interrupt = interrupt,
                                .send = std::move(send)});
  return session.Run(
      {.assignment = &assignment, .plan = &plan, .result = &result_});
}

Fleet::Fleet(const Options& options)
    : options_(options),
      issuer_(crypto::SigningKey::Generate(crypto::SystemRng())),
      coordinator_(crypto::SigningKey::Generate(crypto::SystemRng())) {
  config_.policy.min_cohort = options.min_cohort;
  config_.policy.corrupted_fraction = options.corrupted_fraction;
  plan_.set_task("train");
  plan_.mutable_encode()->set_clip_norm(1.0);
  plan_.mutable_encode()->set_scale(options.scale);
  plan_.mutable_encode()->set_bits(options.bits);
  plan_.mutable_encode()->set_max_weight(100);
  for (std::uint32_t i = 0; i < options.devices; ++i) {
    devices_.push_back(std::make_unique<Device>(
        issuer_, options.on_disk ? NewDatabasePath() : ":memory:"));
    client::LocalResult& result = devices_.back()->result();
    result.update.assign(options.num_weights,
                         0.001f * static_cast<float>(i + 1));
    result.examples = 100;
    result.eval_count = i;
  }
}

std::vector<std::uint32_t> Fleet::EncodedUpdate(std::uint32_t i) {
  return client::EncodeRound(plan_, device(i).result()).value().update;
}

}  // namespace sotto::evil
