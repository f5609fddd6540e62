// sotto model bench: times of load, first and later invocations, memory, and
// what each step takes.

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "tools/sotto/command.h"
#include "tools/sotto/model_commands.h"
#include "tools/sotto/model_measurement.h"
#include "tools/sotto/model_profile.h"
#include "tools/sotto/model_session.h"

namespace sotto::tools {
namespace {

struct BenchFlags {
  SessionFlags session;
  std::string trace;
  std::size_t runs = 50, warmup = 3;
  bool json = false, profile = false;
};

// Resident bytes of this process; 0 where the system does not say.
std::size_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  unsigned long size = 0, resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &size, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE))
                   : 0;
}

nlohmann::json Report(const BenchFlags& flags, ModelSession& session,
                      double first, const std::vector<double>& times,
                      double macs) {
  const runtime::MemoryUse& memory = session.interpreter().memory();
  const double median = times[times.size() / 2];
  return {{"model", flags.session.path},
          {"backend", flags.session.backend},
          {"threads", flags.session.threads},
          {"runs", times.size()},
          {"interrupted", times.size() < flags.runs},
          {"load_seconds", session.load_seconds()},
          {"create_seconds", session.create_seconds()},
          {"first_invoke_seconds",
           session.load_seconds() + session.create_seconds() + first},
          {"min_seconds", times.front()},
          {"median_seconds", median},
          {"p95_seconds", times[(times.size() - 1) * 95 / 100]},
          {"macs", macs},
          {"gmacs_per_second", macs / median / 1e9},
          {"arena_bytes", memory.arena},
          {"packed_bytes", memory.packed},
          {"constant_bytes", memory.constants},
          {"model_bytes", session.model().file_bytes},
          {"resident_bytes", ResidentBytes()}};
}

void Print(const nlohmann::json& r) {
  const auto ms = [&](const char* key) { return r[key].get<double>() * 1e3; };
  const auto bytes = [&](const char* key) { return r[key].get<std::size_t>(); };
  std::printf(
      "load %.3f ms, create %.3f ms, first result %.3f ms after start\n",
      ms("load_seconds"), ms("create_seconds"), ms("first_invoke_seconds"));
  std::printf("invoke min %.4f ms, median %.4f ms, p95 %.4f ms of %zu%s\n",
              ms("min_seconds"), ms("median_seconds"), ms("p95_seconds"),
              bytes("runs"),
              r["interrupted"].get<bool>() ? " (interrupted)" : "");
  std::printf("%.2f million multiply-accumulates, %.2f GMAC/s\n",
              r["macs"].get<double>() / 1e6,
              r["gmacs_per_second"].get<double>());
  std::printf(
      "bytes: arena %zu, packed weights %zu, other constants %zu, model %zu, "
      "resident %zu\n",
      bytes("arena_bytes"), bytes("packed_bytes"), bytes("constant_bytes"),
      bytes("model_bytes"), bytes("resident_bytes"));
}

absl::Status Bench(const BenchFlags& flags) {
  const bool profiled = flags.profile || !flags.trace.empty();
  ProfileRecorder recorder;
  SOTTO_ASSIGN_OR_RETURN(
      const std::unique_ptr<ModelSession> session,
      ModelSession::Open(flags.session, profiled ? &recorder : nullptr));
  runtime::Interpreter& runner = session->interpreter();
  FillInputs(runner);
  const double start = SecondsNow();
  SOTTO_RETURN_IF_ERROR(Annotate(runner.Invoke(), flags.session.path));
  const double first = SecondsNow() - start;
  const InterruptGuard guard;
  for (std::size_t i = 0; i < flags.warmup && !Interrupted(); ++i) {
    SOTTO_RETURN_IF_ERROR(runner.Invoke());
  }
  if (profiled) recorder.Start(!flags.trace.empty());
  SOTTO_ASSIGN_OR_RETURN(const std::vector<double> times,
                         TimeInvokes(runner, flags.runs));
  if (times.empty()) return absl::CancelledError("interrupted before a result");
  // Steps count more than the graph when it calls subgraphs or delegates.
  double macs = static_cast<double>(TotalMacs(runner));
  nlohmann::json report = Report(flags, *session, first, times, macs);
  if (!flags.trace.empty()) {
    SOTTO_RETURN_IF_ERROR(
        WriteFileAtomically(flags.trace, recorder.Trace(runner).dump()));
  }
  const std::vector<NodeProfile> nodes = recorder.Nodes(runner);
  if (flags.json) {
    report["delegates"] = DecisionsJson(runner);
    if (flags.profile) report["profile"] = ProfileJson(nodes, times.size());
    PrintJson(report);
    return absl::OkStatus();
  }
  Print(report);
  if (flags.profile) PrintProfile(nodes, times.size(), runner);
  return absl::OkStatus();
}

}  // namespace

void AddModelBench(CLI::App& model) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App& command = *model.add_subcommand(
      "bench", "time a model: load, first and later invocations, each step");
  AddRunFlags(command, flags->session);
  command.add_option("--runs", flags->runs, "timed invocations")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}))
      ->capture_default_str();
  command.add_option("--warmup", flags->warmup, "invocations before those")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1000000}))
      ->capture_default_str();
  command.add_flag("--profile", flags->profile,
                   "what each step takes, and what the delegates decided");
  command.add_option("--trace", flags->trace,
                     "file for a trace that ui.perfetto.dev opens");
  command.add_flag("--json", flags->json, "print JSON");
  command.footer(
      "Inputs are filled with a fixed pattern. Ctrl-C ends with the result so "
      "far.\nExamples:\n"
      "  sotto model bench digits.tflite --threads 2 --runs 200 --profile\n"
      "  sotto model bench digits.tflite --backend xnnpack --trace trace.json");
  SetAction(command, [flags] { return Bench(*flags); });
}

}  // namespace sotto::tools
