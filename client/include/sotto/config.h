// What an app tells the SDK: where the coordinator is, which keys it trusts,
// where the SDK may keep its files, and what it allows.

#ifndef SOTTO_CONFIG_H_
#define SOTTO_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sotto {

// What the device insists on, whatever a server asks for.
struct LocalPolicy {
  bool allow_training = true;     // the person's consent
  bool require_idle = false;      // load below half of the cores
  bool require_charging = false;  // otherwise: charging, or enough battery
  double min_battery = 0.3;       // of full, when not charging
  bool allow_metered = false;
  std::uint64_t min_free_storage_bytes = std::uint64_t{64} << 20;
  std::uint32_t min_cohort = 2;      // members that must survive a round
  double corrupted_fraction = 0.05;  // assumed of the cohort, at least
  std::uint64_t max_model_bytes = std::uint64_t{1} << 30;
  // Rounds whose plan adds no noise: their sums, and the model made of them,
  // promise nothing about one device.
  bool allow_without_noise = false;
  // May take part in rounds whose noise the coordinator adds: it sees the exact
  // sum, and the promise to users is its word.
  bool trust_coordinator_noise = false;
  // What all noisy rounds of one population and model family may cost together:
  // epsilon at this delta, for all that this device contributes.
  double max_epsilon = 8;
  double delta = 1e-6;
  // A device whose storage knows of no such round counts as having been in so
  // many before: it may have been installed anew.
  std::uint32_t trust_horizon_rounds = 3;
};

// Keys are 64 hex digits (Ed25519). The two root files are the first root
// metadata of each repository, shipped with the app.
struct ClientConfig {
  std::string storage;  // folder of this device; made by `sotto-device init`
  std::string grpc;     // coordinator, host:port
  std::string ca;       // PEM file of the authority that signs its certificate
  std::string issuer_public;
  std::string coordinator_public;
  std::string broker_public;
  std::string models_root;
  std::string director_root;
  std::string population;
  std::string model;  // family, such as "digits/cnn"
  std::string app;    // whose rollout rules apply; default: the population
  std::string data;   // IDX folder; only sotto-device reads it
  std::map<std::string, std::string> attributes;  // for targeting
  // For exactness tests: the encoded update of each round is also written here,
  // before masking. It leaves the device's protection; never set it in an app.
  std::string export_updates;
  std::chrono::milliseconds update_interval{1000};  // between metadata checks
  int threads = 1;  // for training and inference
  LocalPolicy policy;
};

// JSON object with the names above ("update_interval_ms" in milliseconds,
// "policy" an object). Total over any text. INVALID_ARGUMENT: not JSON, an
// unknown or missing key, a value of another type or out of range; the message
// names the key and what it wants.
absl::StatusOr<ClientConfig> ParseClientConfig(std::string_view json);

// NOT_FOUND and PERMISSION_DENIED of the file too; messages start with `path`.
absl::StatusOr<ClientConfig> LoadClientConfig(const std::string& path);

}  // namespace sotto

#endif  // SOTTO_CONFIG_H_
