// Coordinator's calls for the operator, and its metrics.

#include "base/status.h"
#include "server/coordinator.h"

namespace sotto::server {

absl::Status Coordinator::CreateTask(const v1::CreateTaskRequest& request) {
  const std::lock_guard lock(mutex_);
  SOTTO_ASSIGN_OR_RETURN(const Bytes plan,
                         director_.ReadTarget(request.plan_target()));
  const absl::Status status = rounds_.CreateTask(request, plan);
  NotifyMoves();
  return status;
}

absl::StatusOr<v1::TaskStatus> Coordinator::GetTask(const std::string& task) {
  const std::lock_guard lock(mutex_);
  return rounds_.GetTask(task);
}

absl::StatusOr<v1::TaskStatus> Coordinator::StopTask(const std::string& task) {
  const std::lock_guard lock(mutex_);
  auto status = rounds_.StopTask(task);
  NotifyMoves();
  return status;
}

absl::StatusOr<v1::RoundStatus> Coordinator::ExplainRound(
    const std::string& task, std::uint64_t round) {
  const std::lock_guard lock(mutex_);
  return rounds_.Explain(task, round);
}

absl::StatusOr<Bytes> Coordinator::ExportCheckpoint(const std::string& task,
                                                    std::uint64_t round) {
  const std::lock_guard lock(mutex_);
  return rounds_.Export(task, round);
}

absl::StatusOr<v1::ListDevicesReply> Coordinator::ListDevices() {
  const std::lock_guard lock(mutex_);
  SOTTO_ASSIGN_OR_RETURN(const auto devices, store_.ListDevices());
  v1::ListDevicesReply reply;
  for (const DeviceRecord& record : devices) {
    v1::ListDevicesReply::Device& device = *reply.add_devices();
    device.set_device_id(ToString(record.device_id));
    device.set_population(record.population);
    device.set_last_seen_ms(record.last_seen_ms);
    device.set_revoked(record.revoked);
  }
  return reply;
}

absl::Status Coordinator::RevokeDevice(ByteView device_id,
                                       const std::string& reason) {
  if (device_id.size() != 16) {
    return absl::InvalidArgumentError(
        absl::StrFormat("device id: %d bytes, wants 16", device_id.size()));
  }
  const std::lock_guard lock(mutex_);
  return store_.Revoke(device_id, reason);
}

absl::StatusOr<v1::RolloutStatus> Coordinator::StartRollout(
    const v1::StartRolloutRequest& request) {
  const std::lock_guard lock(mutex_);
  return rollouts_.StartRollout(request);
}

absl::StatusOr<v1::RolloutStatus> Coordinator::GetRollout(
    const std::string& model) {
  const std::lock_guard lock(mutex_);
  return rollouts_.Get(model);
}

absl::StatusOr<v1::RolloutStatus> Coordinator::RevertRollout(
    const std::string& model) {
  const std::lock_guard lock(mutex_);
  return rollouts_.Revert(model, "reverted by the operator");
}

absl::StatusOr<v1::RolloutStatus> Coordinator::SetRelease(
    const v1::SetReleaseRequest& request) {
  const std::lock_guard lock(mutex_);
  return rollouts_.SetRelease(request);
}

std::string Coordinator::Metrics() {
  const std::lock_guard lock(mutex_);
  std::string text;
  const auto add = [&](const std::string& name, const char* type,
                       std::uint64_t value) {
    text += absl::StrFormat("# TYPE sotto_%s %s\nsotto_%s %d\n", name, type,
                            name, value);
  };
  for (const auto& [name, count] : counts_) {
    add(name + "_total", "counter", count);
  }
  add("open_rounds", "gauge", rounds_.num_open_rounds());
  for (const auto& [name, value] : rounds_.totals()) {
    add(name + "_total", "counter", value);
  }
  if (const auto devices = store_.ListDevices(); devices.ok()) {
    add("devices", "gauge", devices->size());
  }
  return text;
}

}  // namespace sotto::server
