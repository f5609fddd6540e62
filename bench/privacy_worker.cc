// Times the noise pipeline of privacy/: one JSON line per result. Seconds are
// processor time of one thread, the least of a few repetitions.
//
//   sotto-bench-privacy [--repeat N]

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "privacy/distributed/noisy_decoder.h"
#include "privacy/distributed/noisy_encoder.h"
#include "privacy/distributed/rotation.h"
#include "privacy/noise/canonne_gaussian.h"
#include "privacy/noise/noise_sampler.h"
#include "privacy/noise/tree_release.h"

namespace sotto::privacy {
namespace {

constexpr std::size_t kValues = 1 << 20;
int repeat = 5;

double ProcessorSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

// `prepare` is not timed.
void Measure(
    const std::string& name, const std::function<void()>& run,
    const std::function<void()>& prepare = [] {},
    std::size_t values = kValues) {
  double least = HUGE_VAL;
  for (int i = 0; i < repeat; ++i) {
    prepare();
    const double start = ProcessorSeconds();
    run();
    least = std::min(least, ProcessorSeconds() - start);
  }
  absl::PrintF(
      "{\"name\": \"%s\", \"seconds\": %.6g, \"values\": %d, "
      "\"ns_per_value\": %.4g}\n",
      name, least, values, least / static_cast<double>(values) * 1e9);
  std::fflush(stdout);
}

Variance VarianceOf(double std) { return Variance::AtLeast(std * std).value(); }

void MeasureSamplers() {
  RandomWords words(crypto::SystemRng());
  std::vector<std::int64_t> out(kValues);
  for (const auto& [kind, name] :
       {std::pair(IntegerNoise::kDiscreteGaussian, "discrete_gaussian"),
        std::pair(IntegerNoise::kSkellam, "skellam")}) {
    for (const double std : {1.0, 100.0, 3000.0}) {
      const Variance variance = VarianceOf(std);
      const std::string suffix = absl::StrFormat("%s/std%.0f", name, std);
      Measure(
          "table/" + suffix,
          [&, kind = kind] { (void)NoiseSampler::Create(kind, variance); },
          [] {}, 1);
      const NoiseSampler sampler = NoiseSampler::Create(kind, variance).value();
      Measure("draw/" + suffix, [&] { sampler.Draw(words, out); });
    }
  }
  const Variance variance = VarianceOf(100);
  Measure("draw/canonne_gaussian/std100", [&] {
    for (std::int64_t& x : out) x = CanonneGaussian(variance, words);
  });
}

void MeasurePipeline() {
  const crypto::Secret<32> seed = RotationSeed({}, "update");
  std::vector<std::uint32_t> words(kValues);
  const auto write_update = [&] {
    const auto floats = AsFloats(words);
    for (std::size_t i = 0; i < floats.size(); ++i) {
      floats[i] = static_cast<float>(i % 1013) - 506;
    }
  };
  Measure(
      "rotate/d1m", [&] { Rotate(seed, AsFloats(words)); }, write_update);
  NoisyEncodingParams params = {.dimension = kValues,
                                .clip = 1,
                                .scale = 4096,
                                .bits = 24,
                                .num_devices = 100,
                                .min_devices = 100};
  for (const auto& [name, noise, std] :
       {std::tuple("without_noise", std::optional<IntegerNoise>(), 0.0),
        std::tuple("discrete_gaussian",
                   std::optional(IntegerNoise::kDiscreteGaussian), 8.0),
        std::tuple("skellam", std::optional(IntegerNoise::kSkellam), 8.0)}) {
    params.noise = noise;
    params.central_std = std;
    const NoisyEncoder encoder =
        NoisyEncoder::Create(NoisyEncoding::Create(params).value()).value();
    Measure(
        absl::StrFormat("encode/d1m/%s", name),
        [&] {
          if (!encoder.Encode(seed, crypto::SystemRng(), words).ok()) {
            std::abort();
          }
        },
        write_update);
    if (!noise) {
      Measure("decode/d1m", [&, &encoding = encoder.encoding()] {
        if (!DecodeNoisySum(encoding, seed, 100, words).ok()) std::abort();
      });
    }
  }
}

void MeasureTree() {
  auto tree =
      TreeRelease::Create(kValues, VarianceOf(3000), crypto::Secret<32>())
          .value();
  const std::vector<std::int32_t> sum(kValues);
  std::vector<double> out(kValues);
  Measure("tree_release/d1m/eight_rounds", [&] {
    for (int t = 0; t < 8; ++t) {
      if (!tree.Next(sum, out).ok()) std::abort();
    }
  });
}

}  // namespace
}  // namespace sotto::privacy

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--repeat") {
    sotto::privacy::repeat = std::max(1, std::atoi(argv[2]));
  } else if (argc != 1) {
    absl::FPrintF(stderr, "usage: %s [--repeat N]\n", argv[0]);
    return 2;
  }
  sotto::privacy::MeasureSamplers();
  sotto::privacy::MeasurePipeline();
  sotto::privacy::MeasureTree();
  return 0;
}
