#include "server/rollout/evaluation.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/status.h"

namespace sotto::server {
namespace {

constexpr int kMaxMetrics = 32;
constexpr std::size_t kMaxName = 64;
constexpr std::uint64_t kMaxCount = 1'000'000'000;
// Below it the chi-square approximation does not hold.
constexpr double kMinExpected = 5;

double WidthOf(const RolloutRecord& record, const std::string& name) {
  for (const model_store::RolloutArm& arm : record.document.arms) {
    if (arm.name == name) return arm.width_bp;
  }
  return 0;
}

const std::vector<MetricSample>& SamplesOf(const ArmData& arm,
                                           const std::string& metric) {
  static const std::vector<MetricSample> none;
  const auto found = arm.samples.find(metric);
  return found == arm.samples.end() ? none : found->second;
}

// The p-value of the reporting devices' split; 1 when it cannot be judged.
double SplitPValue(const RolloutRecord& record, const ArmData& control,
                   const ArmData& treatment) {
  const std::array expected = {WidthOf(record, kControl),
                               WidthOf(record, kTreatment)};
  const std::array observed = {control.reporting, treatment.reporting};
  const double total = static_cast<double>(observed[0] + observed[1]);
  const double least =
      std::min(expected[0], expected[1]) * total / (expected[0] + expected[1]);
  if (!(least >= kMinExpected)) return 1;
  const auto p = SampleRatioPValue(observed, expected);
  return p.ok() ? *p : 1;
}

}  // namespace

std::string VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "PASS";
    case Verdict::kFail:
      return "FAIL";
    case Verdict::kInconclusive:
      return "INCONCLUSIVE";
    case Verdict::kNoData:
      return "NO_DATA";
    case Verdict::kSrm:
      return "SRM";
  }
  return "?";
}

StepData Collect(const RolloutRecord& record, const std::vector<Bytes>& devices,
                 const std::vector<ReportRecord>& reports,
                 const ArmOf& arm_of) {
  StepData data;
  for (const model_store::RolloutArm& arm : record.document.arms) {
    data.arms[arm.name].release = arm.release;
  }
  std::map<Bytes, const ReportRecord*> latest;
  for (const ReportRecord& report : reports) {
    if (report.seq < record.start_seq) continue;
    const auto arm = data.arms.find(arm_of(report.device_id));
    if (arm == data.arms.end() || arm->second.release != report.release) {
      continue;
    }
    const ReportRecord*& kept = latest[report.device_id];
    if (kept == nullptr || kept->seq <= report.seq) kept = &report;
  }
  for (const Bytes& device : devices) {
    const auto arm = data.arms.find(arm_of(device));
    if (arm != data.arms.end()) ++arm->second.devices;
  }
  for (const auto& [device, report] : latest) {
    ArmData& arm = data.arms[arm_of(device)];
    ++arm.reporting;
    arm.model_bytes += report->model_bytes;
    if (report->seq == record.document.seq) ++arm.fresh_devices;
    v1::ReportRequest body;
    if (!body.ParseFromArray(report->body.data(),
                             static_cast<int>(report->body.size()))) {
      continue;
    }
    for (const v1::ReportRequest::Metric& metric : body.metrics()) {
      arm.samples[metric.name()].push_back(
          {.count = metric.count(),
           .sum = metric.sum(),
           .sum_squares = metric.sum_squares()});
    }
  }
  return data;
}

Evaluation Evaluate(const RolloutRecord& record, const StepData& data) {
  const ArmData& control = data.arms.at(kControl);
  const ArmData& treatment = data.arms.at(kTreatment);
  if (control.reporting == 0 || treatment.reporting == 0) {
    return {Verdict::kNoData,
            absl::StrFormat("%d control and %d treatment devices reported",
                            control.reporting, treatment.reporting)};
  }
  const double split = SplitPValue(record, control, treatment);
  if (split < kSampleRatioAlarm) {
    return {Verdict::kSrm,
            absl::StrFormat("%d : %d reporting devices, p = %.2g",
                            control.reporting, treatment.reporting, split)};
  }
  std::string evidence;
  bool enough = true;
  const auto& guardrails = record.request.guardrails();
  for (const v1::StartRolloutRequest::Guardrail& guardrail : guardrails) {
    const ArmEstimate c = Pool(SamplesOf(control, guardrail.metric()));
    const ArmEstimate t = Pool(SamplesOf(treatment, guardrail.metric()));
    if (!evidence.empty()) evidence += "; ";
    evidence +=
        absl::StrFormat("%s: %.4f of %d and %.4f of %d", guardrail.metric(),
                        c.mean, c.count, t.mean, t.count);
    if (c.count == 0 || t.count == 0 || c.count < guardrail.min_events() ||
        t.count < guardrail.min_events()) {
      evidence +=
          absl::StrFormat(", %d each are needed",
                          std::max<std::uint64_t>(1, guardrail.min_events()));
      enough = false;
      continue;
    }
    const auto bound = Bound({.alpha = guardrail.alpha() / guardrails.size(),
                              .expected_sample = guardrail.expected_sample()},
                             c, t);
    if (!bound.ok()) {
      evidence += ", " + std::string(bound.status().message());
      enough = false;
      continue;
    }
    evidence +=
        absl::StrFormat(", difference %.4f, bound %.4f", bound->difference,
                        bound->difference - bound->half_width);
    if (bound->regression) return {Verdict::kFail, evidence};
  }
  const std::uint32_t wanted =
      std::max<std::uint32_t>(1, record.request.min_devices_per_arm());
  if (control.fresh_devices < wanted || treatment.fresh_devices < wanted) {
    evidence += absl::StrFormat("; %d and %d devices reported at this step",
                                control.fresh_devices, treatment.fresh_devices);
    enough = false;
  }
  return {enough ? Verdict::kPass : Verdict::kInconclusive, evidence};
}

void FillArms(const StepData& data, v1::RolloutStatus::Step& step) {
  step.clear_arms();
  for (const auto& [name, arm] : data.arms) {
    v1::RolloutStatus::Arm& out = *step.add_arms();
    out.set_name(name);
    out.set_release(arm.release);
    out.set_devices(arm.devices);
    out.set_model_bytes(arm.model_bytes);
    for (const auto& [metric, samples] : arm.samples) {
      const ArmEstimate estimate = Pool(samples);
      (*out.mutable_mean())[metric] = estimate.mean;
      (*out.mutable_count())[metric] = estimate.count;
    }
  }
}

RevertTally TallyRevert(const RolloutRecord& record,
                        const std::vector<ReportRecord>& reports) {
  struct Device {
    bool treated = false;
    bool reverted = false;
    std::uint64_t bytes_before = 0;  // of the control release
    std::uint64_t bytes_after = 0;
  };
  std::map<Bytes, Device> devices;
  for (const ReportRecord& report : reports) {
    Device& device = devices[report.device_id];
    const bool after = report.seq >= record.revert_seq;
    if (report.release == record.request.treatment_release()) {
      device.treated |= !after && report.seq >= record.start_seq;
    } else if (report.release == record.request.control_release()) {
      // The device counts all bytes it ever fetched for a release.
      std::uint64_t& bytes = after ? device.bytes_after : device.bytes_before;
      bytes = std::max(bytes, report.model_bytes);
      device.reverted |= after;
    }
  }
  RevertTally tally;
  for (const auto& [id, device] : devices) {
    if (!device.treated) continue;
    ++tally.treated;
    if (!device.reverted) continue;
    ++tally.reverted;
    if (device.bytes_after > device.bytes_before) {
      tally.model_bytes += device.bytes_after - device.bytes_before;
    }
  }
  return tally;
}

absl::Status CheckReport(const v1::ReportRequest& report) {
  const auto bad = [](const std::string& what) {
    return absl::InvalidArgumentError("report: " + what);
  };
  if (report.report_id().size() != 16) {
    return bad(absl::StrFormat("report_id has %d bytes, wants 16",
                               report.report_id().size()));
  }
  if (report.model().empty() || report.model().size() > kMaxName) {
    return bad("model wants a name of 1 to 64 bytes");
  }
  if (report.metrics_size() > kMaxMetrics) {
    return bad(absl::StrFormat("%d metrics, at most %d are taken",
                               report.metrics_size(), kMaxMetrics));
  }
  for (const v1::ReportRequest::Metric& metric : report.metrics()) {
    if (metric.name().empty() || metric.name().size() > kMaxName) {
      return bad("a metric wants a name of 1 to 64 bytes");
    }
    if (metric.count() > kMaxCount || !std::isfinite(metric.sum()) ||
        !std::isfinite(metric.sum_squares()) || metric.sum_squares() < 0) {
      return bad(absl::StrFormat(
          "metric '%s' has a number that is not finite or out of range",
          metric.name()));
    }
  }
  return absl::OkStatus();
}

}  // namespace sotto::server
