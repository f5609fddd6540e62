// sotto model bench: times of load, first and later invocations.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "runtime/host/interpreter.h"
#include "runtime/loader/model_file.h"
#include "tools/sotto/command.h"
#include "tools/sotto/model_commands.h"

namespace sotto::tools {
namespace {

struct Flags {
  std::string path;
  std::int32_t batch = 0;
  std::size_t runs = 50;
  bool json = false;
};

template <typename Body>
double Seconds(const Body& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

absl::Status Bench(const Flags& flags) {
  absl::StatusOr<runtime::Model> model;
  const double load = Seconds([&] { model = runtime::LoadModel(flags.path); });
  SOTTO_RETURN_IF_ERROR(model.status());
  SOTTO_ASSIGN_OR_RETURN(
      runtime::Interpreter runner,
      runtime::Interpreter::Create(*model, {.batch = flags.batch}));
  for (std::size_t i = 0; i < model->inputs.size(); ++i) {
    const std::span<float> input = runner.input(i);
    for (std::size_t j = 0; j < input.size(); ++j) {
      input[j] = static_cast<float>(j % 17) / 17.0f;
    }
  }
  absl::Status status;
  const double first = Seconds([&] { status = runner.Invoke(); });
  SOTTO_RETURN_IF_ERROR(status);
  std::vector<double> times(flags.runs);
  for (double& time : times) {
    time = Seconds([&] { status = runner.Invoke(); });
    SOTTO_RETURN_IF_ERROR(status);
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  const double p95 = times[(times.size() - 1) * 95 / 100];
  const double macs = static_cast<double>(runtime::CountMacs(runner));
  if (flags.json) {
    const nlohmann::json report = {{"load_seconds", load},
                                   {"first_invoke_seconds", first},
                                   {"min_seconds", times.front()},
                                   {"median_seconds", median},
                                   {"p95_seconds", p95},
                                   {"macs", macs},
                                   {"gmacs_per_second", macs / median / 1e9},
                                   {"arena_bytes", runner.arena_bytes()}};
    std::printf("%s\n", report.dump().c_str());
    return absl::OkStatus();
  }
  std::printf("load %.3f ms, first invoke %.3f ms, arena %zu bytes\n",
              load * 1e3, first * 1e3, runner.arena_bytes());
  std::printf("invoke min %.4f ms, median %.4f ms, p95 %.4f ms of %zu\n",
              times.front() * 1e3, median * 1e3, p95 * 1e3, times.size());
  std::printf("%.2f million multiply-accumulates, %.2f GMAC/s\n", macs / 1e6,
              macs / median / 1e9);
  return absl::OkStatus();
}

}  // namespace

void AddModelBench(CLI::App& model) {
  auto flags = std::make_shared<Flags>();
  CLI::App& command = *model.add_subcommand("bench", "time a model");
  command.add_option("model", flags->path, "the .tflite file")->required();
  command.add_option("--batch", flags->batch, "first dimension of the inputs")
      ->check(CLI::PositiveNumber);
  command.add_option("--runs", flags->runs, "timed invocations")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}))
      ->capture_default_str();
  command.add_flag("--json", flags->json, "print JSON");
  SetAction(command, [flags] { return Bench(*flags); });
}

}  // namespace sotto::tools
