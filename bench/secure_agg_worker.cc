// One secure-aggregation session, measured: one JSON line.
//
//   sotto-bench-secure-agg KEY=VALUE...
//
// Keys: clients, dropped, length, input_bits, gamma, delta, sigma, eta,
// complete, threads, workers. With `masks=K length=D` alone: the time that K
// masks on a vector of D 32-bit lanes take, with AES-256-CTR and with ChaCha20,
// and the library's ChaCha20 stream of as many bytes into a buffer that stays
// in the first-level cache.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "bench/secure_agg_cohort.h"
#include "crypto/prg.h"
#include "crypto/rng.h"
#include "secure_agg/masking/mask.h"

namespace sotto::bench {
namespace {

std::string ToJson(const PhaseSeconds& s) {
  return absl::StrFormat(
      "{\"advertise\": %.6g, \"shares\": %.6g, \"inputs\": %.6g, "
      "\"consistency\": %.6g, \"unmask\": %.6g}",
      s.advertise, s.shares, s.inputs, s.consistency, s.unmask);
}

int MeasureSession(const CohortParams& params) {
  CohortReport r = RunCohort(params);
  std::ranges::sort(r.clients, {}, &PhaseSeconds::Total);
  const PhaseSeconds& median = r.clients[r.clients.size() / 2];
  absl::PrintF(
      "{\"clients\": %d, \"dropped\": %d, \"length\": %d, \"input_bits\": %d, "
      "\"bits\": %d, \"neighbours\": %d, \"threshold\": %d, "
      "\"wall_seconds\": %.6g, \"processor_seconds\": %.6g, "
      "\"server_seconds\": %.6g, "
      "\"server_phases\": %s, \"server_close_seconds\": %.6g, "
      "\"server_wire_seconds\": %.6g, \"all_clients_seconds\": %.6g, "
      "\"client_least_seconds\": %.6g, \"client_median_seconds\": %.6g, "
      "\"client_phases\": %s, \"up_bytes\": %d, \"down_bytes\": %d, "
      "\"proof_bytes\": %d, "
      "\"share_bytes\": %d, \"input_bytes\": %d, \"revealed_bytes\": %d, "
      "\"masking_bytes\": %d, \"peak_bytes\": %d}\n",
      params.clients, params.dropped, params.length, params.input_bits, r.bits,
      r.neighbours, r.threshold, r.wall_seconds, r.processor_seconds,
      r.server.Total(), ToJson(r.server), r.server_close_seconds,
      r.server_wire_seconds, r.all_clients_seconds, r.clients.front().Total(),
      median.Total(), ToJson(median), r.client_up_bytes, r.client_down_bytes,
      r.client_proof_bytes, r.share_bytes, r.input_bytes, r.revealed_bytes,
      r.masking_bytes, r.peak_bytes);
  return 0;
}

// The least of a few runs.
template <typename Body>
double LeastSeconds(const Body& body) {
  double least = HUGE_VAL;
  for (int i = 0; i < 7; ++i) {
    const double start = ThreadSeconds();
    body();
    least = std::min(least, ThreadSeconds() - start);
  }
  return least;
}

int MeasureMasks(std::size_t count, std::size_t length) {
  using Kind = crypto::Prg::Kind;
  std::vector<secure_agg::Mask> masks(count);
  for (std::size_t i = 0; i < count; ++i) {
    crypto::SystemRng().Fill(masks[i].seed.RevealMutable());
    masks[i].sign =
        i % 2 == 0 ? secure_agg::Sign::kPlus : secure_agg::Sign::kMinus;
  }
  std::vector<std::uint32_t> values(length);
  const auto seconds_of = [&](Kind kind) {
    return LeastSeconds(
        [&] { secure_agg::AddMasks(kind, masks, "update", 32, values); });
  };
  const double aes = seconds_of(Kind::kAes256Ctr);
  const double chacha = seconds_of(Kind::kChaCha20);
  const double library = LeastSeconds([&] {
    std::array<std::uint8_t, 16384> buffer;
    for (const secure_agg::Mask& mask : masks) {
      const crypto::Prg prg(Kind::kChaCha20, mask.seed);
      for (std::size_t at = 0; at < 4 * length; at += buffer.size()) {
        const std::size_t left = std::min(buffer.size(), 4 * length - at);
        prg.Fill(std::span(buffer).first(left), at / crypto::Prg::kBlockBytes);
      }
    }
  });
  absl::PrintF(
      "{\"masks\": %d, \"length\": %d, \"seconds\": %.6g, "
      "\"chacha20_seconds\": %.6g, \"chacha20_library_seconds\": %.6g}\n",
      count, length, aes, chacha, library);
  return 0;
}

int Main(int argc, char** argv) {
  std::map<std::string, double> values = {
      {"clients", 0},  {"dropped", 0}, {"length", 0},  {"input_bits", 16},
      {"gamma", 0},    {"delta", 0},   {"sigma", 80},  {"eta", 30},
      {"complete", 0}, {"threads", 1}, {"workers", 1}, {"masks", 0}};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t at = word.find('=');
    const auto found = values.find(word.substr(0, at));
    char* end = nullptr;
    if (at == std::string::npos || found == values.end()) {
      absl::FPrintF(stderr, "%s: no such setting\n", word);
      return 2;
    }
    found->second = std::strtod(word.c_str() + at + 1, &end);
    if (*end != '\0' || !(found->second >= 0 && found->second < 1e9)) {
      absl::FPrintF(stderr, "%s: not a number in [0, 1e9)\n", word);
      return 2;
    }
  }
  const auto count = [&](const char* key) {
    return static_cast<std::uint32_t>(values.at(key));
  };
  if (count("masks") > 0) return MeasureMasks(count("masks"), count("length"));
  const CohortParams params = {.clients = count("clients"),
                               .dropped = count("dropped"),
                               .length = count("length"),
                               .input_bits = count("input_bits"),
                               .corrupted_fraction = values.at("gamma"),
                               .dropout_fraction = values.at("delta"),
                               .security_bits = count("sigma"),
                               .correctness_bits = count("eta"),
                               .complete_graph = count("complete") != 0,
                               .threads = std::max(1u, count("threads")),
                               .workers = std::max(1u, count("workers"))};
  if (params.clients < 3 || params.dropped + 3 > params.clients ||
      params.length == 0 || params.input_bits < 1 || params.input_bits > 32) {
    absl::FPrintF(stderr,
                  "needs three clients that stay, a length, and input_bits in "
                  "[1, 32]\n");
    return 2;
  }
  return MeasureSession(params);
}

}  // namespace
}  // namespace sotto::bench

int main(int argc, char** argv) { return sotto::bench::Main(argc, argv); }
