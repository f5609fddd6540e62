#include "server/coordinator.h"

#include <chrono>

#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "crypto/secret.h"
#include "server/cohort/eligibility.h"

namespace sotto::server {
namespace {

constexpr auto kLongPoll = std::chrono::milliseconds(2000);
constexpr std::size_t kAdminTokenBytes = 32;
constexpr std::int64_t kWarningIntervalMs = 10 * 1000;

// Makes the file when it is absent, so that a first start needs no preparation.
absl::StatusOr<std::string> AdminToken(const std::string& path,
                                       crypto::Rng& rng) {
  if (!FileExists(path)) {
    Bytes token(kAdminTokenBytes);
    rng.Fill(token);
    SOTTO_RETURN_IF_ERROR(
        WriteFileAtomically(path, HexEncode(token) + "\n", FileMode::kPrivate));
  }
  SOTTO_ASSIGN_OR_RETURN(std::string token, ReadTextFile(path, 4096));
  while (!token.empty() && token.back() == '\n') token.pop_back();
  if (token.size() < 2 * kAdminTokenBytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s': wants at least %d characters; delete it and a "
                        "new one is made",
                        path, 2 * kAdminTokenBytes));
  }
  return token;
}

}  // namespace

Coordinator::Coordinator(const Config& config, Clock& clock, crypto::Rng& rng,
                         FileLock state_lock, Store store, Keys keys,
                         std::string admin_token)
    : config_(config),
      clock_(clock),
      rng_(rng),
      admin_token_(std::move(admin_token)),
      state_lock_(std::move(state_lock)),
      store_(std::move(store)),
      keys_(std::move(keys)),
      sessions_(keys_.coordinator, keys_.issuer,
                config.state_path + ".uploads"),
      enrolment_(store_, clock_, rng_, keys_.issuer, config.token_lifetime_ms),
      models_(config.model_store, config.state_path + ".models", clock_),
      grants_({.store = store_,
               .clock = clock_,
               .rng = rng_,
               .keys = keys_,
               .models = models_,
               .model_store = config.model_store,
               .blobs_folder = config.blobs_folder}),
      rounds_(
          {.store = store_,
           .clock = clock_,
           .rng = rng_,
           .factory = sessions_,
           .coordinator_key = keys_.coordinator,
           .seal = [this](ByteView weights) { return grants_.Seal(weights); },
           .remove =
               [this](const Bytes& digest) { return grants_.Remove(digest); }}),
      director_(config.model_store, keys_.director, models_, clock_),
      rollouts_({.store = store_,
                 .clock = clock_,
                 .rng = rng_,
                 .publisher = director_}) {}

absl::StatusOr<std::unique_ptr<Coordinator>> Coordinator::Create(
    const Config& config, Clock& clock, crypto::Rng& rng) {
  SOTTO_ASSIGN_OR_RETURN(Keys keys, ReadKeys(config));
  absl::StatusOr<std::string> token = AdminToken(config.admin_token_file, rng);
  if (!token.ok()) return Annotate(token.status(), "key 'admin_token_file'");
  SOTTO_RETURN_IF_ERROR(
      Annotate(MakeFolder(config.blobs_folder), "key 'blobs'"));
  // Two on one state would each run the open rounds and count devices twice.
  absl::StatusOr<FileLock> lock =
      FileLock::Acquire(config.state_path + ".lock");
  if (!lock.ok()) return Annotate(lock.status(), "key 'state'");
  absl::StatusOr<Store> store = Store::Open(config.state_path);
  if (!store.ok()) return Annotate(store.status(), "key 'state'");
  std::unique_ptr<Coordinator> coordinator(
      new Coordinator(config, clock, rng, *std::move(lock), *std::move(store),
                      std::move(keys), *std::move(token)));
  SOTTO_RETURN_IF_ERROR(coordinator->director_.Start());
  SOTTO_RETURN_IF_ERROR(coordinator->rollouts_.Start());
  SOTTO_RETURN_IF_ERROR(coordinator->rounds_.Start());
  return coordinator;
}

void Coordinator::SetHttpUrl(const std::string& url) {
  const std::lock_guard lock(mutex_);
  http_url_ = url;
}

void Coordinator::NotifyMoves() {
  if (rounds_.moves() == seen_moves_) return;
  seen_moves_ = rounds_.moves();
  moved_.notify_all();
}

absl::StatusOr<v1::EnrollReply> Coordinator::Enroll(
    const v1::EnrollRequest& request) {
  const std::lock_guard lock(mutex_);
  auto reply = enrolment_.Enroll(request);
  ++counts_[reply.ok() ? "enrolments" : "enrolments_refused"];
  if (reply.ok()) reply->set_http_url(http_url_);
  return reply;
}

absl::StatusOr<v1::CheckInReply> Coordinator::CheckIn(
    std::string_view token, const v1::CheckInRequest& request) {
  const std::lock_guard lock(mutex_);
  SOTTO_ASSIGN_OR_RETURN(const DeviceRecord device,
                         enrolment_.Authenticate(token));
  ++counts_["checkins"];
  SOTTO_ASSIGN_OR_RETURN(std::optional<v1::Assignment> assignment,
                         rounds_.CheckIn(device, request));
  v1::CheckInReply reply;
  if (assignment.has_value()) {
    ++counts_["assignments"];
    *reply.mutable_assignment() = *std::move(assignment);
    return reply;
  }
  SOTTO_ASSIGN_OR_RETURN(const auto devices, store_.ListDevices());
  const PaceWindow pace = PaceFor(devices.size());
  reply.mutable_wait()->set_min_ms(pace.min_ms);
  reply.mutable_wait()->set_max_ms(pace.max_ms);
  reply.mutable_wait()->set_reason("no round wants this device now");
  return reply;
}

absl::StatusOr<v1::StepReply> Coordinator::Step(
    std::string_view token, const v1::StepRequest& request) {
  std::unique_lock lock(mutex_);
  SOTTO_ASSIGN_OR_RETURN(const DeviceRecord device,
                         enrolment_.Authenticate(token));
  const auto deadline = std::chrono::steady_clock::now() + kLongPoll;
  absl::StatusOr<v1::StepReply> reply = rounds_.Step(device, request);
  ++counts_[reply.ok() ? "steps" : "steps_refused"];
  NotifyMoves();
  v1::StepRequest poll;
  poll.set_round_id(request.round_id());
  poll.mutable_poll();
  while (reply.ok() && reply->has_wait() && !stopping_) {
    const std::uint64_t moves = rounds_.moves();
    if (!moved_.wait_until(lock, deadline, [&] {
          return stopping_ || rounds_.moves() != moves;
        })) {
      break;
    }
    reply = rounds_.Step(device, poll);
    NotifyMoves();
  }
  return reply;
}

absl::StatusOr<v1::GetGrantReply> Coordinator::GetGrant(
    std::string_view token, const v1::GetGrantRequest& request) {
  const std::lock_guard lock(mutex_);
  SOTTO_ASSIGN_OR_RETURN(const DeviceRecord device,
                         enrolment_.Authenticate(token));
  const ByteView digest = AsBytes(request.container_digest());
  const auto grant = grants_.Grant(device, digest);
  ++counts_[grant.ok() ? "grants" : "grants_refused"];
  SOTTO_RETURN_IF_ERROR(grant.status());
  rounds_.NoteGrant(device.device_id, digest);
  v1::GetGrantReply reply;
  reply.set_grant(ToString(*grant));
  return reply;
}

absl::StatusOr<v1::ReportReply> Coordinator::Report(
    std::string_view token, const v1::ReportRequest& request) {
  const std::lock_guard lock(mutex_);
  SOTTO_ASSIGN_OR_RETURN(const DeviceRecord device,
                         enrolment_.Authenticate(token));
  SOTTO_RETURN_IF_ERROR(rollouts_.Report(device, request));
  ++counts_["reports"];
  v1::ReportReply reply;
  SOTTO_ASSIGN_OR_RETURN(const auto devices, store_.ListDevices());
  const PaceWindow pace = PaceFor(devices.size());
  reply.mutable_wait()->set_min_ms(pace.min_ms);
  reply.mutable_wait()->set_max_ms(pace.max_ms);
  return reply;
}

absl::Status Coordinator::CheckAdmin(std::string_view token) const {
  if (crypto::ConstantTimeEqual(AsBytes(token), AsBytes(admin_token_))) {
    return absl::OkStatus();
  }
  return absl::UnauthenticatedError(
      "not the admin token of this coordinator; see its admin_token_file");
}

void Coordinator::Tick() {
  const std::lock_guard lock(mutex_);
  for (const absl::Status& status :
       {rounds_.Tick(), rollouts_.Tick(), director_.Tick()}) {
    if (status.ok()) continue;
    // The same trouble forty times a second would fill the disk with its log.
    const std::int64_t now_ms = clock_.NowMillis();
    std::string message(status.message());
    if (message == last_warning_ && now_ms < quiet_until_ms_) continue;
    LogWarning("coordinator", "%s", message);
    last_warning_ = std::move(message);
    quiet_until_ms_ = now_ms + kWarningIntervalMs;
  }
  NotifyMoves();
}

void Coordinator::Stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  moved_.notify_all();
}

}  // namespace sotto::server
