// When the device may work: read before and once a second during training.

#ifndef SOTTO_CONDITIONS_H_
#define SOTTO_CONDITIONS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace sotto {

// One reading. Empty: the system does not say.
struct ConditionReadings {
  std::optional<bool> charging = {};
  std::optional<double> battery = {};  // of full, 0..1; empty: no battery
  std::optional<double> load =
      {};  // runnable threads per core, one-minute mean
  std::optional<bool> overheated = {};
  std::optional<bool> metered = {};
  std::optional<std::uint64_t> free_storage_bytes = {};
};

// Thread-safe.
class DeviceConditions {
 public:
  virtual ~DeviceConditions() = default;
  virtual ConditionReadings Read() = 0;
};

// /sys/class/power_supply, /sys/class/thermal, /proc/loadavg and the file
// system of `storage`. `root` is "" except in tests. Whether the network is
// metered is not among what Linux tells without a daemon: it stays empty.
std::unique_ptr<DeviceConditions> LinuxConditions(const std::string& storage,
                                                  const std::string& root = "");

}  // namespace sotto

#endif  // SOTTO_CONDITIONS_H_
