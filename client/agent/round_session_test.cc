#include "client/agent/round_session.h"

#include <cmath>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "client/agent/noisy_round.h"
#include "client/agent/round_vectors.h"
#include "client/agent/scripted_round.h"
#include "client/storage/sqlite_decision_log.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "privacy/distributed/noisy_decoder.h"
#include "privacy/distributed/rotation.h"
#include "privacy/rounds/round_noise.h"
#include "secure_agg/signed_bytes.h"
#include "tests/support/cohort.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t kNumDevices = 4;
constexpr std::size_t kNumWeights = 70'000;  // more than one chunk

// One device: identity, database, what it saw and how it ended.
struct Device {
  explicit Device(const crypto::SigningKey& issuer)
      : identity(Certify(issuer)),
        database(ClientDatabase::Open(":memory:").value()),
        log(database, SystemClock()),
        events([this](const std::string& name, const std::string& json) {
          if (name == "step") {
            steps.push_back(nlohmann::json::parse(json)["step"]);
          }
          if (name == "privacy") spent.push_back(nlohmann::json::parse(json));
        }) {}

  static Identity Certify(const crypto::SigningKey& issuer) {
    Identity identity{.key = crypto::SigningKey::Generate(crypto::SystemRng()),
                      .grant_key = {},
                      .certificate = {},
                      .certificate_bytes = {}};
    const std::int64_t now = SystemClock().NowMillis();
    identity.certificate_bytes =
        crypto::IssueCertificate(issuer, identity.key.public_key(), "digits",
                                 now - 1000, now + 1'000'000);
    identity.certificate =
        crypto::DecodeCertificate(identity.certificate_bytes).value();
    return identity;
  }

  Identity identity;
  ClientDatabase database;
  SqliteDecisionLog log;
  PrivacyLedger privacy{database};
  std::vector<std::string> steps;
  std::vector<nlohmann::json> spent;  // events "privacy"
  // When the shares came, and how long after that the input began to leave.
  std::chrono::nanoseconds asked{0}, waited{0};
  Events events;
  Interrupt interrupt;
  LocalResult result;
  absl::StatusOr<v1::RoundOutcome> outcome = absl::UnknownError("not run");
};

class RoundSessionTest : public ::testing::Test {
 protected:
  RoundSessionTest()
      : issuer_(crypto::SigningKey::Generate(crypto::SystemRng())),
        coordinator_(crypto::SigningKey::Generate(crypto::SystemRng())),
        coordinator_public_(coordinator_.public_key()) {
    plan_.set_task("train");
    plan_.mutable_encode()->set_clip_norm(1.0);
    plan_.mutable_encode()->set_scale(1000.0);
    plan_.mutable_encode()->set_bits(32);
    plan_.mutable_encode()->set_max_weight(100);
    plan_.mutable_secure_aggregation()->set_min_cohort(3);
    assignment_.set_task("train");
    assignment_.set_round(5);
    assignment_.set_round_id(std::string(16, 'r'));
    assignment_.set_plan_hash(std::string(32, 'p'));
    assignment_.set_model_hash(std::string(32, 'm'));
    for (std::size_t i = 0; i < kNumDevices; ++i) {
      devices_.push_back(std::make_unique<Device>(issuer_));
      LocalResult& result = devices_.back()->result;
      result.update.assign(kNumWeights, 0.001f * static_cast<float>(i + 1));
      result.examples = 100;
      result.eval_count = i;
    }
    OpenRound();
  }

  secure_agg::ServerParams Params() const {
    secure_agg::ServerParams params;
    params.task = "train";
    params.round = 5;
    params.round_id.fill('r');
    params.vectors = PlannedVectors(plan_, kNumWeights).value();
    params.corrupted_fraction = 0.1;
    params.model_hash.fill('m');
    params.plan_hash.fill('p');
    params.deadline_ms = SystemClock().NowMillis() + 60'000;
    params.issuer = issuer_.public_key();
    params.population = "digits";
    return params;
  }
  void OpenRound() {
    round_.emplace(
        secure_agg::ServerSession::Create(Params(), coordinator_).value(),
        kNumDevices);
  }

  using Send =
      std::function<absl::StatusOr<v1::StepReply>(const v1::StepRequest&)>;
  absl::StatusOr<v1::RoundOutcome> RunOne(Device& device, const Send& send) {
    RoundSession session({.config = config_,
                          .identity = device.identity,
                          .issuer = issuer_.public_key(),
                          .coordinator = coordinator_public_,
                          .log = device.log,
                          .clock = SystemClock(),
                          .rng = crypto::SystemRng(),
                          .events = device.events,
                          .interrupt = device.interrupt,
                          .send = send,
                          .privacy = &device.privacy});
    return session.Run(
        {.assignment = &assignment_, .plan = &plan_, .result = &device.result});
  }

  // All devices at once, each in a thread, until each has an outcome.
  void RunAll() {
    std::vector<std::thread> threads;
    for (const auto& device : devices_) {
      threads.emplace_back([this, &device] {
        const crypto::DeviceId id = device->identity.certificate.device_id;
        device->outcome = RunOne(
            *device,
            [&](const v1::StepRequest& request)
                -> absl::StatusOr<v1::StepReply> {
              if (request.has_input() && device->waited.count() == 0) {
                device->waited = SystemClock().Monotonic() - device->asked;
              }
              while (true) {
                auto reply = round_->Step(id, SystemClock().Now(), request);
                if (absl::IsUnavailable(reply.status())) continue;
                if (reply.ok() && reply->has_delivery()) {
                  device->asked = SystemClock().Monotonic();
                }
                return reply;
              }
            });
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  void ExpectExactSum() {
    const auto result = round_->session().Result();
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(result->included.size(), kNumDevices);
    EXPECT_EQ(result->sums.at("update"),
              std::vector<std::uint32_t>(kNumWeights, 1 + 2 + 3 + 4));
    EXPECT_EQ(result->sums.at("metrics"),
              (std::vector<std::uint32_t>{400, 0, 0 + 1 + 2 + 3, 0, 0, 0, 400,
                                          0, 0, 0}));
  }

  const crypto::SigningKey issuer_, coordinator_;
  crypto::PublicKey coordinator_public_;  // as the devices pin it
  ClientConfig config_;
  v1::Plan plan_;
  v1::Assignment assignment_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::optional<ScriptedRound> round_;
};

// The same devices under a plan that adds noise.
class NoisyRoundSessionTest : public RoundSessionTest {
 protected:
  NoisyRoundSessionTest() {
    plan_.set_model("digits/cnn");
    plan_.mutable_encode()->set_max_weight(1);
    v1::Plan::Privacy& privacy = *plan_.mutable_privacy();
    privacy.set_noise(v1::Plan::Privacy::DISCRETE_GAUSSIAN);
    privacy.set_noise_multiplier(2);
    privacy.set_epsilon(8);
    privacy.set_delta(1e-6);
    privacy.set_unit(v1::Plan::Privacy::USER);
    privacy.set_sampling(v1::Plan::Privacy::NO_AMPLIFICATION);
    plan_.mutable_encode()->set_scale(2000);
    config_.policy.trust_horizon_rounds = 1;
    for (const auto& device : devices_) {
      device->result.update.assign(kNumWeights, 0.002f);
      device->result.eval_correct = device->result.eval_count = 50;
    }
    OpenRound();
  }
};

// One device among so many that their coordinator puts them on a ring.
class RingRoundSessionTest : public NoisyRoundSessionTest {
 protected:
  static constexpr std::size_t kCohort = 520;

  RingRoundSessionTest() {
    config_.policy.trust_coordinator_noise = true;
    config_.policy.allow_without_noise = true;
  }

  // The session, which ends when this device's shares come.
  std::unique_ptr<secure_agg::ServerSession> OpenRing() {
    secure_agg::ServerParams params = Params();
    params.max_cohort = kCohort;
    params.min_cohort = kCohort - 20;
    params.dropout_fraction = 0.03;
    auto session =
        secure_agg::ServerSession::Create(params, coordinator_).value();
    // The others, whose keys alone matter.
    for (std::size_t i = 1; i < kCohort; ++i) {
      const Identity identity = Device::Certify(issuer_);
      secure_agg::MemoryDecisionLog log;
      auto other = secure_agg::ClientSession::Create(
                       {.certificate = identity.certificate_bytes,
                        .identity = &identity.key,
                        .issuer = issuer_.public_key(),
                        .coordinator = coordinator_.public_key(),
                        .round_id = params.round_id,
                        .task = "train",
                        .round = 5,
                        .model_hash = params.model_hash,
                        .plan_hash = params.plan_hash,
                        .now = SystemClock().Now(),
                        .policy = {.vectors = params.vectors}},
                       crypto::SystemRng(), log)
                       .value();
      EXPECT_THAT(session->ReceiveAdvertisement(other.Advertise().value(),
                                                SystemClock().Now()),
                  IsOk());
    }
    return session;
  }

  absl::Status MeetRing() {
    const auto ring = OpenRing();
    Device& device = *devices_[0];
    const auto answer =
        [&](const v1::StepRequest& request) -> absl::StatusOr<v1::StepReply> {
      if (request.has_shares()) return absl::CancelledError("shares came");
      v1::StepReply reply;
      if (!request.has_advertise()) return reply;
      SOTTO_RETURN_IF_ERROR(
          ring->ReceiveAdvertisement(request.advertise(), SystemClock().Now()));
      SOTTO_RETURN_IF_ERROR(ring->Close());
      EXPECT_LT(ring->manifest().neighbours(), kCohort - 1);
      SOTTO_ASSIGN_OR_RETURN(
          *reply.mutable_roster(),
          ring->RosterFor(device.identity.certificate.device_id));
      return reply;
    };
    return RunOne(device, answer).status();
  }
};

TEST_F(RingRoundSessionTest, ADeviceThatAddsNoiseRefusesARing) {
  EXPECT_THAT(MeetRing(), StatusIs(absl::StatusCode::kPermissionDenied,
                                   HasSubstr("neighbours in a cohort of 520")));
}

TEST_F(RingRoundSessionTest, WhereTheCoordinatorAddsItADeviceStandsOnOne) {
  plan_.mutable_privacy()->set_noise(v1::Plan::Privacy::COORDINATOR_GAUSSIAN);
  EXPECT_THAT(MeetRing(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(RingRoundSessionTest, AndWithoutNoise) {
  plan_.clear_privacy();
  EXPECT_THAT(MeetRing(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(NoisyRoundSessionTest, TheSumIsThatOfTheUpdatesWithTheAgreedNoise) {
  RunAll();
  for (const auto& device : devices_) {
    ASSERT_THAT(device->outcome, IsOk());
    ASSERT_EQ(device->spent.size(), 1u);
    EXPECT_GT(device->spent[0]["epsilon"], 0);
    EXPECT_LT(device->spent[0]["epsilon"], 8);
    EXPECT_GE(device->waited, kInputSlot);
    // The round, and the one that a fresh storage is charged with.
    EXPECT_EQ(device->privacy.Entries({"", "digits/cnn"})->size(), 2u);
  }
  auto result = round_->session().Result();
  ASSERT_THAT(result, IsOk());
  ASSERT_EQ(result->sums.size(), 1u);
  const auto& manifest = round_->session().manifest();
  const auto encoding = EncodingFor(manifest, plan_, kNumWeights);
  ASSERT_THAT(encoding, IsOk());
  const auto decoded = privacy::DecodeNoisySum(
      *encoding,
      privacy::RotationSeed(secure_agg::SessionIdOf(manifest), "update"),
      kNumDevices, result->sums.at("update"));
  ASSERT_THAT(decoded, IsOk());
  double squares = 0;
  for (std::size_t i = 0; i < kNumWeights; ++i) {
    const double noise = decoded->values[i] - 4 * 0.002;
    squares += noise * noise;
  }
  // Shares of a third of 2^2 from four devices; the rounding is far below.
  const double variance = 4.0 / 3 * 4;
  EXPECT_NEAR(squares / kNumWeights, variance,
              variance * 6 * std::sqrt(2.0 / kNumWeights));
  // Everyone classified all right: a = clip / 10 each, under the same noise.
  EXPECT_NEAR(decoded->values[kNumWeights], 0.4, 8 * std::sqrt(variance));
}

TEST_F(NoisyRoundSessionTest, ADeviceWhoseBudgetIsSpentContributesNothing) {
  config_.policy.max_epsilon = 0.5;
  RunAll();
  for (const auto& device : devices_) {
    EXPECT_THAT(device->outcome,
                StatusIs(absl::StatusCode::kResourceExhausted,
                         ::testing::HasSubstr("policy.max_epsilon is 0.5")));
    EXPECT_THAT(device->steps, ElementsAre("advertise"));
    EXPECT_TRUE(device->privacy.Entries({"", "digits/cnn"})->empty());
  }
}

TEST_F(NoisyRoundSessionTest, ARoundThatTheLedgerHoldsIsNotContributedToAgain) {
  const auto encoding = privacy::RoundEncoding(
      plan_, kNumWeights, {.devices = 4, .min_devices = 3});
  ASSERT_THAT(encoding, IsOk());
  for (const auto& device : devices_) {
    ASSERT_THAT(device->privacy.Record({"", "digits/cnn"}, "train", 5,
                                       privacy::ReleaseOf(plan_, *encoding), 0),
                IsOk());
  }
  RunAll();
  for (const auto& device : devices_) {
    EXPECT_THAT(device->outcome, StatusIs(absl::StatusCode::kAlreadyExists));
  }
}

TEST_F(NoisyRoundSessionTest, ASmallerShareOfNoiseIsRefused) {
  for (const bool fewer : {true, false}) {
    v1::SessionManifest manifest;
    manifest.set_task("train");
    manifest.set_cohort_size(4);
    manifest.set_min_survivors(3);
    plan_.mutable_secure_aggregation()->set_corrupted_fraction(0.25);
    manifest.set_corrupted_fraction(0.25);
    EXPECT_THAT(EncodingFor(manifest, plan_, kNumWeights), IsOk());
    if (fewer) manifest.set_min_survivors(2);
    if (!fewer) manifest.set_corrupted_fraction(0.2);
    EXPECT_THAT(EncodingFor(manifest, plan_, kNumWeights),
                StatusIs(absl::StatusCode::kPermissionDenied,
                         ::testing::HasSubstr("the plan says 3 and 0.25")));
  }
}

TEST_F(RoundSessionTest, TheSumIsThePlainSumOfTheEncodedUpdates) {
  RunAll();
  for (const auto& device : devices_) {
    ASSERT_THAT(device->outcome, IsOk());
    EXPECT_EQ(device->outcome->kind(), v1::RoundOutcome::COMMITTED);
    EXPECT_THAT(device->steps,
                ElementsAre("advertise", "share_keys", "masked_input",
                            "consistency", "unmask"));
  }
  ExpectExactSum();
}

TEST_F(RoundSessionTest, LostRepliesChangeNothing) {
  round_->set_lossy(true);
  RunAll();
  for (const auto& device : devices_) ASSERT_THAT(device->outcome, IsOk());
  ExpectExactSum();
}

TEST_F(RoundSessionTest, ASecondContributionToTheRoundIsNotSent) {
  ASSERT_THAT(devices_[0]->log.RecordContribution("train", 5, Bytes(16, 1)),
              IsOk());
  RunAll();
  EXPECT_THAT(devices_[0]->outcome, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(devices_[0]->steps, ElementsAre("advertise", "share_keys"));
  EXPECT_EQ(round_->num_complaints(), 1u);
}

TEST_F(RoundSessionTest, AnotherCoordinatorsSignatureEndsTheSession) {
  coordinator_public_ =
      crypto::SigningKey::Generate(crypto::SystemRng()).public_key();
  RunAll();
  for (const auto& device : devices_) {
    EXPECT_THAT(device->outcome, StatusIs(absl::StatusCode::kPermissionDenied));
    EXPECT_THAT(device->steps, ElementsAre("advertise"));
  }
}

TEST_F(RoundSessionTest, AManifestWithAnotherBoundEndsTheSession) {
  round_->set_spoil([](const crypto::DeviceId&, v1::StepReply& reply) {
    if (!reply.has_roster()) return;
    reply.mutable_roster()->mutable_manifest()->mutable_vectors(0)->set_bound(
        9);
  });
  RunAll();
  for (const auto& device : devices_) {
    EXPECT_THAT(device->outcome, StatusIs(absl::StatusCode::kPermissionDenied,
                                          ::testing::HasSubstr("'update'")));
    EXPECT_THAT(device->steps, ElementsAre("advertise"));
  }
}

TEST_F(RoundSessionTest, AnInterruptLeavesTheSession) {
  for (const auto& device : devices_) device->interrupt.Raise();
  RunAll();
  for (const auto& device : devices_) {
    EXPECT_THAT(device->outcome, StatusIs(absl::StatusCode::kCancelled));
  }
}

}  // namespace
}  // namespace sotto::client
