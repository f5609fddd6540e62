// From devices' reports to a verdict on the current step. Pure functions.

#ifndef SOTTO_SERVER_ROLLOUT_EVALUATION_H_
#define SOTTO_SERVER_ROLLOUT_EVALUATION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/rpc/admin.pb.h"
#include "proto/rpc/telemetry.pb.h"
#include "server/rollout/rollout_record.h"
#include "server/rollout/statistics.h"
#include "server/state/records.h"

namespace sotto::server {

// A step ends with PASS, FAIL or SRM. NO_DATA and INCONCLUSIVE mean: not yet.
enum class Verdict : std::uint8_t {
  kPass,
  kFail,
  kInconclusive,
  kNoData,
  kSrm
};
std::string VerdictName(Verdict verdict);

// The arm that the rules give a device: "control", "treatment", or empty
// outside the gate.
using ArmOf = std::function<std::string(const Bytes& device_id)>;

inline constexpr char kControl[] = "control";
inline constexpr char kTreatment[] = "treatment";

struct ArmData {
  std::uint64_t release = 0;
  std::uint32_t devices = 0;        // that the rules put there
  std::uint32_t fresh_devices = 0;  // that reported under this step's rules
  std::map<std::string, std::vector<MetricSample>> samples;  // one a device
  std::uint64_t reporting = 0;
  std::uint64_t model_bytes = 0;
};

struct StepData {
  std::map<std::string, ArmData> arms;
};

// Each device counts once, with its latest report of its arm's release since
// the rollout began; reports of another release than the arm's are not used.
StepData Collect(const RolloutRecord& record, const std::vector<Bytes>& devices,
                 const std::vector<ReportRecord>& reports, const ArmOf& arm_of);

struct Evaluation {
  Verdict verdict = Verdict::kNoData;
  std::string evidence;
};

// In this order: NO_DATA while an arm has no report; SRM when the reporting
// devices do not match the arms' widths; INCONCLUSIVE below the minimum of
// events or of fresh devices; FAIL when any guardrail shows a regression (alpha
// is split among the guardrails); else PASS.
Evaluation Evaluate(const RolloutRecord& record, const StepData& data);

void FillArms(const StepData& data, v1::RolloutStatus::Step& step);

// What a revert did: treated devices that run the control release again, and
// the model bytes they fetched for that.
struct RevertTally {
  std::uint32_t treated = 0;
  std::uint32_t reverted = 0;
  std::uint64_t model_bytes = 0;
};
// `reports` are all of the model, oldest first.
RevertTally TallyRevert(const RolloutRecord& record,
                        const std::vector<ReportRecord>& reports);

// INVALID_ARGUMENT names the field: sizes, names, numbers that are not finite.
absl::Status CheckReport(const v1::ReportRequest& report);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROLLOUT_EVALUATION_H_
