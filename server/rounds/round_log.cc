#include "server/rounds/round_log.h"

#include "base/codec.h"
#include "base/status.h"

namespace sotto::server {
namespace {

constexpr char kTag[] = "sotto/round-log/v1";
constexpr char kDroppedPrefix[] = "dropped:";
// A device that repeats a refused message must not grow the log for ever.
constexpr std::size_t kMaxShape = 64;

}  // namespace

void RoundLog::Mark(const Bytes& device_id, char letter) {
  std::string& shape = devices_[device_id].shape;
  if (shape.size() < kMaxShape) shape += letter;
}

void RoundLog::MarkOnce(const Bytes& device_id, char letter) {
  const std::string& shape = devices_[device_id].shape;
  if (shape.empty() || shape.back() != letter) Mark(device_id, letter);
}

void RoundLog::Outcome(const Bytes& device_id, const std::string& outcome,
                       const std::string& reason) {
  DevicePath& path = devices_[device_id];
  path.outcome = outcome;
  path.reason = reason;
}

void RoundLog::EndPhase(const std::string& name, std::int64_t since_ms,
                        std::int64_t now_ms) {
  phases_.push_back(absl::StrFormat(
      "%s %.3fs", name, static_cast<double>(now_ms - since_ms) / 1000));
}

void RoundLog::Report(v1::RoundStatus& status) const {
  status.set_bytes_up(bytes_up_);
  status.set_bytes_down(bytes_down_);
  for (const std::string& phase : phases_) status.add_phases(phase);
  for (const auto& [id, path] : devices_) {
    v1::RoundStatus::Device& device = *status.add_devices();
    device.set_device_id(ToString(id));
    device.set_shape(path.shape);
    device.set_outcome(path.outcome);
    device.set_reason(path.reason);
    if (path.outcome.rfind(kDroppedPrefix, 0) == 0) {
      ++(*status.mutable_dropped())[path.outcome.substr(sizeof kDroppedPrefix -
                                                        1)];
    }
  }
}

Bytes RoundLog::Encode() const {
  Encoder encoder(kTag);
  encoder.U64(bytes_up_).U64(bytes_down_);
  encoder.U32(static_cast<std::uint32_t>(phases_.size()));
  for (const std::string& phase : phases_) encoder.Text(phase);
  encoder.U32(static_cast<std::uint32_t>(devices_.size()));
  for (const auto& [id, path] : devices_) {
    encoder.Octets(id).Text(path.shape).Text(path.outcome).Text(path.reason);
  }
  return std::move(encoder).Take();
}

absl::StatusOr<RoundLog> RoundLog::Decode(ByteView bytes) {
  Decoder decoder(bytes);
  RoundLog log;
  const absl::Status status = [&]() -> absl::Status {
    SOTTO_RETURN_IF_ERROR(decoder.Tag(kTag));
    SOTTO_ASSIGN_OR_RETURN(log.bytes_up_, decoder.U64("bytes_up"));
    SOTTO_ASSIGN_OR_RETURN(log.bytes_down_, decoder.U64("bytes_down"));
    SOTTO_ASSIGN_OR_RETURN(const std::uint32_t phases, decoder.U32("phases"));
    for (std::uint32_t i = 0; i < phases; ++i) {
      SOTTO_ASSIGN_OR_RETURN(std::string phase, decoder.Text("phase"));
      log.phases_.push_back(std::move(phase));
    }
    SOTTO_ASSIGN_OR_RETURN(const std::uint32_t devices, decoder.U32("devices"));
    for (std::uint32_t i = 0; i < devices; ++i) {
      SOTTO_ASSIGN_OR_RETURN(const ByteView id, decoder.Octets("device"));
      DevicePath& path = log.devices_[Bytes(id.begin(), id.end())];
      SOTTO_ASSIGN_OR_RETURN(path.shape, decoder.Text("shape"));
      SOTTO_ASSIGN_OR_RETURN(path.outcome, decoder.Text("outcome"));
      SOTTO_ASSIGN_OR_RETURN(path.reason, decoder.Text("reason"));
    }
    return decoder.Finish();
  }();
  if (!status.ok()) {
    return absl::DataLossError("journal: round log: " +
                               std::string(status.message()));
  }
  return log;
}

}  // namespace sotto::server
