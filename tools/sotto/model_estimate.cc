// sotto model measure-device, and estimate: a model's time from the table that
// the first one wrote, without running the model.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "tools/sotto/command.h"
#include "tools/sotto/device_cost.h"
#include "tools/sotto/device_networks.h"
#include "tools/sotto/model_commands.h"
#include "tools/sotto/model_measurement.h"
#include "tools/sotto/model_plan.h"
#include "tools/sotto/model_session.h"

namespace sotto::tools {
namespace {

using nlohmann::json;

struct MeasureFlags {
  std::string out;
  int threads = 1;
  double seconds_each = 0.02;
  bool json = false;
};

// The shortest time of each node so far.
class StepTimer final : public runtime::NodeObserver {
 public:
  void OnNode(const runtime::Node& node, std::size_t, std::int64_t begin_ns,
              std::int64_t end_ns) override {
    const double seconds = static_cast<double>(end_ns - begin_ns) * 1e-9;
    const auto [at, added] = steps_.try_emplace(node.op_index);
    if (added) {
      at->second = DeviceCost::Describe(node);
      at->second.seconds = seconds;
    }
    at->second.seconds = std::min(at->second.seconds, seconds);
  }
  const std::map<std::int32_t, StepCost>& steps() const { return steps_; }

 private:
  std::map<std::int32_t, StepCost> steps_;
};

// A network that this build refuses adds nothing: the steps of its kind then
// have the next best basis.
absl::Status Measure(const runtime::Model& model, const MeasureFlags& flags,
                     DeviceCost& table) {
  StepTimer timer;
  auto runner = runtime::Interpreter::Create(
      model, {.threads = flags.threads, .observer = &timer});
  if (absl::IsUnimplemented(runner.status())) return absl::OkStatus();
  SOTTO_RETURN_IF_ERROR(runner.status());
  FillInputs(*runner);
  const double end = SecondsNow() + flags.seconds_each;
  int runs = 0;
  while (runs < 5 || SecondsNow() < end) {
    SOTTO_RETURN_IF_ERROR(runner->Invoke());
    ++runs;
  }
  for (const auto& [op, step] : timer.steps()) table.Add(step);
  return absl::OkStatus();
}

absl::Status MeasureDevice(const MeasureFlags& flags) {
  const std::vector<runtime::Model> networks = DeviceNetworks();
  DeviceCost table;
  const InterruptGuard guard;
  {
    ProgressBar progress(networks.size());
    for (std::size_t i = 0; i < networks.size(); ++i) {
      if (Interrupted()) return absl::CancelledError("interrupted");
      const absl::Status status = Measure(networks[i], flags, table);
      if (!status.ok()) {
        return Annotate(status,
                        absl::StrFormat("network %d", static_cast<int>(i)));
      }
      progress.Show(i + 1, "networks");
    }
  }
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(
      flags.out, table.ToJson(flags.threads).dump(1) + "\n"));
  if (flags.json) {
    PrintJson({{"path", flags.out}, {"steps", table.size()}});
  } else {
    std::printf("%s: %zu steps measured\n", flags.out.c_str(), table.size());
  }
  return absl::OkStatus();
}

struct EstimateFlags {
  SessionFlags session;
  std::string device;
  bool measure = false, json = false;
  std::size_t runs = 30;
};

absl::Status Estimate(const EstimateFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(flags.device));
  const absl::StatusOr<DeviceCost> table = DeviceCost::FromJson(text);
  if (!table.ok()) return Annotate(table.status(), flags.device);
  SessionFlags session_flags = flags.session;
  session_flags.threads = table->threads();
  SOTTO_ASSIGN_OR_RETURN(const std::unique_ptr<ModelSession> session,
                         ModelSession::Load(session_flags));
  const absl::StatusOr<std::unique_ptr<ModelPlan>> plan =
      ModelPlan::Make(session->model(), session->options(), 0);
  if (!plan.ok()) return Annotate(plan.status(), flags.session.path);
  double total = 0, unlike = 0;
  std::size_t unknown = 0;
  json rows = json::array();
  for (const runtime::Node& node : (*plan)->nodes()) {
    if (node.folded) continue;
    if (node.deferred) {
      ++unknown;
      continue;
    }
    const StepEstimate step = table->Estimate(node);
    total += step.step.seconds;
    if (step.basis == "any") unlike += step.step.seconds;
    rows.push_back({{"op", node.op_index},
                    {"name", step.step.op},
                    {"type", step.step.type},
                    {"kernel", step.step.kernel},
                    {"macs", step.step.macs},
                    {"bytes", step.step.bytes},
                    {"seconds", step.step.seconds},
                    {"basis", step.basis}});
  }
  json report = {{"model", flags.session.path},
                 {"device", flags.device},
                 {"threads", table->threads()},
                 {"estimated_seconds", total},
                 {"unlike_seconds", unlike},
                 {"unknown_steps", unknown},
                 {"steps", rows}};
  if (flags.measure) {
    SOTTO_ASSIGN_OR_RETURN(const std::unique_ptr<ModelSession> run,
                           ModelSession::Open(session_flags));
    FillInputs(run->interpreter());
    const InterruptGuard guard;
    SOTTO_RETURN_IF_ERROR(run->interpreter().Invoke());
    SOTTO_ASSIGN_OR_RETURN(const std::vector<double> times,
                           TimeInvokes(run->interpreter(), flags.runs));
    if (times.empty()) return absl::CancelledError("interrupted");
    report["measured_min_seconds"] = times.front();
    report["measured_median_seconds"] = times[times.size() / 2];
    report["error"] = total / times.front() - 1;
  }
  if (flags.json) {
    PrintJson(report);
    return absl::OkStatus();
  }
  for (const json& row : rows) {
    std::printf(
        "%4d %-20s %-8s %-30s %12llu MACs %10.2f us  by %s\n",
        row["op"].get<int>(), row["name"].get<std::string>().c_str(),
        row["type"].get<std::string>().c_str(),
        row["kernel"].get<std::string>().c_str(),
        static_cast<unsigned long long>(row["macs"].get<std::uint64_t>()),
        row["seconds"].get<double>() * 1e6,
        row["basis"].get<std::string>().c_str());
  }
  std::printf(
      "estimated %.4f ms on %d thread(s), of it %.1f %% by unlike steps",
      total * 1e3, table->threads(), total > 0 ? 100 * unlike / total : 0);
  std::printf(unknown == 0 ? "\n" : "; %zu steps have shapes known when run\n",
              unknown);
  if (flags.measure) {
    std::printf("measured min %.4f ms, median %.4f ms: error %+.1f %% of min\n",
                report["measured_min_seconds"].get<double>() * 1e3,
                report["measured_median_seconds"].get<double>() * 1e3,
                100 * report["error"].get<double>());
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelEstimate(CLI::App& model) {
  auto measure = std::make_shared<MeasureFlags>();
  CLI::App& device = *model.add_subcommand(
      "measure-device", "time the kernels of this device, for estimate");
  device.add_option("--out", measure->out, "the table to write, JSON")
      ->required();
  device.add_option("--threads", measure->threads, "of each kernel")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  device
      .add_option("--seconds-each", measure->seconds_each,
                  "for each of some 250 networks")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  device.add_flag("--json", measure->json, "print JSON");
  device.footer(
      "The device should do nothing else meanwhile. Example:\n"
      "  sotto model measure-device --out laptop.json\n"
      "  sotto model estimate digits.tflite --device laptop.json --measure");
  SetAction(device, [measure] { return MeasureDevice(*measure); });

  auto flags = std::make_shared<EstimateFlags>();
  CLI::App& command = *model.add_subcommand(
      "estimate", "a model's time on a measured device, without running it");
  command.add_option("model", flags->session.path, "the .tflite file")
      ->required();
  command
      .add_option("--device", flags->device,
                  "a table of `sotto model measure-device`")
      ->required();
  command
      .add_option("--batch", flags->session.batch,
                  "first dimension of the inputs")
      ->check(CLI::PositiveNumber);
  command.add_flag("--measure", flags->measure,
                   "run it too, and print the error");
  command.add_option("--runs", flags->runs, "invocations of --measure")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}))
      ->capture_default_str();
  command.add_flag("--json", flags->json, "print JSON");
  command.footer(
      "The estimate is of an undisturbed invocation: the shortest of many. A "
      "step's basis\nis the same kernel at a like size, else the same operator "
      "and type, else any step.\nExample:\n"
      "  sotto model estimate digits.tflite --device laptop.json --measure");
  SetAction(command, [flags] { return Estimate(*flags); });
}

}  // namespace sotto::tools
