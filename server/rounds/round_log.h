// What a round can tell afterwards: sizes, times, and each device's path.
//
// A device's path is a session-shape string, one letter an event
// (docs/protocol/federation.md): `-` assigned, `v` checkpoint key granted,
// `[` keys advertised, `]` shares accepted, `+` masked input begun, `^` masked
// input counted, `s` survivor set signed, `u` unmask shares accepted,
// `#` message refused, `!` the device complained.

#ifndef SOTTO_SERVER_ROUNDS_ROUND_LOG_H_
#define SOTTO_SERVER_ROUNDS_ROUND_LOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "proto/rpc/admin.pb.h"

namespace sotto::server {

struct DevicePath {
  std::string shape;
  std::string outcome;  // empty while open
  std::string reason;
};

class RoundLog {
 public:
  void Mark(const Bytes& device_id, char letter);
  // Appends `letter` unless the path ends in it: a repeated request is one
  // event.
  void MarkOnce(const Bytes& device_id, char letter);
  void Outcome(const Bytes& device_id, const std::string& outcome,
               const std::string& reason);
  std::uint64_t bytes_up() const { return bytes_up_; }
  std::uint64_t bytes_down() const { return bytes_down_; }
  void CountUp(std::uint64_t bytes) { bytes_up_ += bytes; }
  void CountDown(std::uint64_t bytes) { bytes_down_ += bytes; }
  // Ends the current phase at `now_ms`, measured from `since_ms`.
  void EndPhase(const std::string& name, std::int64_t since_ms,
                std::int64_t now_ms);

  const std::map<Bytes, DevicePath>& devices() const { return devices_; }

  // Fills bytes, phases, devices, and the counts of outcomes.
  void Report(v1::RoundStatus& status) const;

  // For the journal's snapshots. Decode: DATA_LOSS.
  Bytes Encode() const;
  static absl::StatusOr<RoundLog> Decode(ByteView bytes);

 private:
  std::map<Bytes, DevicePath> devices_;
  std::vector<std::string> phases_;
  std::uint64_t bytes_up_ = 0;
  std::uint64_t bytes_down_ = 0;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_ROUND_LOG_H_
