#include "client/policy/work_conditions.h"

#include <filesystem>
#include <fstream>

#include "client/policy/scripted_conditions.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::HasSubstr;

TEST(WorkConditions, AMachineOnMainsThatSaysNothingElseMayWork) {
  EXPECT_THAT(CheckConditions({}, {}), IsOk());
}

TEST(WorkConditions, TheBatteryBoundIsInclusive) {
  ConditionReadings readings{.charging = false, .battery = 0.30};
  EXPECT_THAT(CheckConditions(readings, {.min_battery = 0.3}), IsOk());
  readings.battery = 0.29;
  EXPECT_THAT(
      CheckConditions(readings, {.min_battery = 0.3}),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("battery")));
  readings.charging = true;
  EXPECT_THAT(CheckConditions(readings, {.min_battery = 0.3}), IsOk());
}

TEST(WorkConditions, EachConditionThatFailsIsNamed) {
  const struct {
    ConditionReadings readings;
    LocalPolicy policy;
    std::string names;
  } cases[] = {
      {{}, {.allow_training = false}, "not allowed"},
      {{.battery = 0.9}, {.require_charging = true}, "not charging"},
      {{.load = 0.9}, {.require_idle = true}, "not idle"},
      {{}, {.require_idle = true}, "not idle"},
      {{.overheated = true}, {}, "hot"},
      {{.metered = true}, {}, "metered"},
      {{.free_storage_bytes = 10}, {.min_free_storage_bytes = 11}, "storage"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(
        CheckConditions(c.readings, c.policy),
        StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(c.names)));
  }
}

TEST(WorkConditions, ScriptedReadingsChangeWhenToldTo) {
  ScriptedConditions conditions;
  EXPECT_FALSE(conditions.Read().overheated.has_value());
  conditions.Set({.overheated = true});
  EXPECT_EQ(conditions.Read().overheated, true);
}

class LinuxConditionsTest : public ::testing::Test {
 protected:
  LinuxConditionsTest() : root_(testing::TempDir() + "/sysroot") {
    std::filesystem::remove_all(root_);
  }
  void Put(const std::string& path, const std::string& text) {
    const std::filesystem::path full = root_ + path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text << "\n";
  }
  ConditionReadings Read() { return LinuxConditions("/", root_)->Read(); }

  const std::string root_;
};

TEST_F(LinuxConditionsTest, AnEmptySysSaysNothingAboutPowerOrHeat) {
  const ConditionReadings readings = Read();
  EXPECT_FALSE(readings.battery.has_value());
  EXPECT_FALSE(readings.charging.has_value());
  EXPECT_FALSE(readings.overheated.has_value());
  EXPECT_TRUE(readings.free_storage_bytes.has_value());
}

TEST_F(LinuxConditionsTest, ADischargingBatteryIsRead) {
  Put("/sys/class/power_supply/BAT0/type", "Battery");
  Put("/sys/class/power_supply/BAT0/capacity", "42");
  Put("/sys/class/power_supply/BAT0/status", "Discharging");
  Put("/sys/class/power_supply/AC/type", "Mains");
  Put("/sys/class/power_supply/AC/online", "0");
  const ConditionReadings readings = Read();
  EXPECT_DOUBLE_EQ(readings.battery.value_or(0), 0.42);
  EXPECT_EQ(readings.charging, false);
}

TEST_F(LinuxConditionsTest, MainsPowerCountsAsCharging) {
  Put("/sys/class/power_supply/AC/type", "Mains");
  Put("/sys/class/power_supply/AC/online", "1");
  EXPECT_EQ(Read().charging, true);
}

TEST_F(LinuxConditionsTest, AZoneAtItsPassiveTripIsHot) {
  Put("/sys/class/thermal/thermal_zone0/temp", "79000");
  Put("/sys/class/thermal/thermal_zone0/trip_point_0_type", "passive");
  Put("/sys/class/thermal/thermal_zone0/trip_point_0_temp", "80000");
  EXPECT_EQ(Read().overheated, false);
  Put("/sys/class/thermal/thermal_zone0/temp", "80000");
  EXPECT_EQ(Read().overheated, true);
}

}  // namespace
}  // namespace sotto::client
