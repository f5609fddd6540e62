// For tests: a RoundKeeper over a state file, and devices that run the real
// client session against it, one message a turn.

#ifndef SOTTO_SERVER_ROUNDS_TEST_FLEET_H_
#define SOTTO_SERVER_ROUNDS_TEST_FLEET_H_

#include <array>
#include <bit>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/sha2.h"
#include "gtest/gtest.h"
#include "privacy/distributed/noisy_encoder.h"
#include "privacy/fixed_point.h"
#include "privacy/rounds/exact_metrics.h"
#include "privacy/rounds/round_noise.h"
#include "secure_agg/client_session.h"
#include "secure_agg/signed_bytes.h"
#include "server/rounds/committed_model.h"
#include "server/rounds/round_keeper.h"
#include "server/rounds/session_factory.h"
#include "tests/support/cohort.h"

namespace sotto::server {

inline constexpr std::uint32_t kTestWeights = 20;

// One device: an identity, an update, a decision log that outlives sessions.
class TestDevice {
 public:
  TestDevice(int index, const crypto::SigningKey& issuer, crypto::Rng& rng)
      : index_(index),
        key_(crypto::SigningKey::Generate(rng)),
        certificate_(crypto::IssueCertificate(issuer, key_.public_key(), "test",
                                              0, INT64_MAX)),
        issuer_(issuer.public_key()),
        rng_(rng) {
    const auto id = crypto::DeviceIdOf(key_.public_key());
    record_.device_id = Bytes(id.begin(), id.end());
    record_.population = "test";
    for (std::uint32_t i = 0; i < kTestWeights; ++i) {
      update_.push_back(0.01F * static_cast<float>(index % 40 + 1) *
                        (static_cast<float>(i) - 9.5F));
    }
  }

  const DeviceRecord& record() const { return record_; }
  // The vectors of a plan's sessions, as a device computes them.
  static std::vector<secure_agg::VectorSpec> VectorsOf(const v1::Plan& plan) {
    if (plan.has_privacy()) {
      return {{.name = "update",
               .length = std::bit_ceil(kTestWeights + 2),
               .bits = plan.encode().bits(),
               .bound = std::uint64_t{1} << plan.encode().bits(),
               .modular = true}};
    }
    return {{.name = "update",
             .length = kTestWeights,
             .bits = plan.encode().bits(),
             .bound = 2 * 16 * 1000 + 1},
            {.name = "metrics",
             .length = privacy::kMetricsLength,
             .bits = privacy::kMetricsBits,
             .bound = privacy::kMetricsBound}};
  }
  const Bytes& id() const { return record_.device_id; }
  bool joined() const { return session_ != nullptr; }
  const v1::StepRequest& last() const { return last_; }
  v1::StepRequest& last_mutable() { return last_; }
  const v1::RoundOutcome& outcome() const { return outcome_; }
  bool done() const { return outcome_.kind() != 0; }

  std::vector<std::uint32_t> Encoded(const v1::Plan& plan) const {
    return privacy::FixedPoint::Create(
               {.clip = plan.encode().clip_norm(),
                .scale = plan.encode().scale(),
                .bits = plan.encode().bits(),
                .max_weight = plan.encode().max_weight(),
                .num_devices = 4})
        ->Encode(update_, Weight());
  }
  std::uint32_t Weight() const {
    return static_cast<std::uint32_t>(10 + index_ % 40);
  }

  // As the plan numbers them.
  std::array<double, privacy::kExactMetrics> metrics() const {
    const double weight = Weight();
    if (has_most_examples_) {
      const auto most = static_cast<double>(privacy::kMaxMetric);
      return {weight, most, most, most, most};
    }
    return {weight, 8, 4, weight, 256 * weight};
  }
  // From then on its numbers are as large as the plan lets them be.
  void SeeMostExamples() { has_most_examples_ = true; }

  // Forgets the session, as a restarted process does.
  void Restart() {
    session_.reset();
    outcome_.Clear();
  }

  // Checks in and prepares the first message; false: nothing to do.
  absl::StatusOr<bool> Join(RoundKeeper& keeper, const v1::Plan& plan,
                            const crypto::PublicKey& coordinator) {
    v1::CheckInRequest request;
    request.set_population("test");
    request.add_models(plan.model());
    request.set_examples(8);
    const auto assignment = keeper.CheckIn(record_, request);
    if (!assignment.ok()) return assignment.status();
    if (!assignment->has_value()) return false;
    const v1::Assignment& a = **assignment;
    round_ = a.round();
    secure_agg::ClientParams params{
        .certificate = certificate_,
        .identity = &key_,
        .issuer = issuer_,
        .coordinator = coordinator,
        .task = a.task(),
        .round = a.round(),
        .now = UnixTime(std::chrono::milliseconds(1000)),
        .policy = {.min_cohort = 3, .vectors = VectorsOf(plan)}};
    std::copy(a.round_id().begin(), a.round_id().end(),
              params.round_id.begin());
    std::copy(a.model_hash().begin(), a.model_hash().end(),
              params.model_hash.begin());
    std::copy(a.plan_hash().begin(), a.plan_hash().end(),
              params.plan_hash.begin());
    auto session = secure_agg::ClientSession::Create(params, rng_, log_);
    if (!session.ok()) return session.status();
    session_ = std::make_unique<secure_agg::ClientSession>(*std::move(session));
    plan_ = plan;
    last_.Clear();
    last_.set_round_id(a.round_id());
    outcome_.Clear();
    auto advertisement = session_->Advertise();
    if (!advertisement.ok()) return advertisement.status();
    *last_.mutable_advertise() = *std::move(advertisement);
    return true;
  }

  // Sends the last message and reacts to the reply. The error is the server's.
  absl::Status Turn(RoundKeeper& keeper) {
    const auto reply = keeper.Step(record_, last_);
    if (!reply.ok()) return reply.status();
    return React(*reply);
  }

 private:
  using State = secure_agg::ClientSession::State;

  absl::Status React(const v1::StepReply& reply) {
    if (reply.has_outcome()) {
      outcome_ = reply.outcome();
    } else if (reply.has_wait()) {
      if (!last_.has_input()) last_.mutable_poll();
    } else if (reply.has_roster() && session_->state() == State::kKeysSent) {
      const auto shares = session_->ShareKeys(reply.roster());
      if (!shares.ok()) return shares.status();
      *last_.mutable_shares() = *shares;
    } else if (reply.has_delivery() &&
               session_->state() == State::kSharesSent) {
      auto masked = session_->MaskInput(reply.delivery(), Input());
      if (!masked.ok()) return masked.status();
      input_ = *std::move(masked);
      *last_.mutable_input() = input_.ChunkAt("", 0).value();
    } else if (reply.has_delivery()) {
      *last_.mutable_input() = input_.ChunkAt("", 0).value();
    } else if (reply.has_chunk_ack()) {
      if (reply.chunk_ack().complete()) {
        last_.mutable_poll();
      } else {
        *last_.mutable_input() = input_
                                     .ChunkAt(reply.chunk_ack().vector(),
                                              reply.chunk_ack().next_offset())
                                     .value();
      }
    } else if (reply.has_survivors()) {
      const auto signature = session_->SignSurvivors(reply.survivors());
      if (!signature.ok()) return signature.status();
      *last_.mutable_survivor_signature() = *signature;
    } else if (reply.has_unmask_request() &&
               session_->state() == State::kSurvivorsSigned) {
      const auto shares = session_->Unmask(reply.unmask_request());
      if (!shares.ok()) return shares.status();
      *last_.mutable_unmask() = *shares;
    }
    return absl::OkStatus();
  }

  secure_agg::NamedVectors Input() {
    if (plan_.has_privacy()) return {{"update", Noisy()}};
    return {{"update", Encoded(plan_)},
            {"metrics", privacy::EncodeMetrics(metrics())}};
  }
  // Half of its examples right, a loss of 1.
  std::vector<std::uint32_t> Noisy() {
    const v1::SessionManifest& manifest = session_->manifest();
    const auto encoding = privacy::RoundEncoding(
        plan_, kTestWeights,
        {.devices = manifest.cohort_size(),
         .min_devices = manifest.min_survivors(),
         .corrupted_fraction = manifest.corrupted_fraction()});
    std::vector<std::uint32_t> words(encoding->padded_dimension());
    const std::span<float> values = privacy::AsFloats(words);
    std::copy(update_.begin(), update_.end(), values.begin());
    const auto bound = static_cast<float>(privacy::MetricBound(plan_));
    values[kTestWeights] = 0.5F * bound;
    values[kTestWeights + 1] = 0.1F * bound;
    const absl::Status encoded =
        privacy::NoisyEncoder::Create(*encoding)->Encode(
            privacy::RoundRotation(plan_, secure_agg::SessionIdOf(manifest)),
            rng_, words);
    EXPECT_TRUE(encoded.ok()) << encoded;
    return words;
  }

  int index_;
  bool has_most_examples_ = false;
  crypto::SigningKey key_;
  Bytes certificate_;
  crypto::PublicKey issuer_;
  crypto::Rng& rng_;
  DeviceRecord record_;
  std::vector<float> update_;
  secure_agg::MemoryDecisionLog log_;
  v1::Plan plan_;
  std::uint64_t round_ = 0;
  std::unique_ptr<secure_agg::ClientSession> session_;
  secure_agg::MaskedInput input_;
  v1::StepRequest last_;
  v1::RoundOutcome outcome_;
};

class TestFleet {
 public:
  explicit TestFleet(const std::string& name, int num_devices = 4)
      : path_(::testing::TempDir() + "/sotto_rounds_" + name + ".db") {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::remove((path_ + suffix).c_str());
    }
    plan_.set_task("train");
    plan_.set_model("m");
    plan_.mutable_encode()->set_clip_norm(16);
    plan_.mutable_encode()->set_scale(1000);
    plan_.mutable_encode()->set_bits(24);
    plan_.mutable_encode()->set_max_weight(64);
    plan_.mutable_participation()->set_min_examples(4);
    plan_.mutable_secure_aggregation()->set_min_cohort(3);
    Reopen();
    for (int i = 0; i < num_devices; ++i) {
      devices_.push_back(std::make_unique<TestDevice>(i, issuer_, rng_));
    }
  }

  // As a killed and restarted coordinator: everything but the file is new.
  void Reopen() {
    keeper_.reset();
    store_.reset();
    auto store = Store::Open(path_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = std::make_unique<Store>(*std::move(store));
    keeper_ = std::make_unique<RoundKeeper>(RoundKeeper::Parts{
        .store = *store_,
        .clock = clock_,
        .rng = rng_,
        .factory = factory_,
        .coordinator_key = coordinator_,
        .seal = [this](ByteView weights) -> absl::StatusOr<SealedCheckpoint> {
          ++seals_;
          if (disk_full_) return absl::ResourceExhaustedError("disk full");
          const auto digest = crypto::Sha256(weights);
          return SealedCheckpoint{.digest = Bytes(digest.begin(), digest.end()),
                                  .size_bytes = weights.size(),
                                  .sealed_key = Bytes(16, 1)};
        },
        .remove =
            [this](const Bytes& digest) {
              removed_.push_back(digest);
              return absl::OkStatus();
            }});
    const absl::Status started = keeper_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  v1::CreateTaskRequest Request() const {
    v1::CreateTaskRequest request;
    request.set_task("train");
    request.set_population("test");
    request.set_plan_target("plan/train.plan");
    request.set_initial_weights(std::string(kTestWeights * 4, '\0'));
    request.set_rounds(1);
    request.set_cohort_goal(4);
    request.set_cohort_min(3);
    request.set_selection_timeout_ms(1000);
    request.set_step_timeout_ms(500);
    request.set_server_learning_rate(1);
    return request;
  }
  absl::Status CreateTask(const v1::CreateTaskRequest& request) {
    return keeper_->CreateTask(request, AsBytes(plan_.SerializeAsString()));
  }

  absl::StatusOr<bool> Join(int i) {
    return devices_[static_cast<std::size_t>(i)]->Join(
        *keeper_, plan_, coordinator_.public_key());
  }
  TestDevice& device(int i) { return *devices_[static_cast<std::size_t>(i)]; }
  int size() const { return static_cast<int>(devices_.size()); }
  RoundKeeper& keeper() { return *keeper_; }
  Store& store() { return *store_; }
  FakeClock& clock() { return clock_; }
  const v1::Plan& plan() const { return plan_; }
  v1::Plan& plan() { return plan_; }
  const std::string& path() const { return path_; }
  const crypto::SigningKey& issuer() const { return issuer_; }

  // While true, no checkpoint can be sealed.
  void set_disk_full(bool full) { disk_full_ = full; }
  int seals() const { return seals_; }
  // Containers that were removed, in order.
  const std::vector<Bytes>& removed() const { return removed_; }

  v1::RoundStatus Explain(std::uint64_t round) {
    return keeper_->Explain("train", round).value();
  }

 private:
  std::string path_;
  FakeClock clock_{UnixTime(std::chrono::milliseconds(1000))};
  crypto::SeededRng rng_{AsBytes("rounds")};
  crypto::SigningKey issuer_ = crypto::SigningKey::Generate(rng_);
  crypto::SigningKey coordinator_ = crypto::SigningKey::Generate(rng_);
  SessionFactory factory_{coordinator_, issuer_.public_key(),
                          path_ + ".uploads"};
  v1::Plan plan_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<RoundKeeper> keeper_;
  std::vector<std::unique_ptr<TestDevice>> devices_;
  bool disk_full_ = false;
  int seals_ = 0;
  std::vector<Bytes> removed_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_TEST_FLEET_H_
