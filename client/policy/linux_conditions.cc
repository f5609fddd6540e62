#include <sys/statvfs.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "sotto/conditions.h"

namespace sotto {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> FirstLine(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<double> Number(const fs::path& path) {
  const std::optional<std::string> line = FirstLine(path);
  if (!line) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(line->c_str(), &end);
  if (end == line->c_str()) return std::nullopt;
  return value;
}

std::vector<fs::path> Entries(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    entries.push_back(it->path());
  }
  return entries;
}

// The zone's first passive trip is where Linux begins to throttle: "moderate".
bool IsHot(const fs::path& zone) {
  const std::optional<double> now = Number(zone / "temp");
  if (!now) return false;
  for (int i = 0; i < 16; ++i) {
    const std::string trip = "trip_point_" + std::to_string(i);
    const std::optional<std::string> type = FirstLine(zone / (trip + "_type"));
    if (!type) break;
    const std::optional<double> at = Number(zone / (trip + "_temp"));
    if (*type == "passive" && at && *at > 0 && *now >= *at) return true;
  }
  return false;
}

class Linux final : public DeviceConditions {
 public:
  Linux(std::string storage, std::string root)
      : storage_(std::move(storage)), root_(std::move(root)) {}

  ConditionReadings Read() override {
    ConditionReadings readings;
    ReadPower(&readings);
    const std::vector<fs::path> zones = Entries(root_ + "/sys/class/thermal");
    for (const fs::path& zone : zones) {
      if (zone.filename().string().rfind("thermal_zone", 0) != 0) continue;
      readings.overheated = readings.overheated.value_or(false) || IsHot(zone);
    }
    if (const auto load = Number(root_ + "/proc/loadavg")) {
      readings.load = *load / std::max(1u, std::thread::hardware_concurrency());
    }
    struct statvfs info = {};
    if (statvfs(storage_.c_str(), &info) == 0) {
      readings.free_storage_bytes =
          static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
    }
    return readings;
  }

 private:
  void ReadPower(ConditionReadings* readings) const {
    for (const fs::path& supply : Entries(root_ + "/sys/class/power_supply")) {
      const std::string type = FirstLine(supply / "type").value_or("");
      if (type == "Battery") {
        // A peripheral's battery, such as a mouse's, is not the device's.
        if (FirstLine(supply / "scope").value_or("") == "Device") continue;
        if (const auto percent = Number(supply / "capacity")) {
          readings->battery = *percent / 100;
        }
        const std::string status = FirstLine(supply / "status").value_or("");
        if (status == "Charging" || status == "Full") {
          readings->charging = true;
        } else if (!readings->charging) {
          readings->charging = false;
        }
      } else if (const auto online = Number(supply / "online")) {
        readings->charging = readings->charging.value_or(false) || *online != 0;
      }
    }
  }

  const std::string storage_, root_;
};

}  // namespace

std::unique_ptr<DeviceConditions> LinuxConditions(const std::string& storage,
                                                  const std::string& root) {
  return std::make_unique<Linux>(storage, root);
}

}  // namespace sotto
