// Our side of bench/run runtime; the peer's is litert_worker.py.
//
//   sotto-bench-runtime models FOLDER
//       writes the six MobileNets
//   sotto-bench-runtime serve MODEL THREADS
//       loads, invokes once, prints a line of JSON; then for each line "N" on
//       its input invokes N times and prints the nanoseconds of each
//   sotto-bench-runtime cold MODEL THREADS [CACHE]
//       prints what the first inference of a fresh process costs; CACHE is a
//       file of packed weights, written if it is absent

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "runtime/host/interpreter.h"
#include "runtime/host/pack_cache.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tests/conformance/mobilenet.h"

namespace sotto::bench {
namespace {

using conformance::Format;
using runtime::ElementType;
using runtime::Interpreter;

std::int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What timing nothing costs; taken off every measurement.
std::int64_t ClockCost() {
  std::vector<std::int64_t> costs(1001);
  for (std::int64_t& cost : costs) {
    const std::int64_t start = Now();
    cost = Now() - start;
  }
  std::nth_element(costs.begin(), costs.begin() + 500, costs.end());
  return costs[500];
}

// The same pattern as litert_worker.py: whole numbers 37 j mod 251, f32 their
// 251st parts.
void FillInputs(Interpreter& interpreter) {
  for (std::size_t i = 0; i < interpreter.num_inputs(); ++i) {
    const runtime::Tensor& tensor = interpreter.input_tensor(i);
    const std::span<std::uint8_t> bytes = interpreter.input_bytes(i);
    const std::size_t count = tensor.shape.Elements();
    for (std::size_t j = 0; j < count; ++j) {
      const auto number = static_cast<std::int32_t>(j * 37 % 251);
      const std::size_t width = runtime::ElementBytes(tensor.type);
      if (tensor.type == ElementType::kFloat32) {
        const float value = static_cast<float>(number) / 251.0f;
        std::memcpy(bytes.data() + j * width, &value, width);
      } else {
        const std::int64_t wide = number;
        std::memcpy(bytes.data() + j * width, &wide, width);
      }
    }
  }
}

// A line of /proc/self/status, in bytes.
std::int64_t StatusBytes(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    if (word == key + ":") {
      std::int64_t kilobytes = 0;
      file >> kilobytes;
      return kilobytes * 1024;
    }
  }
  return 0;
}

absl::Status WriteModels(const std::string& folder) {
  struct Named {
    Format format;
    const char* name;
  };
  for (const Named n :
       {Named{Format::kFloat32, "f32"}, Named{Format::kInt8, "int8"},
        Named{Format::kUint8, "uint8"}}) {
    for (const int version : {1, 2}) {
      const Bytes bytes = runtime::WriteModel(
          version == 1 ? conformance::MobileNetV1(n.format)
                       : conformance::MobileNetV2(n.format));
      const std::string path = folder + "/mobilenet_v" +
                               std::to_string(version) + "_100_224_" + n.name +
                               ".tflite";
      std::ofstream file(path, std::ios::binary);
      file.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
      if (!file.flush()) return absl::UnavailableError("cannot write " + path);
    }
  }
  return absl::OkStatus();
}

struct Loaded {
  std::unique_ptr<runtime::Model> model;
  std::unique_ptr<Interpreter> interpreter;
};

absl::StatusOr<Loaded> Load(const std::string& path, int threads,
                            runtime::PackCache* cache) {
  Loaded made;
  SOTTO_ASSIGN_OR_RETURN(
      runtime::Model model,
      runtime::LoadModel(path, {.fold_weights_to_f32 = false}));
  made.model = std::make_unique<runtime::Model>(std::move(model));
  SOTTO_ASSIGN_OR_RETURN(
      Interpreter interpreter,
      Interpreter::Create(*made.model,
                          {.threads = threads, .pack_cache = cache}));
  made.interpreter = std::make_unique<Interpreter>(std::move(interpreter));
  return made;
}

absl::Status Serve(const std::string& path, int threads) {
  SOTTO_ASSIGN_OR_RETURN(const Loaded loaded, Load(path, threads, nullptr));
  Interpreter& interpreter = *loaded.interpreter;
  FillInputs(interpreter);
  SOTTO_RETURN_IF_ERROR(interpreter.Invoke());
  const std::int64_t clock = ClockCost();
  std::printf("%s\n", nlohmann::json{{"clock_ns", clock}}.dump().c_str());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::int64_t> times(
        static_cast<std::size_t>(std::max(1, std::atoi(line.c_str()))));
    for (std::int64_t& time : times) {
      const std::int64_t start = Now();
      const absl::Status status = interpreter.Invoke();
      time = std::max<std::int64_t>(Now() - start - clock, 1);
      if (!status.ok()) return status;
    }
    std::printf("%s\n", nlohmann::json(times).dump().c_str());
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

absl::Status Cold(const std::string& path, int threads,
                  const std::string& cache_path) {
  const std::int64_t resident = StatusBytes("VmRSS");
  const std::int64_t start = Now();
  std::unique_ptr<runtime::PackCache> cache;
  if (!cache_path.empty()) {
    SOTTO_ASSIGN_OR_RETURN(runtime::PackCache opened,
                           runtime::PackCache::Open(cache_path));
    cache = std::make_unique<runtime::PackCache>(std::move(opened));
  }
  SOTTO_ASSIGN_OR_RETURN(const Loaded loaded, Load(path, threads, cache.get()));
  const std::int64_t ready = Now();
  FillInputs(*loaded.interpreter);
  const std::int64_t filled = Now();
  SOTTO_RETURN_IF_ERROR(loaded.interpreter->Invoke());
  const std::int64_t end = Now();
  const nlohmann::json report = {
      {"load_ns", ready - start},
      {"first_ns", end - filled + ready - start},
      {"resident_bytes", StatusBytes("VmRSS") - resident},
      {"peak_bytes", StatusBytes("VmHWM") - resident},
      {"arena_bytes", loaded.interpreter->memory().arena},
      {"packed_bytes", loaded.interpreter->memory().packed}};
  std::printf("%s\n", report.dump().c_str());
  return cache == nullptr ? absl::OkStatus() : cache->Save();
}

int Run(const std::vector<std::string>& words) {
  absl::Status status = absl::InvalidArgumentError(
      "usage: sotto-bench-runtime models FOLDER | serve MODEL THREADS | "
      "cold MODEL THREADS [CACHE]");
  if (words.size() == 2 && words[0] == "models") status = WriteModels(words[1]);
  if (words.size() >= 3) {
    int threads = 0;
    const char* end = words[2].data() + words[2].size();
    if (std::from_chars(words[2].data(), end, threads).ptr != end) threads = 0;
    if (words[0] == "serve") status = Serve(words[1], threads);
    if (words[0] == "cold") {
      status = Cold(words[1], threads, words.size() > 3 ? words[3] : "");
    }
  }
  if (status.ok()) return 0;
  std::fprintf(stderr, "sotto-bench-runtime: %s\n",
               std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace sotto::bench

int main(int argc, char** argv) {
  return sotto::bench::Run({argv + 1, argv + argc});
}
