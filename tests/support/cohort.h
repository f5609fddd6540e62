// A whole secure-aggregation session in one process: n clients, one server, and
// hooks to lose messages or to lie.

#ifndef SOTTO_TESTS_SUPPORT_COHORT_H_
#define SOTTO_TESTS_SUPPORT_COHORT_H_

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "secure_agg/client_session.h"
#include "secure_agg/server_session.h"

namespace sotto::secure_agg {

// Decisions in memory; survives a client's restart when shared.
class MemoryDecisionLog final : public DecisionLog {
 public:
  absl::Status RecordContribution(const std::string& task, std::uint64_t round,
                                  ByteView round_id) override {
    (void)round_id;
    if (!contributions_.insert({task, round}).second) {
      return absl::AlreadyExistsError("contributed before");
    }
    return absl::OkStatus();
  }
  absl::Status RecordSurvivors(ByteView session, ByteView set) override {
    const auto [at, added] =
        survivors_.try_emplace(ToString(session), ToString(set));
    if (added || at->second == ToString(set)) return absl::OkStatus();
    return absl::AlreadyExistsError("signed another survivor set");
  }
  absl::Status RecordUnmask(ByteView session) override {
    if (!unmasked_.insert(ToString(session)).second) {
      return absl::AlreadyExistsError("answered before");
    }
    return absl::OkStatus();
  }

 private:
  std::set<std::pair<std::string, std::uint64_t>> contributions_;
  std::map<std::string, std::string> survivors_;
  std::set<std::string> unmasked_;
};

// In the order in which they are sent.
inline std::vector<v1::MaskedInputChunk> AllChunks(const MaskedInput& input) {
  std::vector<v1::MaskedInputChunk> chunks;
  for (const VectorSpec& spec : input.vectors()) {
    for (std::uint32_t at = 0; at < spec.length;) {
      chunks.push_back(input.ChunkAt(spec.name, at).value());
      at += static_cast<std::uint32_t>(chunks.back().elements().size() * 8 /
                                       spec.bits);
    }
  }
  return chunks;
}

class Cohort {
 public:
  struct Options {
    std::uint32_t size = 5;
    std::uint32_t min_cohort = 3;
    double corrupted_fraction = 0.0;
    double dropout_fraction = 0.3;
    std::uint32_t complete_up_to = kCompleteUpTo;
    std::uint32_t security_bits = 80;
    std::uint32_t correctness_bits = 30;
    std::uint32_t length = 10;
    std::uint32_t bits = 32;
    std::string seed = "cohort";
  };

  explicit Cohort(const Options& options)
      : options_(options), rng_(AsBytes(options.seed)) {
    vectors_ = {{.name = "update",
                 .length = options.length,
                 .bits = options.bits,
                 .bound = (std::uint64_t{1} << options.bits) / options.size},
                {.name = "metrics", .length = 3, .bits = 32, .bound = 1000}};
    // The server keeps members sorted by device id; so do we.
    std::map<crypto::DeviceId, crypto::SigningKey> sorted;
    for (std::uint32_t i = 0; i < options.size; ++i) {
      auto key = crypto::SigningKey::Generate(rng_);
      const auto id = crypto::DeviceIdOf(key.public_key());
      sorted.emplace(id, std::move(key));
    }
    for (auto& [id, key] : sorted) {
      ids_.push_back(id);
      keys_.push_back(std::move(key));
    }
    server_ = NewServer();
    for (std::uint32_t i = 0; i < options.size; ++i) {
      logs_.push_back(std::make_unique<MemoryDecisionLog>());
      clients_.push_back(std::make_unique<ClientSession>(NewClient(i)));
      inputs_.push_back(Input(i));
    }
  }

  ServerParams server_params() const {
    return {.task = "task",
            .round = 7,
            .round_id = {9},
            .vectors = vectors_,
            .max_cohort = options_.size,
            .min_cohort = options_.min_cohort,
            .corrupted_fraction = options_.corrupted_fraction,
            .dropout_fraction = options_.dropout_fraction,
            .security_bits = options_.security_bits,
            .correctness_bits = options_.correctness_bits,
            .complete_up_to = options_.complete_up_to,
            .model_hash = {1},
            .plan_hash = {2},
            .previous_model_hash = {},
            .deadline_ms = 10000,
            .prg = crypto::Prg::Kind::kAes256Ctr,
            .issuer = issuer_.public_key(),
            .population = "test"};
  }
  ClientParams client_params(std::uint32_t i) const {
    return {.certificate = crypto::IssueCertificate(
                issuer_, keys_[i].public_key(), "test", 0, 100000),
            .identity = &keys_[i],
            .issuer = issuer_.public_key(),
            .coordinator = coordinator_.public_key(),
            .round_id = {9},
            .task = "task",
            .round = 7,
            .model_hash = {1},
            .plan_hash = {2},
            .now = now(),
            .policy = {.min_cohort = options_.min_cohort,
                       .corrupted_fraction = options_.corrupted_fraction,
                       .security_bits = options_.security_bits,
                       .complete_up_to = options_.complete_up_to,
                       .vectors = vectors_}};
  }
  std::unique_ptr<ServerSession> NewServer() const {
    return ServerSession::Create(server_params(), coordinator_).value();
  }
  ClientSession NewClient(std::uint32_t i) {
    return ClientSession::Create(client_params(i), rng_, *logs_[i]).value();
  }

  // Runs the session; `alive(client, phase)` says whether the client still
  // answers in that phase. `each` is called after every accepted message.
  absl::Status Run(
      const std::function<bool(std::uint32_t, Phase)>& alive,
      const std::function<void()>& each = [] {}) {
    const auto all = [&](Phase phase, const auto& step) -> absl::Status {
      for (std::uint32_t i = 0; i < size(); ++i) {
        if (gone_.count(i) != 0) continue;
        if (!alive(i, phase)) {
          gone_.insert(i);
          continue;
        }
        const absl::Status status = step(i);
        if (!status.ok()) return status;
        each();
      }
      const absl::Status status = server_->Close();
      each();
      return status;
    };
    absl::Status status = all(Phase::kAdvertise, [&](std::uint32_t i) {
      return server_->ReceiveAdvertisement(clients_[i]->Advertise().value(),
                                           now());
    });
    if (!status.ok()) return status;
    status = all(Phase::kShares, [&](std::uint32_t i) -> absl::Status {
      const auto out =
          clients_[i]->ShareKeys(server_->RosterFor(ids_[i]).value());
      if (!out.ok()) return out.status();
      return server_->ReceiveShares(ids_[i], *out);
    });
    if (!status.ok()) return status;
    status = all(Phase::kInputs, [&](std::uint32_t i) { return SendInput(i); });
    if (!status.ok()) return status;
    status = all(Phase::kConsistency, [&](std::uint32_t i) -> absl::Status {
      const auto out =
          clients_[i]->SignSurvivors(server_->SurvivorsFor(ids_[i]).value());
      if (!out.ok()) return out.status();
      return server_->ReceiveSurvivorSignature(ids_[i], *out);
    });
    if (!status.ok()) return status;
    return all(Phase::kUnmask, [&](std::uint32_t i) -> absl::Status {
      const auto out =
          clients_[i]->Unmask(server_->UnmaskRequestFor(ids_[i]).value());
      if (!out.ok()) return out.status();
      return server_->ReceiveUnmaskShares(ids_[i], *out);
    });
  }

  // The client masks its input and the server takes every chunk.
  absl::Status SendInput(std::uint32_t i) {
    const auto masked = clients_[i]->MaskInput(
        server_->DeliveryFor(ids_[i]).value(), inputs_[i]);
    if (!masked.ok()) return masked.status();
    for (const auto& chunk : AllChunks(*masked)) {
      const auto progress = server_->ReceiveInput(ids_[i], chunk);
      if (!progress.ok()) return progress.status();
    }
    return absl::OkStatus();
  }

  NamedVectors Input(std::uint32_t client) {
    NamedVectors input;
    for (const VectorSpec& spec : vectors_) {
      std::vector<std::uint32_t>& values = input[spec.name];
      values.resize(spec.length);
      for (std::uint32_t& value : values) {
        value = static_cast<std::uint32_t>(
            crypto::UniformBelow(rng_, std::uint64_t{1} << spec.bits));
      }
    }
    (void)client;
    return input;
  }
  // The plain sum of the named clients' inputs.
  NamedVectors SumOf(const std::vector<crypto::DeviceId>& devices) const {
    NamedVectors sum;
    for (const VectorSpec& spec : vectors_) {
      std::vector<std::uint32_t>& values = sum[spec.name];
      values.assign(spec.length, 0);
      for (std::uint32_t i = 0; i < size(); ++i) {
        if (std::find(devices.begin(), devices.end(), ids_[i]) ==
            devices.end()) {
          continue;
        }
        for (std::size_t j = 0; j < values.size(); ++j) {
          values[j] += inputs_[i].at(spec.name)[j];
          if (spec.bits < 32) values[j] &= (1u << spec.bits) - 1;
        }
      }
    }
    return sum;
  }

  std::uint32_t size() const { return options_.size; }
  UnixTime now() const { return UnixTime(std::chrono::milliseconds(5000)); }
  ServerSession& server() { return *server_; }
  void ReplaceServer(std::unique_ptr<ServerSession> server) {
    server_ = std::move(server);
  }
  ClientSession& client(std::uint32_t i) { return *clients_[i]; }
  void ReplaceClient(std::uint32_t i) {
    clients_[i] = std::make_unique<ClientSession>(NewClient(i));
  }
  // Outlives the client, as its database would.
  MemoryDecisionLog& log(std::uint32_t i) { return *logs_[i]; }
  const crypto::DeviceId& id(std::uint32_t i) const { return ids_[i]; }
  const crypto::SigningKey& coordinator() const { return coordinator_; }
  const crypto::SigningKey& key(std::uint32_t i) const { return keys_[i]; }
  const NamedVectors& input(std::uint32_t i) const { return inputs_[i]; }
  crypto::Rng& rng() { return rng_; }

 private:
  Options options_;
  crypto::SeededRng rng_;
  crypto::SigningKey issuer_ = crypto::SigningKey::Generate(rng_);
  crypto::SigningKey coordinator_ = crypto::SigningKey::Generate(rng_);
  std::vector<VectorSpec> vectors_;
  std::vector<crypto::DeviceId> ids_;
  std::vector<crypto::SigningKey> keys_;
  std::unique_ptr<ServerSession> server_;
  std::vector<std::unique_ptr<MemoryDecisionLog>> logs_;
  std::vector<std::unique_ptr<ClientSession>> clients_;
  std::vector<NamedVectors> inputs_;
  std::set<std::uint32_t> gone_;
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_TESTS_SUPPORT_COHORT_H_
