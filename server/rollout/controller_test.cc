#include "server/rollout/controller.h"

#include <map>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model_store/rollout/assignment.h"
#include "model_store/rollout/policy.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

using model_store::DecodeRollout;
using model_store::RolloutDocument;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kModel[] = "digits/cnn";

// Keeps what was signed, and refuses what a device would refuse.
class DevicePublisher final : public RulesPublisher {
 public:
  explicit DevicePublisher(Clock& clock) : clock_(clock) {}
  absl::Status PublishRules(const std::string& app,
                            ByteView document) override {
    EXPECT_EQ(app, "digits");
    if (failing) return absl::UnavailableError("disk full");
    if (AsText(document) == AsText(current)) return absl::OkStatus();
    if (!current.empty()) {
      EXPECT_THAT(
          model_store::CheckSuccessor(current, DecodeRollout(document).value(),
                                      policy, clock_.Now()),
          IsOk());
    }
    current.assign(document.begin(), document.end());
    ++published;
    return absl::OkStatus();
  }
  absl::StatusOr<Bytes> ReadTarget(const std::string& name) override {
    if (name != "policy/p.json") return absl::NotFoundError(name);
    return ToBytes(R"({"max_step_bp": 5000, "min_dwell_ms": 1000})");
  }
  absl::StatusOr<bool> HasRelease(const std::string& model,
                                  std::uint64_t release) override {
    return model == kModel && release <= 3;
  }
  RolloutDocument document() const { return DecodeRollout(current).value(); }

  model_store::RolloutPolicy policy{.max_step_bp = 5000, .min_dwell_ms = 1000};
  Bytes current;
  int published = 0;
  bool failing = false;

 private:
  Clock& clock_;
};

class ControllerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Restart();
    for (int i = 0; i < 24; ++i) {
      DeviceRecord device;
      device.device_id = Bytes(16, static_cast<std::uint8_t>(i + 1));
      device.population = "digits";
      ASSERT_THAT(store_.PutDevice(device), IsOk());
      devices_.push_back(device);
    }
    v1::SetReleaseRequest first;
    first.set_model(kModel);
    first.set_release(1);
    ASSERT_THAT(controller_->SetRelease(first), IsOk());
    ReportAll({});
  }

  void Restart() {
    controller_ = std::make_unique<RolloutController>(
        RolloutController::Parts{.store = store_,
                                 .clock = clock_,
                                 .rng = rng_,
                                 .publisher = publisher_});
    ASSERT_THAT(controller_->Start(), IsOk());
  }

  v1::StartRolloutRequest Request() const {
    v1::StartRolloutRequest request;
    request.set_model(kModel);
    request.set_policy("policy/p.json");
    request.set_control_release(1);
    request.set_treatment_release(2);
    for (const std::uint32_t step : {1000U, 5000U, 10000U}) {
      request.add_steps_bp(step);
    }
    request.set_dwell_ms(1500);
    request.set_min_devices_per_arm(1);
    auto& guardrail = *request.add_guardrails();
    guardrail.set_metric("error_rate");
    guardrail.set_alpha(0.05);
    guardrail.set_expected_sample(200);
    guardrail.set_min_events(20);
    return request;
  }

  model_store::Assignment AssignmentOf(const DeviceRecord& device) const {
    return model_store::Assign(publisher_.document(),
                               HexEncode(device.device_id), "{}")
        .value();
  }

  // Every device follows the signed rules and reports once a document: it makes
  // `errors[release]` mistakes in 60.
  void ReportAll(const std::map<std::uint64_t, int>& errors) {
    for (const DeviceRecord& device : devices_) {
      const std::uint64_t release = AssignmentOf(device).release;
      const auto found = errors.find(release);
      Report(device, release, found == errors.end() ? 0 : found->second);
    }
  }

  void Report(const DeviceRecord& device, std::uint64_t release, int errors) {
    // As the agent does: all bytes ever fetched for the release.
    fetched_.insert({device.device_id, release});
    v1::ReportRequest report;
    Bytes id(16);
    rng_.Fill(id);
    report.set_report_id(ToString(id));
    report.set_model(kModel);
    report.set_rollout_seq(publisher_.document().seq);
    report.set_release_counter(release);
    report.set_model_bytes_downloaded(1000);
    auto& metric = *report.add_metrics();
    metric.set_name("error_rate");
    metric.set_count(60);
    metric.set_sum(errors);
    metric.set_sum_squares(errors);
    ASSERT_THAT(controller_->Report(device, report), IsOk());
  }

  void Pass(int ms) {
    for (int t = 0; t < ms; t += 100) {
      clock_.Advance(std::chrono::milliseconds(100));
      ASSERT_THAT(controller_->Tick(), IsOk());
    }
  }
  v1::RolloutStatus Status() { return controller_->Get(kModel).value(); }

  Store store_ = Store::Open(":memory:").value();
  FakeClock clock_{UnixTime(std::chrono::milliseconds(1'000'000))};
  crypto::SeededRng rng_{AsBytes("rollout")};
  DevicePublisher publisher_{clock_};
  std::unique_ptr<RolloutController> controller_;
  std::vector<DeviceRecord> devices_;
  std::set<std::pair<Bytes, std::uint64_t>> fetched_;
};

TEST_F(ControllerTest, AGoodReleaseGoesThroughAllStepsToAllDevices) {
  ASSERT_THAT(controller_->StartRollout(Request()), IsOk());
  for (const std::uint32_t step : {1000U, 5000U, 10000U}) {
    EXPECT_EQ(Status().state(), "running");
    EXPECT_EQ(publisher_.document().step_bp, step);
    ReportAll({{1, 54}, {2, 2}});
    Pass(1600);
  }
  EXPECT_EQ(Status().state(), "done");
  EXPECT_EQ(Status().active_release(), 2U);
  EXPECT_EQ(publisher_.document().state, model_store::RolloutState::kDone);
  ASSERT_EQ(Status().steps_size(), 3);
  const v1::RolloutStatus ended = Status();
  for (const auto& step : ended.steps()) {
    EXPECT_EQ(step.verdict(), "PASS");
    ASSERT_EQ(step.arms_size(), 2);
    EXPECT_GE(step.arms(0).devices(), 1U);
    EXPECT_GE(step.arms(1).devices(), 1U);
  }
  for (const DeviceRecord& device : devices_) {
    EXPECT_EQ(AssignmentOf(device).release, 2U);
  }
}

TEST_F(ControllerTest, ARegressionRevertsAtOnceAndFetchesNothing) {
  ASSERT_THAT(controller_->StartRollout(Request()), IsOk());
  ReportAll({{1, 2}, {2, 54}});
  Pass(100);  // the dwell is not over
  EXPECT_EQ(Status().state(), "reverting");
  EXPECT_EQ(Status().steps(0).verdict(), "FAIL");
  EXPECT_THAT(Status().reason(), StartsWith("guardrail: error_rate"));
  for (const DeviceRecord& device : devices_) {
    EXPECT_EQ(AssignmentOf(device).release, 1U);
  }
  ReportAll({{1, 2}});
  Pass(100);
  EXPECT_EQ(Status().state(), "reverted");
  EXPECT_GE(Status().devices_reverted(), 1U);
  EXPECT_EQ(Status().revert_bytes(), 0U);
  EXPECT_EQ(Status().active_release(), 1U);
  // The next rollout starts from there.
  EXPECT_THAT(controller_->StartRollout(Request()), IsOk());
}

TEST_F(ControllerTest, WithoutDataNothingIsPromoted) {
  ASSERT_THAT(controller_->StartRollout(Request()), IsOk());
  Pass(60000);
  EXPECT_EQ(Status().state(), "running");
  EXPECT_EQ(publisher_.document().step_bp, 1000U);
  EXPECT_EQ(Status().steps(0).verdict(), "");
  EXPECT_THAT(Status().steps(0).evidence(), StartsWith("NO_DATA"));
}

TEST_F(ControllerTest, BelowTheMinimumOfEventsNothingIsDecided) {
  auto request = Request();
  request.mutable_guardrails(0)->set_min_events(100000);
  ASSERT_THAT(controller_->StartRollout(request), IsOk());
  ReportAll({{1, 0}, {2, 60}});
  Pass(5000);
  EXPECT_EQ(Status().state(), "running");
  EXPECT_THAT(Status().steps(0).evidence(), StartsWith("INCONCLUSIVE"));
}

TEST_F(ControllerTest, EachStepNeedsReportsOfItsOwn) {
  ASSERT_THAT(controller_->StartRollout(Request()), IsOk());
  ReportAll({{1, 5}, {2, 5}});
  Pass(1600);
  EXPECT_EQ(publisher_.document().step_bp, 5000U);
  Pass(60000);
  EXPECT_EQ(publisher_.document().step_bp, 5000U);
  EXPECT_THAT(Status().steps(1).evidence(), HasSubstr("at this step"));
}

TEST_F(ControllerTest, ReportsOfOneArmOnlyHoldTheRollout) {
  auto request = Request();
  request.set_min_devices_per_arm(0);
  request.clear_steps_bp();
  request.add_steps_bp(5000);
  request.add_steps_bp(10000);
  // Enough devices for a ratio to be judged.
  for (int i = 0; i < 176; ++i) {
    DeviceRecord device;
    device.device_id = Bytes(16, 200);
    device.device_id[0] = static_cast<std::uint8_t>(i);
    ASSERT_THAT(store_.PutDevice(device), IsOk());
    devices_.push_back(device);
  }
  ASSERT_THAT(controller_->StartRollout(request), IsOk());
  int treated = 0;
  for (const DeviceRecord& device : devices_) {
    const auto assigned = AssignmentOf(device);
    // Most treated devices fall silent, as when the release crashes them.
    if (assigned.arm == kTreatment && ++treated > 4) continue;
    Report(device, assigned.release, 5);
  }
  Pass(200);
  EXPECT_EQ(Status().state(), "held");
  EXPECT_EQ(Status().steps(0).verdict(), "SRM");
  EXPECT_THAT(controller_->Revert(kModel, "operator"), IsOk());
  EXPECT_EQ(Status().state(), "reverting");
}

TEST_F(ControllerTest, ARestartAtAnyTimeGoesOn) {
  publisher_.failing = true;
  EXPECT_THAT(controller_->StartRollout(Request()),
              StatusIs(absl::StatusCode::kUnavailable));
  publisher_.failing = false;
  Restart();  // stored but not signed: signed now
  EXPECT_EQ(publisher_.document().step_bp, 1000U);
  const int before = publisher_.published;
  Restart();
  EXPECT_EQ(publisher_.published, before);
  ReportAll({{1, 5}, {2, 5}});
  Restart();
  Pass(1600);
  EXPECT_EQ(publisher_.document().step_bp, 5000U);
}

TEST_F(ControllerTest, RulesThatCouldNotBeSignedAreSignedLater) {
  ASSERT_THAT(controller_->StartRollout(Request()), IsOk());
  publisher_.failing = true;
  EXPECT_THAT(controller_->Revert(kModel, "operator"),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(controller_->Tick(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(publisher_.document().state, model_store::RolloutState::kRunning);
  publisher_.failing = false;
  ASSERT_THAT(controller_->Tick(), IsOk());  // without a restart
  EXPECT_EQ(publisher_.document().state, model_store::RolloutState::kReverting);
}

TEST_F(ControllerTest, AStepNeverMovesADeviceToAnotherArm) {
  ASSERT_THAT(controller_->StartRollout(Request()), IsOk());
  std::map<Bytes, std::string> arms;
  for (int step = 0; step < 3; ++step) {
    for (const DeviceRecord& device : devices_) {
      const std::string arm = AssignmentOf(device).arm;
      if (!arms[device.device_id].empty()) {
        EXPECT_EQ(arm, arms[device.device_id]);
      }
      arms[device.device_id] = arm;
    }
    ReportAll({{1, 5}, {2, 5}});
    Pass(1600);
  }
}

TEST_F(ControllerTest, WhatCannotWorkIsRefusedByName) {
  struct Case {
    absl::StatusCode code;
    const char* message;
    void (*change)(v1::StartRolloutRequest&);
  };
  for (const Case& c : {
           Case{kInvalid, "steps_bp", [](auto& r) { r.set_steps_bp(1, 900); }},
           Case{kInvalid, "steps_bp", [](auto& r) { r.set_steps_bp(2, 9000); }},
           Case{kInvalid, "guardrails", [](auto& r) { r.clear_guardrails(); }},
           Case{kInvalid, "alpha",
                [](auto& r) { r.mutable_guardrails(0)->set_alpha(0.5); }},
           Case{kInvalid, "treatment",
                [](auto& r) { r.set_treatment_release(1); }},
           Case{kInvalid, "condition",
                [](auto& r) { r.set_condition_json("["); }},
           Case{kPrecondition, "policy", [](auto& r) { r.set_dwell_ms(10); }},
           Case{kPrecondition, "allows 5000",
                [](auto& r) {
                  r.mutable_steps_bp()->Clear();
                  r.add_steps_bp(10000);
                }},
           Case{kPrecondition, "control",
                [](auto& r) { r.set_control_release(3); }},
           Case{kPrecondition, "no salt",
                [](auto& r) { r.set_min_devices_per_arm(20); }},
           Case{absl::StatusCode::kNotFound, "release 9",
                [](auto& r) { r.set_treatment_release(9); }},
           Case{absl::StatusCode::kNotFound, "nowhere",
                [](auto& r) { r.set_policy("nowhere"); }},
       }) {
    auto request = Request();
    c.change(request);
    EXPECT_THAT(controller_->StartRollout(request),
                StatusIs(c.code, HasSubstr(c.message)));
  }
  EXPECT_EQ(Status().state(), "done");
  v1::SetReleaseRequest other;
  other.set_model(kModel);
  other.set_release(2);
  EXPECT_THAT(controller_->SetRelease(other), StatusIs(kPrecondition));
  EXPECT_THAT(controller_->Get("nope"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(controller_->Revert(kModel, ""), StatusIs(kPrecondition));
}

TEST_F(ControllerTest, ADeviceHasOneReportForEachRules) {
  const std::size_t before = store_.ListReports(kModel, 0)->size();
  v1::ReportRequest report;
  report.set_model(kModel);
  report.set_rollout_seq(publisher_.document().seq);
  for (int i = 0; i < 50; ++i) {
    report.set_report_id(std::string(16, static_cast<char>('A' + i)));
    report.set_release_counter(static_cast<std::uint64_t>(i));
    ASSERT_THAT(controller_->Report(devices_[0], report), IsOk());
  }
  const auto kept = store_.ListReports(kModel, 0);
  EXPECT_EQ(kept->size(), before);
  EXPECT_THAT(*kept, ::testing::Contains(
                         ::testing::Field(&ReportRecord::release, 49U)));
}

TEST_F(ControllerTest, AReportOfRulesThatAreNotThereIsRefused) {
  v1::ReportRequest report;
  report.set_report_id(std::string(16, 'r'));
  report.set_model(kModel);
  report.set_rollout_seq(publisher_.document().seq + 1);
  EXPECT_THAT(controller_->Report(devices_[0], report),
              StatusIs(kInvalid, HasSubstr("the newest are")));
  report.set_rollout_seq(~std::uint64_t{0});
  EXPECT_THAT(controller_->Report(devices_[0], report), StatusIs(kInvalid));
  report.set_model("other/model");
  EXPECT_THAT(
      controller_->Report(devices_[0], report),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("'other/model'")));
}

TEST_F(ControllerTest, AMalformedReportChangesNothing) {
  v1::ReportRequest report;
  report.set_model(kModel);
  EXPECT_THAT(controller_->Report(devices_[0], report),
              StatusIs(kInvalid, HasSubstr("report_id")));
  report.set_report_id(std::string(16, 'r'));
  auto& metric = *report.add_metrics();
  metric.set_name("error_rate");
  metric.set_sum(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(controller_->Report(devices_[0], report),
              StatusIs(kInvalid, HasSubstr("'error_rate'")));
}

}  // namespace
}  // namespace sotto::server
