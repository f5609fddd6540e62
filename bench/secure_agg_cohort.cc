#include "bench/secure_agg_cohort.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/strings/str_format.h"
#include "bench/heap_meter.h"
#include "bench/proof_bytes.h"
#include "tests/support/cohort.h"

namespace sotto::bench {
namespace {

using secure_agg::Phase;
constexpr char kVector[] = "update";

void Require(const absl::Status& status) {
  if (status.ok()) return;
  absl::FPrintF(stderr, "session: %s\n", std::string(status.message()));
  std::exit(1);
}
template <typename T>
T Require(absl::StatusOr<T> value) {
  Require(value.status());
  return *std::move(value);
}

double SecondsOf(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

template <typename Message>
Message Parse(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes)) {
    Require(absl::InternalError("a message does not parse"));
  }
  return message;
}

// Adds the processor time of its scope.
class Timed {
 public:
  explicit Timed(double& sum) : sum_(sum), start_(ThreadSeconds()) {}
  ~Timed() { sum_ += ThreadSeconds() - start_; }

 private:
  double& sum_;
  double start_;
};

// One member, as a device would be.
struct Client {
  crypto::DeviceId id = {};
  std::optional<crypto::SigningKey> key;
  secure_agg::MemoryDecisionLog log;
  std::optional<secure_agg::ClientSession> session;
  PhaseSeconds seconds;
  std::size_t up = 0, down = 0, proof = 0;
};

// Messages on their way between the server's thread and the clients'.
struct Parcel {
  std::size_t client = 0;
  std::vector<std::string> messages;
};

class Mailbox {
 public:
  void Put(Parcel parcel) {
    {
      const std::lock_guard lock(mutex_);
      parcels_.push_back(std::move(parcel));
    }
    ready_.notify_one();
  }
  // Nothing once it is closed and empty.
  std::optional<Parcel> Take() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !parcels_.empty(); });
    if (parcels_.empty()) return std::nullopt;
    Parcel parcel = std::move(parcels_.front());
    parcels_.pop_front();
    return parcel;
  }
  void Close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Parcel> parcels_;
  bool closed_ = false;
};

class CohortRun {
 public:
  explicit CohortRun(const CohortParams& params)
      : params_(params),
        rng_(AsBytes(std::string("bench"))),
        issuer_(crypto::SigningKey::Generate(rng_)),
        coordinator_(crypto::SigningKey::Generate(rng_)),
        clients_(params.clients),
        expected_(params.length) {
    const std::uint64_t most = (std::uint64_t{1} << params.input_bits) - 1;
    report_.bits =
        static_cast<std::uint32_t>(std::bit_width(params.clients * most));
    vectors_ = {{.name = kVector,
                 .length = params.length,
                 .bits = report_.bits,
                 .bound = most + 1}};
    for (Client& client : clients_) {
      client.key.emplace(crypto::SigningKey::Generate(rng_));
      client.id = crypto::DeviceIdOf(client.key->public_key());
      client.session.emplace(Require(secure_agg::ClientSession::Create(
          ClientParamsOf(client), crypto::SystemRng(), client.log)));
    }
    const HeapCharge charge;
    server_ = Require(
        secure_agg::ServerSession::Create(ServerParamsOf(), coordinator_));
    server_->set_workers(params_.workers);
  }

  CohortReport Run() {
    ResetChargedPeak();
    const auto start = std::chrono::steady_clock::now();
    const double before = SecondsOf(CLOCK_PROCESS_CPUTIME_ID);
    Advertise();
    ShareKeys();
    SendInputs();
    SignSurvivors();
    Unmask();
    const std::chrono::duration<double> wall =
        std::chrono::steady_clock::now() - start;
    report_.wall_seconds = wall.count();
    report_.processor_seconds = SecondsOf(CLOCK_PROCESS_CPUTIME_ID) - before;
    report_.neighbours = server_->manifest().neighbours();
    report_.threshold = server_->manifest().threshold();
    CheckSum();
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      report_.all_clients_seconds += clients_[i].seconds.Total();
      if (i < Staying()) report_.clients.push_back(clients_[i].seconds);
    }
    report_.client_up_bytes = clients_[0].up;
    report_.client_down_bytes = clients_[0].down;
    report_.client_proof_bytes = clients_[0].proof;
    return report_;
  }

 private:
  static UnixTime Now() { return UnixTime(std::chrono::milliseconds(5000)); }
  std::size_t Staying() const { return params_.clients - params_.dropped; }

  secure_agg::ServerParams ServerParamsOf() const {
    return {.task = "bench",
            .round = 1,
            .round_id = {1},
            .vectors = vectors_,
            .max_cohort = params_.clients,
            .min_cohort = static_cast<std::uint32_t>(
                std::max<std::size_t>(3, Staying() * 9 / 10)),
            .corrupted_fraction = params_.corrupted_fraction,
            .dropout_fraction = params_.dropout_fraction,
            .security_bits = params_.security_bits,
            .correctness_bits = params_.correctness_bits,
            .complete_up_to = params_.complete_graph ? UINT32_MAX : 0,
            .model_hash = {1},
            .plan_hash = {2},
            .previous_model_hash = {},
            .deadline_ms = 10000,
            .prg = crypto::Prg::Kind::kAes256Ctr,
            .issuer = issuer_.public_key(),
            .population = "bench"};
  }
  secure_agg::ClientParams ClientParamsOf(const Client& client) const {
    const secure_agg::ServerParams server = ServerParamsOf();
    return {.certificate = crypto::IssueCertificate(
                issuer_, client.key->public_key(), "bench", 0, 100000),
            .identity = &*client.key,
            .issuer = issuer_.public_key(),
            .coordinator = coordinator_.public_key(),
            .round_id = server.round_id,
            .task = server.task,
            .round = server.round,
            .model_hash = server.model_hash,
            .plan_hash = server.plan_hash,
            .now = Now(),
            .policy = {.min_cohort = server.min_cohort,
                       .corrupted_fraction = params_.corrupted_fraction,
                       .security_bits = params_.security_bits,
                       .complete_up_to = 0,
                       .vectors = vectors_}};
  }

  // For each of the first `count` clients the server's `request`, a Down, goes
  // to `answer` on a thread of the clients', and its messages, each an Up, to
  // `receive` on this one.
  using Request = std::function<std::string(Client&)>;
  using Answer =
      std::function<std::vector<std::string>(Client&, const std::string&)>;
  using Receive = std::function<void(Client&, const std::string&)>;
  template <typename Down, typename Up>
  void Exchange(std::size_t count, const Request& request, const Answer& answer,
                const Receive& receive) {
    Mailbox requests, answers;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < params_.threads; ++i) {
      threads.emplace_back([&] {
        while (std::optional<Parcel> parcel = requests.Take()) {
          Client& client = clients_[parcel->client];
          std::vector<std::string> out =
              answer(client, parcel->messages.front());
          client.down += parcel->messages.front().size();
          for (const std::string& message : out) client.up += message.size();
          if (parcel->client == 0) {
            client.proof += ProofBytes(Parse<Down>(parcel->messages.front()));
            for (const std::string& message : out) {
              client.proof += ProofBytes(Parse<Up>(message));
            }
          }
          answers.Put({parcel->client, std::move(out)});
        }
      });
    }
    // Few at a time: masked inputs are large.
    std::size_t asked = 0;
    const auto ask = [&] {
      if (asked == count) return;
      requests.Put({asked, {request(clients_[asked])}});
      ++asked;
    };
    for (unsigned i = 0; i < params_.threads * 3; ++i) ask();
    for (std::size_t done = 0; done < count; ++done) {
      const Parcel parcel = *answers.Take();
      ask();
      for (const std::string& message : parcel.messages) {
        receive(clients_[parcel.client], message);
      }
    }
    requests.Close();
    for (std::thread& thread : threads) thread.join();
  }

  // The two directions of a message at the server.
  template <typename Call>
  std::string Reply(double& seconds, const Call& call) {
    const HeapCharge charge;
    std::optional<std::decay_t<decltype(*call())>> message;
    {
      const Timed timed(seconds);
      message = Require(call());
    }
    const Timed timed(report_.server_wire_seconds);
    return message->SerializeAsString();
  }
  template <typename Message, typename Call>
  void Deliver(double& seconds, const std::string& bytes, const Call& call) {
    const HeapCharge charge;
    Message message;
    {
      const Timed timed(report_.server_wire_seconds);
      message = Parse<Message>(bytes);
    }
    const Timed timed(seconds);
    const auto result = call(message);
    if constexpr (std::is_same_v<decltype(result), const absl::Status>) {
      Require(result);
    } else {
      Require(result.status());
    }
  }
  void Close(double& seconds) {
    const HeapCharge charge;
    const Timed timed(seconds);
    Require(server_->Close());
  }

  void Advertise() {
    Exchange<v1::KeyAdvertisement, v1::KeyAdvertisement>(
        clients_.size(), [](Client&) { return std::string(); },
        [](Client& client, const std::string&) -> std::vector<std::string> {
          const Timed timed(client.seconds.advertise);
          return {Require(client.session->Advertise()).SerializeAsString()};
        },
        [this](Client&, const std::string& bytes) {
          Deliver<v1::KeyAdvertisement>(
              report_.server.advertise, bytes, [this](const auto& message) {
                return server_->ReceiveAdvertisement(message, Now());
              });
        });
    Close(report_.server.advertise);
  }

  void ShareKeys() {
    const std::size_t before = ChargedBytes();
    Exchange<v1::Roster, v1::EncryptedShares>(
        clients_.size(),
        [this](Client& client) {
          return Reply(report_.server.shares,
                       [&] { return server_->RosterFor(client.id); });
        },
        [](Client& client,
           const std::string& bytes) -> std::vector<std::string> {
          const Timed timed(client.seconds.shares);
          return {Require(client.session->ShareKeys(Parse<v1::Roster>(bytes)))
                      .SerializeAsString()};
        },
        [this](Client& client, const std::string& bytes) {
          Deliver<v1::EncryptedShares>(
              report_.server.shares, bytes, [&](const auto& message) {
                return server_->ReceiveShares(client.id, message);
              });
        });
    Close(report_.server.shares);
    report_.share_bytes = ChargedBytes() - before;
  }

  void SendInputs() {
    const std::size_t before = ChargedBytes();
    std::size_t most = 0;
    std::mutex mutex;
    Exchange<v1::ShareDelivery, v1::MaskedInputChunk>(
        Staying(),
        [this](Client& client) {
          return Reply(report_.server.inputs,
                       [&] { return server_->DeliveryFor(client.id); });
        },
        [&, this](Client& client, const std::string& bytes) {
          std::vector<std::uint32_t> values = InputOf(client);
          {
            const std::lock_guard lock(mutex);
            for (std::size_t i = 0; i < values.size(); ++i) {
              expected_[i] += values[i];
            }
          }
          secure_agg::NamedVectors input;
          input[kVector] = std::move(values);
          std::vector<std::string> out;
          const Timed timed(client.seconds.inputs);
          const secure_agg::MaskedInput masked =
              Require(client.session->MaskInput(Parse<v1::ShareDelivery>(bytes),
                                                std::move(input)));
          for (std::uint32_t at = 0; at < params_.length; at += 1 << 18) {
            out.push_back(
                Require(masked.ChunkAt(kVector, at)).SerializeAsString());
          }
          return out;
        },
        [&, this](Client& client, const std::string& bytes) {
          ResetChargedPeak();
          Deliver<v1::MaskedInputChunk>(
              report_.server.inputs, bytes, [&](const auto& message) {
                return server_->ReceiveInput(client.id, message);
              });
          most = std::max(most, ChargedPeak());
        });
    report_.input_bytes = most - before;
    report_.peak_bytes = most;
    Close(report_.server.inputs);
  }

  void SignSurvivors() {
    Exchange<v1::SurvivorSet, v1::SurvivorSignature>(
        Staying(),
        [this](Client& client) {
          return Reply(report_.server.consistency,
                       [&] { return server_->SurvivorsFor(client.id); });
        },
        [](Client& client,
           const std::string& bytes) -> std::vector<std::string> {
          const Timed timed(client.seconds.consistency);
          return {Require(client.session->SignSurvivors(
                              Parse<v1::SurvivorSet>(bytes)))
                      .SerializeAsString()};
        },
        [this](Client& client, const std::string& bytes) {
          Deliver<v1::SurvivorSignature>(
              report_.server.consistency, bytes, [&](const auto& message) {
                return server_->ReceiveSurvivorSignature(client.id, message);
              });
        });
    Close(report_.server.consistency);
  }

  void Unmask() {
    const std::size_t before = ChargedBytes();
    Exchange<v1::UnmaskRequest, v1::UnmaskShares>(
        Staying(),
        [this](Client& client) {
          return Reply(report_.server.unmask,
                       [&] { return server_->UnmaskRequestFor(client.id); });
        },
        [](Client& client,
           const std::string& bytes) -> std::vector<std::string> {
          const Timed timed(client.seconds.unmask);
          return {
              Require(client.session->Unmask(Parse<v1::UnmaskRequest>(bytes)))
                  .SerializeAsString()};
        },
        [this](Client& client, const std::string& bytes) {
          Deliver<v1::UnmaskShares>(
              report_.server.unmask, bytes, [&](const auto& message) {
                return server_->ReceiveUnmaskShares(client.id, message);
              });
        });
    report_.revealed_bytes = ChargedBytes() - before;
    const std::size_t held = ChargedBytes();
    ResetChargedPeak();
    Close(report_.server_close_seconds);
    report_.server.unmask += report_.server_close_seconds;
    report_.masking_bytes = ChargedPeak() - held;
    report_.peak_bytes = std::max(report_.peak_bytes, ChargedPeak());
  }

  // The same each time that it is asked for.
  std::vector<std::uint32_t> InputOf(const Client& client) const {
    crypto::SeededRng rng(client.id);
    std::vector<std::uint32_t> values(params_.length);
    rng.Fill({reinterpret_cast<std::uint8_t*>(values.data()),
              values.size() * sizeof(std::uint32_t)});
    for (std::uint32_t& value : values) value >>= 32 - params_.input_bits;
    return values;
  }

  void CheckSum() const {
    const secure_agg::AggregateResult result = Require(server_->Result());
    if (result.included.size() != Staying() ||
        result.sums.at(kVector) != expected_) {
      Require(absl::DataLossError("the sum is not exact"));
    }
  }

  CohortParams params_;
  crypto::SeededRng rng_;
  crypto::SigningKey issuer_, coordinator_;
  std::vector<secure_agg::VectorSpec> vectors_;
  std::vector<Client> clients_;
  std::unique_ptr<secure_agg::ServerSession> server_;
  std::vector<std::uint32_t> expected_;  // below 2^bits: no entry wraps
  CohortReport report_;
};

}  // namespace

double ThreadSeconds() { return SecondsOf(CLOCK_THREAD_CPUTIME_ID); }

CohortReport RunCohort(const CohortParams& params) {
  return CohortRun(params).Run();
}

}  // namespace sotto::bench
