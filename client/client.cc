#include "sotto/client.h"

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "base/file.h"
#include "base/file_lock.h"
#include "base/status.h"
#include "client/agent/agent.h"
#include "client/storage/identity.h"
#include "client/storage/storage_folder.h"
#include "client/transport/grpc_coordinator.h"
#include "client/transport/http_source.h"
#include "client/update/model_impl.h"
#include "client/update/model_opener.h"
#include "client/update/tuf_repository.h"
#include "client/update/updater.h"
#include "crypto/rng.h"

namespace sotto {
namespace {

using client::StoragePaths;

constexpr std::uint64_t kMaxCertificateBytes = 64 * 1024;

struct PinnedKeys {
  crypto::PublicKey issuer, coordinator, broker;
};

absl::StatusOr<PinnedKeys> ParseKeys(const ClientConfig& config) {
  PinnedKeys keys;
  SOTTO_ASSIGN_OR_RETURN(
      keys.issuer,
      crypto::ParsePublicKeyHex(config.issuer_public, "issuer_public"));
  SOTTO_ASSIGN_OR_RETURN(keys.coordinator,
                         crypto::ParsePublicKeyHex(config.coordinator_public,
                                                   "coordinator_public"));
  SOTTO_ASSIGN_OR_RETURN(
      keys.broker,
      crypto::ParsePublicKeyHex(config.broker_public, "broker_public"));
  return keys;
}

}  // namespace

// Members are made in this order; each borrows from those above it.
class Client::Impl {
 public:
  static absl::StatusOr<std::unique_ptr<Impl>> Open(ClientConfig config,
                                                    ClientOptions options);
  ~Impl() { Stop(); }

  const client::Identity& identity() const { return identity_; }
  const std::string& family() const { return config_.model; }
  void SetExamples(std::shared_ptr<const Examples> examples) {
    agent_->SetExamples(std::move(examples));
  }
  void SetEvaluation(std::shared_ptr<const Examples> examples) {
    agent_->SetEvaluation(std::move(examples));
  }
  absl::Status Enroll() {
    const std::lock_guard lock(mutex_);
    SOTTO_RETURN_IF_ERROR(ExpectStopped());
    return agent_->Enroll();
  }
  absl::Status Update() {
    const std::lock_guard lock(mutex_);
    SOTTO_RETURN_IF_ERROR(ExpectStopped());
    return agent_->Update();
  }
  absl::StatusOr<std::unique_ptr<client::LoadedModel>> LoadModel() {
    const std::lock_guard lock(load_mutex_);
    return load_opener_->LoadActive();
  }
  absl::Status Start(std::uint32_t max_rounds);
  void Stop();
  bool running() const { return running_.load(); }

 private:
  Impl(ClientConfig config, ClientOptions options, PinnedKeys keys,
       client::Identity identity, FileLock storage_lock,
       client::ClientDatabase database, client::ClientDatabase load_database)
      : config_(std::move(config)),
        keys_(keys),
        paths_(config_.storage),
        identity_(std::move(identity)),
        storage_lock_(std::move(storage_lock)),
        database_(std::move(database)),
        load_database_(std::move(load_database)),
        events_(std::move(options.on_event)),
        conditions_(options.conditions
                        ? std::move(options.conditions)
                        : std::shared_ptr<DeviceConditions>(
                              LinuxConditions(config_.storage))) {}

  absl::Status Connect();
  void Cancel();
  absl::Status ExpectStopped() const {
    return thread_.joinable()
               ? absl::FailedPreconditionError(
                     "the client is started; its own thread does this")
               : absl::OkStatus();
  }

  const ClientConfig config_;
  const PinnedKeys keys_;
  const StoragePaths paths_;
  const client::Identity identity_;
  const FileLock storage_lock_;
  client::ClientDatabase database_;
  // LoadModel has a connection of its own, so that it never waits for a round.
  client::ClientDatabase load_database_;
  const client::Events events_;
  const std::shared_ptr<DeviceConditions> conditions_;
  client::Interrupt interrupt_;
  std::unique_ptr<client::Coordinator> coordinator_;
  std::unique_ptr<client::BlobSource> source_;
  std::unique_ptr<client::ModelOpener> opener_, load_opener_;
  std::unique_ptr<client::SignedRepository> models_, director_;
  std::unique_ptr<client::Updater> updater_;
  std::unique_ptr<client::Agent> agent_;

  std::mutex mutex_, load_mutex_;
  std::thread thread_;
  std::atomic<bool> running_{false};
};

absl::StatusOr<std::unique_ptr<Client::Impl>> Client::Impl::Open(
    ClientConfig config, ClientOptions options) {
  SOTTO_ASSIGN_OR_RETURN(PinnedKeys keys, ParseKeys(config));
  const StoragePaths paths(config.storage);
  SOTTO_ASSIGN_OR_RETURN(
      client::Identity identity,
      client::LoadIdentity(paths, keys.issuer, config.population,
                           SystemClock().Now()));
  SOTTO_ASSIGN_OR_RETURN(FileLock lock, FileLock::Acquire(paths.lock));
  for (const std::string& folder :
       {paths.models, paths.partial, paths.models_metadata,
        paths.director_metadata}) {
    SOTTO_RETURN_IF_ERROR(MakeFolder(folder));
  }
  SOTTO_ASSIGN_OR_RETURN(client::ClientDatabase database,
                         client::ClientDatabase::Open(paths.database));
  SOTTO_ASSIGN_OR_RETURN(client::ClientDatabase load_database,
                         client::ClientDatabase::Open(paths.database));
  std::unique_ptr<Impl> impl(
      new Impl(std::move(config), std::move(options), keys, std::move(identity),
               std::move(lock), std::move(database), std::move(load_database)));
  SOTTO_RETURN_IF_ERROR(impl->Connect());
  return impl;
}

absl::Status Client::Impl::Connect() {
  SOTTO_ASSIGN_OR_RETURN(coordinator_,
                         client::ConnectCoordinator(config_.grpc, config_.ca));
  SOTTO_ASSIGN_OR_RETURN(source_, client::MakeHttpSource(config_.ca));
  const auto make_opener = [&](client::ClientDatabase& database) {
    return std::make_unique<client::ModelOpener>(
        client::ModelOpener::Parts{.config = config_,
                                   .identity = identity_,
                                   .broker = keys_.broker,
                                   .database = database,
                                   .coordinator = *coordinator_,
                                   .clock = SystemClock()});
  };
  opener_ = make_opener(database_);
  load_opener_ = make_opener(load_database_);
  const auto open_repository = [&](const std::string& root,
                                   const std::string& folder,
                                   const std::string& path) {
    return client::OpenTufRepository({.root_file = root,
                                      .folder = folder,
                                      .path = path,
                                      .source = *source_,
                                      .clock = SystemClock()});
  };
  SOTTO_ASSIGN_OR_RETURN(
      models_,
      open_repository(config_.models_root, paths_.models_metadata, "/models"));
  SOTTO_ASSIGN_OR_RETURN(
      director_, open_repository(config_.director_root,
                                 paths_.director_metadata, "/director"));
  updater_ = client::MakeUpdater({.config = config_,
                                  .paths = paths_,
                                  .identity = identity_,
                                  .database = database_,
                                  .models = *models_,
                                  .director = *director_,
                                  .source = *source_,
                                  .opener = *opener_,
                                  .clock = SystemClock()});
  agent_ = std::make_unique<client::Agent>(
      client::Agent::Parts{.config = config_,
                           .identity = identity_,
                           .issuer = keys_.issuer,
                           .coordinator_key = keys_.coordinator,
                           .database = database_,
                           .coordinator = *coordinator_,
                           .source = *source_,
                           .updater = *updater_,
                           .opener = *opener_,
                           .conditions = *conditions_,
                           .clock = SystemClock(),
                           .rng = crypto::SystemRng(),
                           .events = events_,
                           .interrupt = interrupt_});
  return agent_->Recover();
}

absl::Status Client::Impl::Start(std::uint32_t max_rounds) {
  const std::lock_guard lock(mutex_);
  SOTTO_RETURN_IF_ERROR(ExpectStopped());
  interrupt_.Clear();
  coordinator_->ResumeCalls();
  source_->ResumeTransfers();
  running_.store(true);
  thread_ = std::thread([this, max_rounds] {
    agent_->Run(max_rounds);
    running_.store(false);
  });
  return absl::OkStatus();
}

void Client::Impl::Cancel() {
  interrupt_.Raise();
  if (coordinator_ != nullptr) coordinator_->CancelCalls();
  if (source_ != nullptr) source_->CancelTransfers();
}

void Client::Impl::Stop() {
  // Before the lock, so that a call by hand gives it up; and under it, since a
  // Start that was waiting for it has cleared the interrupt.
  Cancel();
  const std::lock_guard lock(mutex_);
  Cancel();
  if (thread_.joinable()) thread_.join();
  // Calls by hand work again.
  interrupt_.Clear();
  if (coordinator_ != nullptr) coordinator_->ResumeCalls();
  if (source_ != nullptr) source_->ResumeTransfers();
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

absl::StatusOr<Client> Client::Open(ClientConfig config,
                                    ClientOptions options) {
  SOTTO_ASSIGN_OR_RETURN(std::unique_ptr<Impl> impl,
                         Impl::Open(std::move(config), std::move(options)));
  return Client(std::move(impl));
}

std::string Client::device_id() const {
  return HexEncode(impl_->identity().certificate.device_id);
}
void Client::SetExamples(std::shared_ptr<const Examples> examples) {
  impl_->SetExamples(std::move(examples));
}
void Client::SetEvaluation(std::shared_ptr<const Examples> examples) {
  impl_->SetEvaluation(std::move(examples));
}
absl::Status Client::Enroll() { return impl_->Enroll(); }
absl::Status Client::Update() { return impl_->Update(); }

absl::StatusOr<Model> Client::LoadModel() {
  SOTTO_ASSIGN_OR_RETURN(std::unique_ptr<client::LoadedModel> loaded,
                         impl_->LoadModel());
  SOTTO_ASSIGN_OR_RETURN(
      std::unique_ptr<Model::Impl> model,
      Model::Impl::Create(std::move(loaded), impl_->family()));
  return Model(std::move(model));
}

absl::Status Client::Start(std::uint32_t max_rounds) {
  return impl_->Start(max_rounds);
}
void Client::Stop() { impl_->Stop(); }
bool Client::running() const { return impl_->running(); }

absl::Status InitDevice(const std::string& storage,
                        const std::string& population) {
  return client::CreateIdentity(storage, population, crypto::SystemRng());
}

absl::Status InstallCertificate(const std::string& storage,
                                const std::string& certificate_file) {
  SOTTO_ASSIGN_OR_RETURN(const Bytes certificate,
                         ReadFile(certificate_file, kMaxCertificateBytes));
  return Annotate(client::KeepCertificate(storage, certificate),
                  "certificate '" + certificate_file + "'");
}

}  // namespace sotto
